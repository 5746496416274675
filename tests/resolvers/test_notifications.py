"""What the schema promises of webhooks."""

import asyncio
import hmac
import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from services.core.tls import trusted
from services.notifications.signing import signature
from tests.fakes.receiver import Receiver, Reply
from tests.snapinfra import User, events

CREATE = """
mutation($input: CreateWebhookInput!) {
  createWebhook(input: $input) {
    webhook { id url description events enabled version team { id } } secret userErrors { message code field }
  }
}"""

UPDATE = """
mutation($input: UpdateWebhookInput!) {
  updateWebhook(input: $input) {
    webhook { url events enabled disabledReason version } userErrors { message code field }
  }
}"""

SHOW = """
query($id: ID!) {
  webhook(id: $id) {
    url enabled disabledReason disabledAt
    deliveries(first: 10) { nodes { id event state attempts responseStatus error payload finishedAt } }
  }
}"""

TEST = "mutation($id: ID!) { testWebhook(input: {webhookId: $id}) { delivery { id state } userErrors { code } } }"
LIST = "query { webhooks { nodes { id url } } }"


async def create(user: User, url: str, **fields: Any) -> dict[str, Any]:
    return (await user.result(CREATE, input={"url": url, **fields}))["data"]["createWebhook"]


async def deliveries(user: User, webhook_id: str) -> list[dict[str, Any]]:
    return (await user.ask(SHOW, id=webhook_id))["webhook"]["deliveries"]["nodes"]


async def ended(user: User, webhook_id: str) -> dict[str, Any]:
    """Wait until the newest delivery has ended, and return it."""
    async with asyncio.timeout(30):
        while not (newest := (await deliveries(user, webhook_id))[:1]) or newest[0]["state"] == "PENDING":
            continue
    return newest[0]


async def test_the_end_of_a_generation_arrives_at_a_webhook_signed(alice: User) -> None:
    with Receiver() as receiver:
        made = await create(alice, receiver.url)
        project = await alice.project()
        generation_id = await alice.generate(project["id"], "SCHEMA")
        await events(alice, generation_id)
        (message,) = await receiver.until(1)
        listed = await ended(alice, made["webhook"]["id"])

    expected = signature(
        made["secret"],
        message_id=message.headers["webhook-id"],
        timestamp=int(message.headers["webhook-timestamp"]),
        body=message.body,
    )
    assert hmac.compare_digest(message.headers["webhook-signature"], expected)
    told = json.loads(message.body)
    assert list(told) == ["type", "timestamp", "data"]
    assert told["type"] == "generation.finished"
    assert told["data"] == {
        "teamId": made["webhook"]["team"]["id"],
        "projectId": project["id"],
        "generationId": generation_id,
        "kind": "SCHEMA",
        "status": "COMPLETED",
        "reason": None,
        "downloadUrl": None,
    }
    assert listed == {
        "id": message.headers["webhook-id"],
        "event": "GENERATION_FINISHED",
        "state": "DELIVERED",
        "attempts": 1,
        "responseStatus": 204,
        "error": None,
        "payload": message.body,
        "finishedAt": listed["finishedAt"],
    }


async def test_a_webhook_that_chose_so_is_told_that_a_generation_is_queued(alice: User) -> None:
    with Receiver() as receiver:
        made = await create(alice, receiver.url, events=["GENERATION_QUEUED"])
        project = await alice.project()
        generation_id = await alice.generate(project["id"], "SCHEMA")
        await events(alice, generation_id)
        (message,) = await receiver.until(1)
        listed = await ended(alice, made["webhook"]["id"])

    told = json.loads(message.body)
    assert told["type"] == "generation.queued"
    assert told["data"] == {
        "teamId": made["webhook"]["team"]["id"],
        "projectId": project["id"],
        "generationId": generation_id,
        "kind": "SCHEMA",
        "status": "QUEUED",
    }
    assert (listed["event"], listed["state"]) == ("GENERATION_QUEUED", "DELIVERED")


async def test_a_webhook_gets_the_url_of_a_completed_generations_archive(alice: User) -> None:
    project = await alice.project()
    with Receiver() as receiver:
        await create(alice, receiver.url)
        await events(alice, await alice.generate(project["id"], "SCHEMA"))
        await receiver.until(1)
        generation_id = await alice.generate(project["id"], "CODE")
        await events(alice, generation_id)
        _, message = await receiver.until(2)
        async with httpx.AsyncClient(verify=trusted()) as http:
            archive = await http.get(json.loads(message.body)["data"]["downloadUrl"])

    assert archive.status_code == 200
    assert f'filename="{generation_id}.zip"' in archive.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
        assert "package.json" in packed.namelist()


