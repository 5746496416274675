"""Tests of how functions are built into a backend, and of what calls them."""

import json

from services.designs.architecture import Edge, Node, NodeKind
from tests.services.scaffold.parts.drawn import backend

PLACED = Node(id="placed", kind=NodeKind.QUEUE, name="Orders placed")
EVENTS = Node(id="events", kind=NodeKind.TOPIC, name="Order events")
RECEIPT = Node(id="receipt", kind=NodeKind.FUNCTION, name="Send receipt function")
REPORT = Node(id="report", kind=NodeKind.FUNCTION, name="Nightly report", description="At 02:30.")


def test_a_queue_calls_the_functions_that_it_leads_to() -> None:
    files = backend(PLACED, RECEIPT, edges=(Edge(from_node="placed", to_node="receipt"),))

    assert "const functions: readonly Handle[] = [runSendReceipt];" in files["src/handlers/ordersPlaced.ts"]
    assert "Called by messages of Orders placed;" in files["src/functions/sendReceipt.ts"]
    assert "src/parts/queues/sendReceipt.ts" not in files


def test_what_a_topic_tells_a_function_waits_in_a_queue_of_its_own() -> None:
    files = backend(EVENTS, RECEIPT, edges=(Edge(from_node="events", to_node="receipt"),))
    resources = json.loads(files["infrastructure/template.json"])["Resources"]

    assert resources["OrderEventsTopicToSendReceiptFunctionQueue"]["Properties"]["Protocol"] == "sqs"
    assert resources["SendReceiptFunctionQueue"]["Properties"]["QueueName"] == {"Fn::Sub": "${TablePrefix}send-receipt"}
    assert "[runSendReceipt]" in files["src/handlers/sendReceipt.ts"]


def test_an_api_tells_a_function_of_the_rows_that_the_edge_says() -> None:
    files = backend(RECEIPT, edges=(Edge(from_node="api", to_node="receipt", label="orders created"),))

    assert "...queue(sendReceiptQueue), table: 'orders', changes: ['created']" in files["src/parts/listeners.ts"]


def test_a_function_runs_by_the_clock_where_a_text_says_when() -> None:
    files = backend(REPORT)

    schedule = "{ name: 'nightly-report', every: 1440, offset: 150, run: runNightlyReport },"
    assert schedule in files["src/parts/schedules.ts"]
    assert "the clock, every day at 02:30 UTC" in files["README.md"]
    assert json.loads(files["package.json"])["scripts"]["consume"]
    assert "src/parts/queues.ts" not in files
    assert "client-sqs" not in files["package.json"]


def test_a_function_that_nothing_calls_is_for_code() -> None:
    files = backend(RECEIPT)

    assert "| Send receipt function | `src/functions/sendReceipt.ts` | your code |" in files["README.md"]
    assert "src/consume.ts" not in files
    assert files["src/server.ts"] == backend()["src/server.ts"]
