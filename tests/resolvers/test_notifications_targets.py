"""What the schema promises of people who are told by e-mail or text message."""

import json
import uuid
from typing import Any

import pytest

from services.foundation.aws.clients import Aws
from services.foundation.aws.topic import Topic
from tests.fakes.receiver import Receiver
from tests.snapinfra import Server, User, events

CREATE = """
mutation($input: CreateNotificationTargetInput!) {
  createNotificationTarget(input: $input) {
    target { id channel address events state team { id } } userErrors { message code field }
  }
}"""
DELETE = "mutation($id: ID!) { deleteNotificationTarget(input: {targetId: $id}) { deletedTargetId } }"
LIST = "query { notificationTargets { nodes { id address state } } }"


async def create(user: User, channel: str, address: str, **fields: Any) -> dict[str, Any]:
    answer = await user.result(CREATE, input={"channel": channel, "address": address, **fields})
    return answer["data"]["createNotificationTarget"]


def fresh() -> str:
    """Return an address that nobody was asked at."""
    return f"{uuid.uuid4().hex}@example.com"


def team_topic(aws: Aws, server: Server, team_id: str) -> Topic:
    return Topic(aws, f"{server.config.name_of(server.config.topic)}-{team_id}")


def subscriptions(topic: Topic) -> list[tuple[str, str, Any]]:
    listed = topic.aws.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"]
    found: list[tuple[str, str, Any]] = []
    for each in listed:
        attributes = topic.aws.sns.get_subscription_attributes(SubscriptionArn=each.get("SubscriptionArn", ""))
        policy = json.loads(attributes["Attributes"].get("FilterPolicy", "null"))
        found.append((each.get("Protocol", ""), each.get("Endpoint", ""), policy))
    return sorted(found)


async def test_targets_are_subscribed_to_their_teams_topic_for_what_they_want_to_know(
    alice: User, aws: Aws, server: Server
) -> None:
    mail = (await create(alice, "EMAIL", address := fresh(), events=["DEPLOYMENT_FINISHED", "DEPLOYMENT_FINISHED"]))[
        "target"
    ]

    assert mail == {
        "id": mail["id"],
        "channel": "EMAIL",
        "address": address,
        "events": ["DEPLOYMENT_FINISHED"],
        "state": "CONFIRMED",  # the emulator asks nobody
        "team": mail["team"],
    }
    assert subscriptions(team_topic(aws, server, mail["team"]["id"])) == [
        ("email", address, {"event": ["deployment.finished"]}),
    ]


def subscribed(aws: Aws, topic: Topic, event: str) -> str:
    """Subscribe a new queue to a topic's messages of an event, as targets are; return its URL."""
    url = aws.sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    only = {"FilterPolicy": json.dumps({"event": [event]})}
    aws.sns.subscribe(TopicArn=topic.arn, Protocol="sqs", Endpoint=arn, Attributes=only)
    return url


def told(aws: Aws, url: str, *, count: int) -> list[dict[str, Any]]:
    """Return so many messages of a queue, in the order in which they were published."""
    envelopes: list[dict[str, Any]] = []
    while len(envelopes) < count:
        answer = aws.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)
        envelopes += [json.loads(message.get("Body", "")) for message in answer["Messages"]]
    return sorted(envelopes, key=lambda envelope: envelope["Timestamp"])


async def test_the_end_of_a_generation_is_told_to_the_teams_topic(
    alice: User, bob: User, aws: Aws, server: Server
) -> None:
    mine = (await create(alice, "EMAIL", fresh()))["target"]
    await create(bob, "EMAIL", fresh())
    url = subscribed(aws, team_topic(aws, server, mine["team"]["id"]), "generation.finished")

    await events(bob, await bob.generate((await bob.project())["id"], "SCHEMA"))
    project_id = (await alice.project())["id"]
    ids = [await alice.generate(project_id, "SCHEMA")]
    await events(alice, ids[0])
    ids.append(await alice.generate(project_id, "CODE"))
    await events(alice, ids[1])

    schema, code = told(aws, url, count=2)
    assert schema["Subject"] == code["Subject"] == "Generation completed"
    assert schema["Message"] == f"SCHEMA generation {ids[0]} of project {project_id} is COMPLETED."
    assert code["Message"].startswith(f"CODE generation {ids[1]} of project {project_id} is COMPLETED.\n\nDownload")
    assert f"{ids[1]}/attempt-1/archive.zip" in code["Message"]