async def test_a_new_webhook_is_told_of_what_comes_of_things_and_shows_its_secret_once(alice: User) -> None:
    made = await create(alice, "https://example.com/hook", description=" Ours ")

    webhook = made["webhook"]
    assert webhook["url"] == "https://example.com/hook"
    assert (webhook["description"], webhook["enabled"], webhook["version"]) == ("Ours", True, 1)
    assert webhook["events"] == [
        "GENERATION_FINISHED",
        "DEPLOYMENT_SUCCEEDED",
        "DEPLOYMENT_FINISHED",
        "WEBHOOK_DISABLED",
    ]
    assert made["secret"].startswith("whsec_")
    assert (await alice.ask(LIST))["webhooks"]["nodes"] == [{"id": webhook["id"], "url": webhook["url"]}]


async def test_every_fault_of_a_new_webhook_is_reported_and_nothing_is_stored(alice: User) -> None:
    made = await create(alice, "ftp://example.com", events=[], description="x" * 201)

    assert made["webhook"] is made["secret"] is None
    assert [(error["message"], error["field"]) for error in made["userErrors"]] == [
        ("url must start with https://.", ["url"]),
        ("events must not be empty.", ["events"]),
        ("description must have at most 200 characters; this has 201.", ["description"]),
    ]
    assert (await alice.ask(LIST))["webhooks"]["nodes"] == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/", "https://[fd00:ec2::254]/", "http://0.0.0.0:8080/"])
async def test_metadata_is_no_place_for_a_webhook(alice: User, url: str) -> None:
    made = await create(alice, url)

    assert [error["message"] for error in made["userErrors"]] == ["url must have a public address."]
    assert (await alice.ask(LIST))["webhooks"]["nodes"] == []


async def test_an_update_of_a_stale_version_shows_the_webhook_as_it_is_and_writes_nothing(alice: User) -> None:
    webhook_id = (await create(alice, "https://example.com/a"))["webhook"]["id"]
    changed = await alice.ask(
        UPDATE, input={"webhookId": webhook_id, "enabled": False, "events": ["DEPLOYMENT_FINISHED"]}
    )

    stale = await alice.result(
        UPDATE, input={"webhookId": webhook_id, "url": "https://example.com/b", "expectedVersion": 1}
    )

    shown = {
        "url": "https://example.com/a",
        "events": ["DEPLOYMENT_FINISHED"],
        "enabled": False,
        "disabledReason": "BY_USER",
        "version": 2,
    }
    assert changed["updateWebhook"] == {"webhook": shown, "userErrors": []}
    assert stale["data"]["updateWebhook"]["webhook"] == shown
    assert [error["code"] for error in stale["data"]["updateWebhook"]["userErrors"]] == ["CONFLICT"]


async def test_a_failed_test_can_be_delivered_again_with_the_same_id(alice: User) -> None:
    with Receiver() as receiver:
        receiver.replies.append(Reply(500))
        webhook_id = (await create(alice, receiver.url))["webhook"]["id"]
        await alice.ask(TEST, id=webhook_id)
        failed = await ended(alice, webhook_id)
        again = await alice.ask(
            "mutation($id: ID!) { redeliverWebhook(input: {deliveryId: $id})"
            " { delivery { id state attempts } userErrors { code } } }",
            id=failed["id"],
        )
        first, second = await receiver.until(2)
        delivered = await ended(alice, webhook_id)

    assert (failed["state"], failed["error"]) == ("FAILED", "It answered with status 500.")
    assert again["redeliverWebhook"]["delivery"] == {"id": failed["id"], "state": "PENDING", "attempts": 0}
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == failed["id"]
    assert first.body == second.body
    assert (delivered["state"], delivered["attempts"]) == ("DELIVERED", 1)


async def test_a_rotated_secret_is_another_one(alice: User) -> None:
    made = await create(alice, "https://example.com/a")

    rotated = await alice.ask(
        "mutation($id: ID!) { rotateWebhookSecret(input: {webhookId: $id}) { secret webhook { version } } }",
        id=made["webhook"]["id"],
    )

    assert rotated["rotateWebhookSecret"]["secret"].startswith("whsec_")
    assert rotated["rotateWebhookSecret"]["secret"] != made["secret"]
    assert rotated["rotateWebhookSecret"]["webhook"]["version"] == 2


async def test_a_deleted_webhook_is_gone_and_is_told_nothing(alice: User) -> None:
    with Receiver() as receiver:
        webhook_id = (await create(alice, receiver.url))["webhook"]["id"]
        kept = (await create(alice, receiver.url + "/kept"))["webhook"]["id"]
        await alice.ask(
            "mutation($id: ID!) { deleteWebhook(input: {webhookId: $id}) { deletedWebhookId } }", id=webhook_id
        )
        await events(alice, await alice.generate((await alice.project())["id"], "SCHEMA"))
        await ended(alice, kept)

    assert [message.path for message in receiver.received] == ["/hook/kept"]
    assert (await alice.ask("query($id: ID!) { node(id: $id) { id } }", id=webhook_id))["node"] is None


async def test_a_team_has_at_most_twenty_webhooks(alice: User) -> None:
    for number in range(20):
        await create(alice, f"https://example.com/{number}")

    refused = await create(alice, "https://example.com/more")

    assert [error["message"] for error in refused["userErrors"]] == ["A team can have at most 20 webhooks."]
    assert len((await alice.ask(LIST))["webhooks"]["nodes"]) == 20
