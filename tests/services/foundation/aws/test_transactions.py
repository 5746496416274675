"""What transactions promise that meet others, or whose answers are lost."""

import json
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from services.core.clock import utc_now
from services.core.errors import Unavailable
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.items import Entity
from services.foundation.aws.provision import Resources, provision
from services.foundation.aws.spec import Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import TRIES, Part, pause_before, write_together
from tests.fakes.proxy import Cut, between


class Thing(Entity, frozen=True, kw_only=True, rename="camel"):
    count: int = 0


THINGS = TableSpec("things", Thing, fate=(Stays("It is a test's."),))


def parts(aws: Aws) -> list[Part]:
    return [Part(aws, "Put", lambda name=name: {"TableName": "t", "Item": {"id": {"S": name}}}) for name in ("1", "2")]


@contextmanager
def dynamodb(*answers: list[str] | str | None) -> Generator[tuple[Aws, list[dict[str, Any]]]]:
    """Answer transactions as DynamoDB does: with the reasons of a cancel, an error's name, or None for success."""
    script, requests = list(answers), list[dict[str, Any]]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            answer = script.pop(0) if len(script) > 1 else script[0]
            body: dict[str, Any] = {}
            if isinstance(answer, list):
                name = "TransactionCanceledException"
                body = {"__type": f"com.amazonaws#{name}", "CancellationReasons": [{"Code": code} for code in answer]}
            elif answer is not None:
                body = {"__type": f"com.amazonaws#{answer}"}
            text = json.dumps(body).encode()
            self.send_response(400 if body else 200)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        aws = connect(region="us-east-1", endpoint=f"http://127.0.0.1:{server.server_address[1]}")
        try:
            yield aws, requests
        finally:
            aws.close()
            server.shutdown()
            thread.join()


def at_once(try_number: int) -> float:
    del try_number
    return 0


async def test_a_transaction_that_meets_others_is_tried_until_it_passes() -> None:
    conflict = ["None", "TransactionConflict"]
    with dynamodb(conflict, conflict, "TransactionInProgressException", None) as (aws, requests):
        failed = await write_together(parts(aws), pause=at_once)

    assert failed == frozenset()
    assert len(requests) == 4


async def test_a_condition_that_fails_is_told_at_once_also_where_others_were_in_the_way() -> None:
    with dynamodb(["TransactionConflict", "ConditionalCheckFailed"]) as (aws, requests):
        first, second = parts(aws)
        failed = await write_together([first, second], pause=at_once)

    assert failed == {second}
    assert len(requests) == 1


async def test_whoever_always_meets_others_is_told_to_come_again() -> None:
    with dynamodb(["TransactionConflict", "None"]) as (aws, requests), pytest.raises(Unavailable):
        await write_together(parts(aws), pause=at_once)

    assert len(requests) == TRIES


async def test_a_transaction_that_can_never_pass_fails() -> None:
    with dynamodb(["ValidationError", "None"]) as (aws, requests), pytest.raises(ClientError):
        await write_together(parts(aws), pause=at_once)

    assert len(requests) == 1


def test_pauses_grow_and_differ() -> None:
    assert all(0 <= pause_before(number) <= 1 for number in range(2, TRIES + 1))
    assert len({pause_before(9) for _ in range(10)}) > 1


async def test_a_transaction_whose_answer_was_lost_is_written_once(emulator: str) -> None:
    name = f"things-{uuid.uuid4().hex}"
    direct = connect(region="us-east-1", endpoint=emulator)
    provision(direct, Resources([(name, THINGS)], [], name, name))
    table, now = Table(aws=direct, spec=THINGS, name=name, now=utc_now), utc_now()
    await table.put_new(Thing(id="thing_1", created_at=now, updated_at=now))

    async with between(urlsplit(emulator).port or 0, Cut(from_server=1)) as proxy:
        aws = connect(region="us-east-1", endpoint=f"http://127.0.0.1:{proxy.port}")
        slow = Table(aws=aws, spec=THINGS, name=name, now=utc_now)
        failed = await write_together([slow.addition(["thing_1"], {"count": 1}, stamps={"updatedAt": now})])
        aws.close()

    thing = await table.find("thing_1")
    direct.close()
    assert failed == frozenset()
    assert thing is not None
    assert thing.count == 1
    assert len(proxy.connections) == 2
    direct.close()
