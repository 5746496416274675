"""Tests of how topics are built into a backend."""

import json
from typing import Any

from services.designs.architecture import Edge, Node, NodeKind
from tests.services.scaffold.parts.drawn import backend

EVENTS = Node(id="events", kind=NodeKind.TOPIC, name="Order events")
EMAILS = Node(id="emails", kind=NodeKind.QUEUE, name="Emails")
AUDIT = Node(id="audit", kind=NodeKind.QUEUE, name="Audit")
TO_EVENTS = Edge(from_node="api", to_node="events")
TO_EMAILS = Edge(from_node="events", to_node="emails")


def resources(*nodes: Node, edges: tuple[Edge, ...] = ()) -> Any:
    return json.loads(backend(*nodes, edges=edges)["infrastructure/template.json"])["Resources"]


def test_a_queue_that_a_topic_leads_to_gets_its_messages_and_no_others() -> None:
    there = resources(EVENTS, EMAILS, AUDIT, edges=(TO_EVENTS, TO_EMAILS))

    subscription = there["OrderEventsTopicToEmailsQueue"]["Properties"]
    assert subscription == {
        "TopicArn": {"Ref": "OrderEventsTopic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["EmailsQueue", "Arn"]},
        "RawMessageDelivery": True,
    }
    (statement,) = there["EmailsQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [{"Ref": "OrderEventsTopic"}]}}
    assert "AuditQueuePolicy" not in there


def test_the_role_may_publish_to_the_topic_and_to_no_other() -> None:
    role = json.loads(backend(EVENTS)["infrastructure/role.json"])["Resources"]

    (statement,) = role["Policy2"]["Properties"]["PolicyDocument"]["Statement"]
    arn = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${TablePrefix}order-events"
    assert (statement["Action"], statement["Resource"]) == (["sns:Publish"], [{"Fn::Sub": arn}])


def test_an_api_tells_a_topic_of_every_change_where_it_has_events() -> None:
    files = backend(EVENTS, edges=(TO_EVENTS,))

    told = "...topic(orderEventsTopic), table: 'orders', changes: ['created', 'updated', 'deleted']"
    assert told in files["src/parts/listeners.ts"]
    assert "nobody here" in files["README.md"]
    assert "src/consume.ts" not in files
    assert "src/parts/queues.ts" not in files


def test_a_handler_of_a_queue_takes_whatever_its_topic_brings() -> None:
    files = backend(EVENTS, EMAILS, edges=(TO_EVENTS, TO_EMAILS))

    assert "handleEmails(message: Message): Promise<void>" in files["src/handlers/emails.ts"]
    assert "| all of Order events | `src/handlers/emails.ts` |" in files["README.md"]
    assert "{ topic: orderEventsTopic, queue: emailsQueue }," in files["src/parts/create.ts"]


def test_a_stack_says_where_topics_are_and_nothing_of_what_ties_them() -> None:
    outputs = json.loads(backend(EVENTS, EMAILS, edges=(TO_EMAILS,))["infrastructure/template.json"])["Outputs"]

    assert outputs["OrderEventsTopicArn"] == {"Value": {"Ref": "OrderEventsTopic"}}
    assert not any("Policy" in name or "TopicTo" in name for name in outputs)
