"""Calls from the event loop beside those of boto3: the same answers, the same errors, tried again as often."""

import asyncio
import base64
import random
import ssl
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ClientError
from cryptography import x509

from services.core.clock import utc_now
from services.foundation.aws.calls import TRIES, Blocking, Calls, Threaded, Wire, at_once
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.outage import Outage
from services.foundation.aws.signer import Signer
from tests.certificates import key_text, self_signed
from tests.services.foundation.aws.scripted import CUT, SILENCE, Scripted, refused, said, scripted
from tests.wires import wire

QUERY: dict[str, Any] = {
    "TableName": "things",
    "KeyConditionExpression": "#id = :id",
    "ExpressionAttributeNames": {"#id": "id"},
    "ExpressionAttributeValues": {":id": {"S": "thing_1"}},
}
GOOD = said(b'{"Items": [], "Count": 0, "ScannedCount": 0}')


def text(chance: random.Random, most: int) -> str:
    return "".join(chance.choice("abcXYZ019-_./+=~%") for _ in range(chance.randint(1, most)))


@pytest.mark.parametrize("seed", range(4))
def test_requests_are_signed_as_botocore_signs_them(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    for _ in range(2_500):
        host = chance.choice(["dynamodb.eu-central-1.amazonaws.com", "127.0.0.1:4566", "EXAMPLE.com:443", "[::1]:80"])
        path = chance.choice(["", "/", "/a b/../c//", "/prefix/", "/%7Eu/é"])
        url = f"{chance.choice(['http', 'https'])}://{host}{path}"
        region, service = chance.choice(["us-east-1", "eu-west-2"]), chance.choice(["dynamodb", "sqs"])
        keys = Credentials(text(chance, 20), text(chance, 40), text(chance, 60) if chance.random() < 0.5 else None)
        body, target = chance.randbytes(chance.randint(0, 300)), f"Service_1.{chance.choice(['Query', 'Put'])}"
        moment = datetime.fromtimestamp(chance.randint(0, 4 * 10**9), UTC)

        compatible = service == "sqs"
        signer = Signer(
            url,
            service=service,
            region=region,
            media="application/x-amz-json-1.0",
            agent="a",
            is_query_compatible=compatible,
        )
        head = signer.head(target, body, keys, moment.timestamp()).decode()

        assert head.startswith("POST ")
        assert sent(head)["authorization"] == by_botocore(url, body, target, keys, (service, region, moment))
        assert sent(head).get("x-amz-security-token") == keys.token


def sent(head: str) -> dict[str, str]:
    lines = head.split("\r\n")[1:-2]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def by_botocore(url: str, body: bytes, target: str, keys: Credentials, where: tuple[str, str, datetime]) -> str:
    """Return botocore's signature at a moment of our choice: its own `add_auth` takes the present one."""
    service, region, moment = where
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, "X-Amz-Date": stamp}
    if service == "sqs":
        headers["X-Amzn-Query-Mode"] = "true"
    if keys.token:
        headers["X-Amz-Security-Token"] = keys.token
    request: Any = AWSRequest("POST", url, headers, body)
    request.context["timestamp"] = stamp
    signer: Any = SigV4Auth(keys, service, region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signed = signer.signed_headers(signer.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signed}, Signature={signature}"


THINGS: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
ITEM: dict[str, Any] = {
    "id": {"S": "thing_1"},
    "text": {"S": 'Grüße 🦊 \u2028 "quoted"'},
    "number": {"N": "12345678901234567890.5"},
    "none": {"NULL": True},
    "yes": {"BOOL": True},
    "list": {"L": [{"S": ""}, {"N": "-1"}, {"M": {"a": {"B": b"\x00\xff"}}}]},
    "numbers": {"NS": ["1", "2"]},
    "bytes": {"B": b"\x00\x01binary"},
}


def differing(table: str) -> list[tuple[str, dict[str, Any]]]:
    """Return calls that have every kind of answer, in an order that makes sense."""
    at = {"TableName": table}
    key = {**at, "Key": {"id": {"S": "thing_1"}}}
    absent = {"ConditionExpression": "attribute_not_exists(id)"}
    put = {**at, "Item": ITEM}
    token = {"ClientRequestToken": uuid.uuid4().hex}
    return [
        ("PutItem", put),
        ("PutItem", {**put, **absent}),
        ("Query", {**QUERY, **at}),
        ("Query", {**QUERY, **at, "Limit": 1, "ConsistentRead": True}),
        ("Query", {**QUERY, **at, "Select": "COUNT"}),
        ("Query", {**QUERY, "TableName": "missing"}),
        ("Query", {**at, "KeyConditionExpression": "nonsense"}),
        ("BatchGetItem", {"RequestItems": {table: {"Keys": [key["Key"], {"id": {"S": "no"}}]}}}),
        (
            "UpdateItem",
            {
                **key,
                "UpdateExpression": "ADD #n :one",
                "ExpressionAttributeNames": {"#n": "count"},
                "ExpressionAttributeValues": {":one": {"N": "1"}},
                "ReturnValues": "UPDATED_NEW",
            },
        ),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**put, **absent}}, {"Delete": key}], **token}),
        ("DeleteItem", key),
        ("BatchWriteItem", {"RequestItems": {table: [{"DeleteRequest": {"Key": key["Key"]}}]}}),
    ]