async def test_the_teams_topic_is_told_that_a_generation_is_queued(alice: User, aws: Aws, server: Server) -> None:
    mine = (await create(alice, "EMAIL", fresh(), events=["GENERATION_QUEUED"]))["target"]
    url = subscribed(aws, team_topic(aws, server, mine["team"]["id"]), "generation.queued")

    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
    await events(alice, generation_id)

    (envelope,) = told(aws, url, count=1)
    assert envelope["Subject"] == "Generation queued"
    assert generation_id in envelope["Message"]
    assert envelope["MessageAttributes"]["event"]["Value"] == "generation.queued"


async def test_the_same_target_twice_is_a_conflict_and_a_retry_is_not(alice: User) -> None:
    address = fresh()
    first = await create(alice, "EMAIL", address, clientMutationId="t1")

    retried = await create(alice, "EMAIL", address, clientMutationId="t1")
    second = await create(alice, "EMAIL", address)

    assert retried == first
    assert second["target"]["id"] == first["target"]["id"]
    assert [error["code"] for error in second["userErrors"]] == ["CONFLICT"]
    assert len((await alice.ask(LIST))["notificationTargets"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("channel", "address", "message"),
    [
        ("EMAIL", "nobody", "address must look like name@example.com."),
        ("EMAIL", "a@b.c, d@e.com", "address must look like name@example.com."),
        ("EMAIL", "a@example.com\n", "address must look like name@example.com."),
        ("SMS", "0123456789", "address must look like +14155550123."),
        ("SMS", "+1", "address must look like +14155550123."),
    ],
)
async def test_an_address_that_is_none_is_refused_and_nothing_is_stored(
    alice: User, channel: str, address: str, message: str
) -> None:
    refused = await create(alice, channel, address)

    assert refused["target"] is None
    assert [(error["message"], error["field"]) for error in refused["userErrors"]] == [(message, ["address"])]
    assert (await alice.ask(LIST))["notificationTargets"]["nodes"] == []


async def test_a_deleted_target_is_subscribed_no_more(alice: User, aws: Aws, server: Server) -> None:
    made = (await create(alice, "EMAIL", fresh()))["target"]

    await alice.ask(DELETE, id=made["id"])

    assert subscriptions(team_topic(aws, server, made["team"]["id"])) == []
    assert (await alice.ask(LIST))["notificationTargets"]["nodes"] == []


async def test_a_target_whose_owner_unsubscribed_says_so(alice: User, aws: Aws, server: Server) -> None:
    made = (await create(alice, "EMAIL", fresh()))["target"]
    topic = team_topic(aws, server, made["team"]["id"])
    for each in aws.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"]:
        aws.sns.unsubscribe(SubscriptionArn=each.get("SubscriptionArn", ""))

    listed = (await alice.ask(LIST))["notificationTargets"]["nodes"]
    await alice.ask(DELETE, id=made["id"])

    assert [target["state"] for target in listed] == ["ENDED"]
    assert (await alice.ask(LIST))["notificationTargets"]["nodes"] == []


async def test_a_subscription_that_nobody_agreed_to_is_pending(aws: Aws) -> None:
    topic = Topic(aws, uuid.uuid4().hex)
    with Receiver() as receiver:  # of the protocols that the emulator has, http is the one where it asks
        aws.sns.subscribe(TopicArn=topic.arn, Protocol="http", Endpoint=receiver.url)
        (listed,) = aws.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"]

        assert await topic.is_confirmed(listed.get("SubscriptionArn", "")) is False
        await receiver.until(1)  # it was asked


async def test_a_team_has_at_most_twenty_targets(alice: User) -> None:
    for _ in range(20):
        await create(alice, "EMAIL", fresh())

    refused = await create(alice, "EMAIL", fresh())

    assert [error["message"] for error in refused["userErrors"]] == ["A team can have at most 20 notification targets."]
    assert len((await alice.ask(LIST))["notificationTargets"]["nodes"]) == 20
