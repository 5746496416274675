"""An SQS for tests: the queues of the real one, with switches for everything that may go wrong in them.

It speaks the AWS JSON 1.0 protocol that boto3 speaks, in a thread of its own:

    with FakeSQS() as sqs:
        aws = sqs.beside(aws)

What SQS promises is in its developer guide: at least one delivery, in any order, sometimes after deletion; only the
receipt of the latest delivery of a message counts. A queue's attributes are kept and the counts are exact.
"""

import asyncio
import json
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

if TYPE_CHECKING:
    from services.foundation.aws.clients import Aws

ACCOUNT: Final = "000000000000"
Answer = dict[str, Any]
_T = TypeVar("_T")


class Refused(Exception):
    """An error as SQS answers it: its shape in the JSON protocol, and the code that boto3 shows."""

    def __init__(self, shape: str, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.shape = shape
        self.code = code
        self.message = message
        self.status = status


@dataclass
class Switches:
    """What goes wrong from now on. The counters (by action, such as "SendMessage") count down as it happens."""

    throttled: Counter[str] = field(default_factory=Counter[str])
    """How many of the next requests are refused before they do anything."""
    lost: Counter[str] = field(default_factory=Counter[str])
    """How many of the next answers are lost after the work was done: the connection closes instead."""
    undeleted: int = 0
    """How many of the next messages that are deleted come once more."""
    refuses_stale: bool = False
    """Whether a receipt of an earlier delivery, or of a message that is gone, is refused. SQS mostly takes it and does
    nothing, but need not."""
    shuffled: random.Random | None = None
    """Hands messages out in random order; None in the order in which they became visible."""
    copies: Callable[[str], int] = lambda _: 1
    """How often a message with this body is delivered altogether: each copy has a life of its own, as on several of
    SQS's servers, and deleting one leaves the others."""
    lateness: Callable[[], float] = lambda: 0.0
    """Seconds by which each further copy is late."""


@dataclass(eq=False)
class Copy:
    """A message as one of the servers keeps it."""

    message_id: str
    body: str
    group: str
    visible_at: float
    receipts: list[str] = field(default_factory=list[str])
    """One for each delivery; the last one counts."""


@dataclass(eq=False)
class FakeQueue:
    """A queue. Read it in tests; it changes in the server's thread."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    copies: list[Copy] = field(default_factory=list[Copy])
    """Those not deleted."""
    deleted: list[str] = field(default_factory=list[str])
    """Receipts that deleted a copy."""

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"

    @property
    def most_receives(self) -> int | None:
        policy = json.loads(self.attributes.get("RedrivePolicy", "{}"))
        return int(policy["maxReceiveCount"]) if policy else None

    @property
    def dead_letters(self) -> str | None:
        """The ARN of the queue for what was received too often."""
        policy = json.loads(self.attributes.get("RedrivePolicy", "{}"))
        return policy.get("deadLetterTargetArn")

    def holder(self, receipt: str) -> Copy | None:
        """Return the copy that this receipt was given for, whether it still counts or not."""
        return next((copy for copy in self.copies if receipt in copy.receipts), None)

    def counts(self, now: float) -> dict[str, int]:
        hidden = [copy for copy in self.copies if copy.visible_at > now]
        in_flight = sum(bool(copy.receipts) for copy in hidden)
        return {
            "ApproximateNumberOfMessages": len(self.copies) - len(hidden),
            "ApproximateNumberOfMessagesNotVisible": in_flight,
            "ApproximateNumberOfMessagesDelayed": len(hidden) - in_flight,
        }


class FakeSQS:
    """The server. `queues` are by name; `switches` may be set at any time."""

    def __init__(self) -> None:
        self.queues: dict[str, FakeQueue] = {}
        self.switches = Switches()
        self.requests: Counter[str] = Counter()
        """How often each action was asked for."""
        self._port = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._changed = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fake sqs", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def beside(self, others: "Aws") -> "Aws":
        """Return clients of which those of queues lead here, with the settings of the product's."""
        from services.foundation.aws.clients import Clients, connect  # noqa: PLC0415 - loads boto3

        aws = connect(region="us-east-1", endpoint=self.url)
        aws.dynamodb.close()
        clients = Clients({**others.clients.makers, "sqs": lambda: aws.sqs})
        return replace(others, clients=clients, queues=aws.queues)

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something is true of the queues or of `requests`."""
        await self._there(self._until(is_true))

    async def redeliver(self, queue: str, body: str) -> None:
        """End the invisibility of a message that somebody holds: the next delivery makes their receipt stale."""
        await self._there(self._show(self.queues[queue], body))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _there(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run something in the server's thread."""
        assert self._loop is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _until(self, is_true: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(is_true)

    async def _show(self, queue: FakeQueue, body: str) -> None:
        for copy in queue.copies:
            if copy.body == body:
                copy.visible_at = _now()
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return False where the answer is to be lost."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        _, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        request = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
        action = headers["x-amz-target"].rpartition(".")[2]
        try:
            status, answer, code = 200, await self._do(action, request), None
        except Refused as refused:
            answer = {"__type": f"com.amazonaws.sqs#{refused.shape}", "message": refused.message}
            status, code = refused.status, f"{refused.code};Sender"
        self.requests[action] += 1
        await self._tell()
        if _counts_down(self.switches.lost, action):
            return False
        writer.write(_response(status, answer, code))
        await writer.drain()
        return True

    async def _do(self, action: str, request: Mapping[str, Any]) -> Answer:
        if _counts_down(self.switches.throttled, action):
            raise Refused("RequestThrottled", "RequestThrottled", "Rate exceeded.", status=403)
        match action:
            case "CreateQueue":
                return self._create(request["QueueName"], request.get("Attributes", {}))
            case "GetQueueUrl":
                return {"QueueUrl": self._url(self._named(request["QueueName"]))}
            case "ReceiveMessage":
                return await self._receive(request)
            case _:
                return self._do_at(self._named(request["QueueUrl"].rpartition("/")[2]), action, request)

    def _do_at(self, queue: FakeQueue, action: str, request: Mapping[str, Any]) -> Answer:
        match action:
            case "SendMessage":
                return self._send(queue, request)
            case "DeleteMessage":
                return self._delete(queue, request)
            case "ChangeMessageVisibility":
                return self._change(queue, request)
            case "GetQueueAttributes":
                return self._attributes(queue, request)
            case "SetQueueAttributes":
                queue.attributes |= request["Attributes"]
                return {}
            case _:
                raise Refused("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", f"No {action}.")

    def _create(self, name: str, attributes: Mapping[str, str]) -> Answer:
        queue = self.queues.setdefault(name, FakeQueue(name, dict(attributes)))
        return {"QueueUrl": self._url(queue)}

    def _url(self, queue: FakeQueue) -> str:
        return f"{self.url}/{ACCOUNT}/{queue.name}"

    def _named(self, name: str) -> FakeQueue:
        if name not in self.queues:
            message = "The specified queue does not exist."
            raise Refused("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", message)
        return self.queues[name]

    async def _receive(self, request: Mapping[str, Any]) -> Answer:
        """Hand messages out, waiting for the first as long as the request says."""
        queue = self._named(request["QueueUrl"].rpartition("/")[2])
        until = _now() + int(request.get("WaitTimeSeconds", 0))
        while not (ready := self._visible(queue)) and _now() < until:
            await self._wait(queue, until)
        most, lease = int(request.get("MaxNumberOfMessages", 1)), int(request.get("VisibilityTimeout", 30))
        messages = [_delivery(copy, lease) for copy in ready[:most]]
        return {"Messages": messages} if messages else {}

    async def _wait(self, queue: FakeQueue, until: float) -> None:
        """Wait for a change, for the next message to become visible, or for the end of a long poll."""
        now = _now()
        due = min([until, *(copy.visible_at for copy in queue.copies if copy.visible_at > now)])
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due), self._changed:
                await self._changed.wait()

    def _visible(self, queue: FakeQueue) -> list[Copy]:
        """Return what may be handed out, first what is due first; what was received too often goes elsewhere."""
        now, most = _now(), queue.most_receives
        ready = sorted((copy for copy in queue.copies if copy.visible_at <= now), key=lambda copy: copy.visible_at)
        for copy in [copy for copy in ready if most is not None and len(copy.receipts) >= most]:
            ready.remove(copy)
            queue.copies.remove(copy)
            target = next(other for other in self.queues.values() if other.arn == queue.dead_letters)
            target.copies.append(Copy(copy.message_id, copy.body, copy.group, now))
        if self.switches.shuffled:
            self.switches.shuffled.shuffle(ready)
        return ready

    def _send(self, queue: FakeQueue, request: Mapping[str, Any]) -> Answer:
        message_id, body, group = str(uuid.uuid4()), request["MessageBody"], request.get("MessageGroupId", "")
        visible_at = _now() + int(request.get("DelaySeconds", 0))
        queue.copies.append(Copy(message_id, body, group, visible_at))
        for _ in range(self.switches.copies(body) - 1):
            queue.copies.append(Copy(message_id, body, group, visible_at + self.switches.lateness()))
        return {"MessageId": message_id, "MD5OfMessageBody": _md5(body)}

    def _delete(self, queue: FakeQueue, request: Mapping[str, Any]) -> Answer:
        copy = self._current(queue, request["ReceiptHandle"])
        if copy is None:
            return {}
        queue.deleted.append(request["ReceiptHandle"])
        if self.switches.undeleted > 0:
            self.switches.undeleted -= 1
            copy.visible_at = _now()
        else:
            queue.copies.remove(copy)
        return {}

    def _change(self, queue: FakeQueue, request: Mapping[str, Any]) -> Answer:
        copy = self._current(queue, request["ReceiptHandle"])
        if copy is not None:
            copy.visible_at = _now() + int(request["VisibilityTimeout"])
        return {}

    def _current(self, queue: FakeQueue, receipt: str) -> Copy | None:
        """Return the copy of a receipt that counts; for any other None, or a refusal if the switch says so."""
        copy = queue.holder(receipt)
        if copy is not None and copy.receipts[-1] == receipt:
            return copy
        if self.switches.refuses_stale:
            message = f"Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            raise Refused("ReceiptHandleIsInvalid", "InvalidParameterValue", message)
        return None

    def _attributes(self, queue: FakeQueue, request: Mapping[str, Any]) -> Answer:
        known = {"QueueArn": queue.arn, **queue.attributes}
        known |= {name: str(count) for name, count in queue.counts(_now()).items()}
        asked = request.get("AttributeNames", [])
        return {"Attributes": {name: value for name, value in known.items() if "All" in asked or name in asked}}


def _now() -> float:
    return asyncio.get_running_loop().time()


def _counts_down(counter: Counter[str], action: str) -> bool:
    if counter[action] <= 0:
        return False
    counter[action] -= 1
    return True


def _delivery(copy: Copy, lease: int) -> Answer:
    copy.visible_at = _now() + lease
    copy.receipts.append(uuid.uuid4().hex)
    return {
        "MessageId": copy.message_id,
        "ReceiptHandle": copy.receipts[-1],
        "Body": copy.body,
        "MD5OfBody": _md5(copy.body),
        "Attributes": {"ApproximateReceiveCount": str(len(copy.receipts)), "MessageGroupId": copy.group},
    }


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _response(status: int, answer: Answer, code: str | None) -> bytes:
    body = json.dumps(answer).encode()
    error = f"x-amzn-query-error: {code}\r\n" if code else ""
    head = (
        f"HTTP/1.1 {status} Said\r\ncontent-type: application/x-amz-json-1.0\r\n{error}"
        f"x-amzn-requestid: {uuid.uuid4()}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