@pytest.fixture
def things(aws: Aws) -> Callable[[], str]:
    def make() -> str:
        name = f"things-{uuid.uuid4().hex}"
        aws.dynamodb.create_table(TableName=name, **THINGS)
        return name

    return make


async def outcome(calls: Calls, operation: str, request: Mapping[str, Any]) -> Any:
    """Return what a call comes to, without what differs each time."""
    try:
        answer: Any = await calls.call(operation, request)
    except ClientError as error:
        told = {name: value for name, value in error.response.items() if name != "ResponseMetadata"}
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return type(error).__name__, str(error), status, without_places(told)
    except Outage as outage:
        return outage.reason
    answer = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return without_places(answer)


def without_places(value: Any) -> Any:
    """Write an answer as neither base64 nor the name of its table makes it differ."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {"things" if "things-" in str(name) else name: without_places(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
        case list():
            return [without_places(each) for each in value]  # pyright: ignore[reportUnknownVariableType] - any JSON
        case _:
            return value


async def test_tables_answer_as_they_do_to_boto3(aws: Aws, things: Callable[[], str]) -> None:
    ours, threads = things(), things()
    other = Threaded(aws.dynamodb, aws.requests)

    for (operation, request), (_, same) in zip(differing(ours), differing(threads), strict=True):
        assert await outcome(aws.tables, operation, request) == await outcome(other, operation, same)


async def test_queues_answer_as_they_do_to_boto3(aws: Aws) -> None:
    names = [f"errands-{uuid.uuid4().hex}" for _ in range(2)]
    urls = [aws.sqs.create_queue(QueueName=name)["QueueUrl"] for name in names]
    found = list[Any]()
    for calls, url in zip((aws.queues, Threaded(aws.sqs, aws.requests)), urls, strict=True):
        at = {"QueueUrl": url}
        await calls.call("SendMessage", {**at, "MessageBody": "Grüße", "DelaySeconds": 0})
        received = await calls.call("ReceiveMessage", {**at, "WaitTimeSeconds": 1})
        (message,) = received["Messages"]
        receipt = {**at, "ReceiptHandle": message["ReceiptHandle"]}
        said_of = [
            message["Body"],
            await outcome(calls, "ChangeMessageVisibility", {**receipt, "VisibilityTimeout": 9}),
            await outcome(calls, "DeleteMessage", receipt),
            await outcome(calls, "ReceiveMessage", {**at, "WaitTimeSeconds": 0}),
            await outcome(calls, "GetQueueUrl", {"QueueName": "missing"}),
        ]
        found.append(said_of)

    assert found[0] == found[1]


FAILING = {
    "busy": [refused("ThrottlingException"), GOOD],
    "too many": [refused("ProvisionedThroughputExceededException")],
    "broken": [refused("InternalServerError", status=500)],
    "away": [said(b"<html>", status=503), said(b"", status=502), GOOD],
    "lost": [CUT, CUT, GOOD],
    "never there": [CUT],
    "changed on the way": [said(b'{"Items": []}', checksum=1), GOOD],
    "wrong": [refused("ValidationException")],
    "not ours": [refused("AccessDeniedException")],
    "a condition": [refused("ConditionalCheckFailedException")],
    "no HTTP": [b"nonsense\r\n\r\n"],
}


@pytest.mark.parametrize("answers", FAILING.values(), ids=FAILING)
async def test_what_fails_is_tried_again_as_often_as_by_boto3_and_ends_the_same(answers: list[bytes]) -> None:
    async def tried(calls_of: Callable[[Aws], Calls]) -> tuple[str, int]:
        async with served(*answers) as (service, aws):
            came_to = str(await outcome(calls_of(aws), "Query", QUERY))
            return came_to.replace(f"{service.url}/", service.url).replace(service.url, ""), len(service.bodies)

    ours, theirs = await asyncio.gather(
        tried(lambda aws: aws.tables), tried(lambda aws: Threaded(aws.dynamodb, aws.requests))
    )
    assert ours == theirs
    assert ours[1] <= TRIES


async def test_a_repeat_is_the_same_request() -> None:
    async with served(CUT, refused("ThrottlingException"), GOOD) as (service, aws):
        await aws.tables.call("TransactWriteItems", {"TransactItems": [], "ClientRequestToken": "once"})

    assert len(service.bodies) == 3
    assert len(set(service.bodies)) == 1


async def test_connections_are_kept() -> None:
    async with served(GOOD) as (service, aws):
        for _ in range(20):
            await aws.tables.call("Query", QUERY)

        assert service.connections == 1


async def test_a_connection_that_was_closed_meanwhile_costs_no_try() -> None:
    async with served(GOOD, closes_after=True) as (service, aws):
        for _ in range(2 * TRIES):
            await aws.tables.call("Query", QUERY)
            await asyncio.sleep(0.01)

        assert len(service.bodies) == 2 * TRIES


async def test_only_so_many_calls_are_made_at_once() -> None:
    async with served(GOOD) as (service, aws):
        service.held.clear()
        asking = [asyncio.create_task(aws.tables.call("Query", QUERY)) for _ in range(100)]
        await service.until(64)
        service.held.set()
        await asyncio.gather(*asking)

        assert service.most_at_once == 64


async def test_a_call_that_nobody_waits_for_any_more_leaves_its_connection_to_others() -> None:
    async with served(GOOD) as (service, aws):
        service.held.clear()
        asking = asyncio.create_task(aws.tables.call("Query", QUERY))
        await service.until(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        service.held.set()
        await service.until(0)
        await asyncio.sleep(0.05)
        await aws.tables.call("Query", QUERY)

        assert (len(service.bodies), service.connections) == (2, 1)


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever() -> None:
    async with served(SILENCE) as (service, aws):
        with pytest.raises(Outage, match="A part") as outage:
            await aws.tables.call("Query", QUERY, seconds=0.05)

        assert len(service.bodies) == TRIES
        assert outage.value.reason.startswith(f"AWS does not answer at {service.url}")


async def test_an_endpoint_that_is_not_there_is_told_of_as_by_boto3() -> None:
    aws = connect(region="us-east-1", endpoint="http://127.0.0.1:1")
    ours = await outcome(aws.tables, "Query", QUERY)
    theirs = await outcome(Threaded(aws.dynamodb, aws.requests), "Query", QUERY)
    aws.close()

    assert ours == theirs.replace(":1/", ":1")


async def test_answers_may_come_in_chunks_and_after_interim_ones() -> None:
    chunks = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b'5\r\n{"Ite\r\n7\r\nms": []\r\n1\r\n}\r\n0\r\n\r\n'
    )
    async with served(chunks, GOOD) as (service, aws):
        assert await aws.tables.call("Query", QUERY) == {"Items": []}
        await aws.tables.call("Query", QUERY)

        assert service.connections == 1


async def test_keys_that_end_are_fetched_anew() -> None:
    fetched = list[int]()

    def fetch() -> dict[str, str]:
        fetched.append(1)
        until = utc_now() + timedelta(hours=1)
        return {"access_key": "new", "secret_key": "s", "token": "t", "expiry_time": until.isoformat()}

    soon = {**fetch(), "access_key": "old", "expiry_time": utc_now().isoformat()}
    async with served(GOOD) as (service, aws):
        session = Session(RefreshableCredentials.create_from_metadata(soon, fetch, "test"))
        calls = Wire(aws.dynamodb, session, aws.requests)
        await calls.call("Query", QUERY)
        await calls.call("Query", QUERY)
        calls.close()

    assert (len(service.bodies), len(fetched)) == (2, 2)


class Session:
    def __init__(self, credentials: RefreshableCredentials) -> None:
        self._credentials = credentials

    def get_credentials(self) -> RefreshableCredentials:
        return self._credentials


async def test_several_calls_go_on_where_nobody_waits_for_them() -> None:
    both_done = asyncio.Event()
    async with served(GOOD) as (service, aws):
        service.held.clear()

        async def both() -> None:
            for _ in range(2):
                await aws.tables.call("Query", QUERY)
            both_done.set()

        waiting = asyncio.create_task(aws.tables.finish(both()))
        await service.until(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        service.held.set()
        await both_done.wait()


async def test_threads_may_block(aws: Aws, things: Callable[[], str]) -> None:
    query = {**QUERY, "TableName": things()}

    def blocking() -> dict[str, Any]:
        return at_once(Blocking(aws.dynamodb).call("Query", query))

    assert (await asyncio.to_thread(blocking))["Items"] == []
    with pytest.raises(RuntimeError, match="waits"):
        at_once(asyncio.sleep(0))


async def test_calls_are_told_of(aws: Aws, things: Callable[[], str]) -> None:
    told, query = list[Any](), {**QUERY, "TableName": things()}
    wire(aws.tables).before.append(lambda operation, request: told.append((operation, request["TableName"])))
    wire(aws.tables).after.append(lambda operation, answer: told.append((operation, answer["Items"])))

    await aws.tables.call("Query", query)

    assert told == [("Query", query["TableName"]), ("Query", [])]


@asynccontextmanager
async def served(*answers: bytes, closes_after: bool = False) -> AsyncGenerator[tuple[Scripted, Aws]]:
    async with scripted(*answers, closes_after=closes_after) as service:
        aws = connect(region="us-east-1", endpoint=service.url)
        try:
            yield service, aws
        finally:
            aws.close()
            await asyncio.sleep(0)


@dataclass
class Trusting:
    """A session that trusts one certificate."""

    certificate: Path

    def get_credentials(self) -> Credentials:
        return Credentials("key", "secret")

    def get_config_variable(self, name: str) -> str:
        assert name == "ca_bundle"
        return str(self.certificate)


@pytest.mark.parametrize("name", ["localhost", "wrong.example"])
async def test_a_certificate_of_another_name_is_refused(tmp_path: Path, name: str) -> None:
    certificate, key = self_signed("a server", x509.DNSName(name))
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key_text(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    async with scripted(GOOD, tls=context) as service:
        aws = connect(region="us-east-1", endpoint=service.url.replace("http://127.0.0.1", "https://localhost"))
        calls = Wire(aws.dynamodb, Trusting(tmp_path / "certificate.pem"), aws.requests)
        came_to = str(await outcome(calls, "Query", QUERY))
        calls.close()
        aws.close()

    assert ("does not answer" in came_to) == (name != "localhost"), came_to
    assert bool(service.bodies) == (name == "localhost")


BROKEN = {
    "not JSON": said(b"<html>"),
    "no object": said(b"[]"),
    "always changed on the way": said(b"{}", checksum=1),
    "no checksum": b"HTTP/1.1 200 OK\r\nx-amz-crc32: zz\r\ncontent-length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_an_answer_that_is_none_is_asked_for_again_and_then_an_outage(answer: bytes) -> None:
    async with served(answer) as (service, aws):
        with pytest.raises(Outage):
            await aws.tables.call("Query", QUERY)
        assert len(service.bodies) == TRIES

    async with served(answer, GOOD) as (_, aws):
        assert (await aws.tables.call("Query", QUERY))["Items"] == []


async def test_an_answer_may_end_with_its_connection() -> None:
    async with served(b'HTTP/1.1 200 OK\r\n\r\n{"Items": []}', closes_after=True) as (_, aws):
        assert await aws.tables.call("Query", QUERY) == {"Items": []}


async def test_two_answers_to_one_question_end_the_connection() -> None:
    async with served(GOOD + GOOD, GOOD) as (service, aws):
        await aws.tables.call("Query", QUERY)
        await aws.tables.call("Query", QUERY)

        assert service.connections == 2
