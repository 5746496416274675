"""Tests of how queues are built into a backend."""

import json

from services.designs.architecture import Edge, Node, NodeKind
from services.designs.schema import Field, FieldType, SchemaModel, Table
from tests.services.scaffold.parts.drawn import backend

PLACED = Node(id="placed", kind=NodeKind.QUEUE, name="Orders placed")
EMAILS = Node(id="emails", kind=NodeKind.QUEUE, name="Emails", description="Mails to send.")
TO_PLACED = Edge(from_node="api", to_node="placed")


def test_a_queue_gives_up_after_five_tries_and_keeps_what_it_gives_up_for_a_fortnight() -> None:
    resources = json.loads(backend(EMAILS)["infrastructure/template.json"])["Resources"]

    queue, dead = resources["EmailsQueue"], resources["EmailsQueueDead"]
    assert queue["Properties"]["QueueName"] == {"Fn::Sub": "${TablePrefix}emails"}
    assert queue["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["EmailsQueueDead", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert dead["Properties"]["QueueName"] == {"Fn::Sub": "${TablePrefix}emails_dead"}
    assert dead["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    for each in (queue, dead):
        assert (each["Type"], each["DeletionPolicy"], each["UpdateReplacePolicy"]) == (
            "AWS::SQS::Queue",
            "Retain",
            "Retain",
        )
        assert each["Properties"]["SqsManagedSseEnabled"] is True


def test_the_role_may_send_to_the_queue_and_take_from_it_and_from_no_other() -> None:
    role = json.loads(backend(EMAILS)["infrastructure/role.json"])["Resources"]

    (statement,) = role["Policy2"]["Properties"]["PolicyDocument"]["Statement"]
    arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${TablePrefix}emails"
    assert statement["Resource"] == [{"Fn::Sub": arn}]
    assert all(action.startswith("sqs:") and "*" not in action for action in statement["Action"])


def test_an_api_tells_a_queue_of_the_changes_that_its_name_or_the_edge_says() -> None:
    by_name = backend(PLACED, edges=(TO_PLACED,))
    by_label = backend(EMAILS, edges=(Edge(from_node="api", to_node="emails", label="order deleted"),))

    assert "table: 'orders', changes: ['created']" in by_name["src/parts/listeners.ts"]
    assert "table: 'orders', changes: ['deleted']" in by_label["src/parts/listeners.ts"]
    assert "handleOrdersPlaced(message: Message<Order>)" in by_name["src/handlers/ordersPlaced.ts"]
    assert "| `orders.created` | `src/handlers/ordersPlaced.ts` |" in by_name["README.md"]


def test_a_queue_that_no_api_leads_to_is_told_of_nothing() -> None:
    files = backend(PLACED)

    assert "readonly Listener[] = [];" in files["src/parts/listeners.ts"]
    assert "`sendToOrdersPlaced` of your code" in files["README.md"]


def test_a_row_that_is_called_like_a_message_has_no_type_in_the_handler() -> None:
    table = Table(name="messages", fields=(Field(name="id", type=FieldType.STRING, primary_key=True),))
    sent = Node(id="placed", kind=NodeKind.QUEUE, name="Messages created")

    files = backend(sent, edges=(TO_PLACED,), schema=SchemaModel(tables=(table,)))

    assert "handleMessagesCreated(message: Message): Promise<void>" in files["src/handlers/messagesCreated.ts"]


def test_consumers_have_their_command_and_their_settings() -> None:
    files = backend(EMAILS)

    assert json.loads(files["package.json"])["scripts"]["consume"].endswith("dist/consume.js")
    assert "\nCONSUMERS=on\n" in files[".env.example"]
    assert "consume" not in json.loads(backend()["package.json"])["scripts"]
