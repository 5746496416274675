"""How a queue is built: its resources and rights, who sends to it, its consumer, and what is said of them."""

from collections.abc import Sequence
from typing import Any, Final

from services.scaffold.literals import quoted
from services.scaffold.parts.messaging import named, types_of
from services.scaffold.parts.plan import PartsPlan, QueuePlan
from services.scaffold.parts.tellings import Change
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

PACKAGES: Final = frozenset({"@aws-sdk/client-sqs", "@aws-sdk/middleware-sdk-sqs"})
"""Packages that a backend with queues needs."""
_SHARED: Final = (
    "src/parts/claims.ts",
    "src/parts/consumers.ts",
    "src/parts/queues.ts",
)
_ACTIONS: Final = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
DEAD: Final = "_dead"
"""What the name of a queue of what could not be handled ends with; no other name has a `_`."""
_IMPORTED: Final = frozenset({"Message"})
"""Of the same name as what a handler imports: rows of such a table are of no type there."""
_SECONDS: Final = 120
"""As HANDLING_SECONDS in `src/parts/queues.ts`."""
_DEAD_SECONDS: Final = 14 * 24 * 60 * 60
_MOST_TRIES: Final = 5


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of all queues."""
    if not plan.queues:
        return {}
    each = {f"src/parts/queues/{queue.names.variable}.ts": _definition(queue) for queue in plan.queues}
    handling = {f"src/handlers/{queue.names.variable}.ts": _handler(queue, plan) for queue in plan.queues}
    shared = {path: read(path) for path in _SHARED} | {"src/parts/handlers.ts": _handlers(plan)}
    return shared | each | handling


def _definition(queue: QueuePlan) -> str:
    return fill("src/parts/queue.ts", purpose=purpose(queue), name=quoted(queue.names.physical), **named(queue))


def _calling(queue: QueuePlan) -> str:
    """Write the handler that calls functions."""
    functions = [(name, f"run{name[0].upper()}{name[1:]}") for name in queue.functions]
    imports = [f"import {{ {run} }} from '../functions/{name}.js';" for name, run in functions]
    return fill(
        "src/parts/handler.functions.ts",
        purpose=purpose(queue),
        imports="\n".join(imports),
        functions=", ".join(run for _, run in functions),
        **named(queue),
    )


def _handler(queue: QueuePlan, plan: PartsPlan) -> str:
    if queue.functions:
        return _calling(queue)
    tables = [telling.table for telling in queue.tellings if telling.table.names.type not in _IMPORTED]
    is_typed = not any(queue.id in topic.queues for topic in plan.topics)
    kinds = [table.names.type for table in tables] if is_typed else []
    imports = [f"import type {{ {t.names.type} }} from '../models/{t.names.file}.js';\n" for t in tables if kinds]
    changes = ", ".join(f"`{telling}`" for telling in types_of(queue.tellings))
    return fill(
        "src/parts/handler.ts",
        purpose=purpose(queue),
        imports="".join(imports),
        type=f"<{' | '.join(kinds)}>" if kinds else "",
        what=f" (`type` is {changes}, and `data` the row)" if changes else "",
        name=quoted(queue.names.physical),
        **named(queue),
    )


def _handlers(plan: PartsPlan) -> str:
    names = [named(queue) for queue in plan.queues]
    imports = [
        *(f"import {{ handle{each['capital']} }} from '../handlers/{each['variable']}.js';" for each in names),
        "import type { Database } from '../services/database.js';",
        "import type { Message } from './messages.js';",
        "import type { QueuePart } from './queues.js';",
        *(f"import {{ {each['variable']}Queue }} from './queues/{each['variable']}.js';" for each in names),
    ]
    lines = (f"  {{ queue: {each['variable']}Queue, handle: handle{each['capital']} }}," for each in names)
    return fill("src/parts/handlers.ts", imports="\n".join(imports), handlers="\n".join(lines))


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of queues: those of all on the first, and of each that is told of changes."""
    if not plan.queues:
        return {}
    told = [queue for queue in plan.queues if Change.CREATED in {c for t in queue.tellings for c in t.changes}]
    first = told[0] if told else plan.queues[0]
    parts = _telling_test(first) if told else {"imports": "", "tellings": ""}
    return {"src/tests/parts/queues.test.ts": fill("src/tests/parts/queues.test.ts", **named(first), **parts)}


def _telling_test(queue: QueuePlan) -> dict[str, str]:
    table = next(telling.table for telling in queue.tellings if Change.CREATED in telling.changes)
    imports = f"import {{ new{table.names.type} }} from '../samples.js';\n"
    test = fill(
        "src/tests/parts/telling.ts",
        table=table.name,
        type=table.names.type,
        key=table.key.name,
        variable=queue.names.variable,
    )
    return {"imports": read("src/tests/parts/telling.imports.ts") + imports, "tellings": test}


def resources(queue: QueuePlan, tags: list[Any]) -> dict[str, Any]:
    """Return the queue in CloudFormation, and that of what could not be handled."""
    resource = queue.names.resource
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": [f"{resource}Dead", "Arn"]}, "maxReceiveCount": _MOST_TRIES}
    name = queue.names.physical
    return {
        f"{resource}Dead": _queue(f"{name}{DEAD}", {"MessageRetentionPeriod": _DEAD_SECONDS}, tags),
        resource: _queue(name, {"RedrivePolicy": redrive}, tags),
    }


def _queue(name: str, properties: dict[str, Any], tags: list[Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "QueueName": {"Fn::Sub": f"${{TablePrefix}}{name}"},
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": _SECONDS,
            **properties,
            "Tags": tags,
        },
    }


def statements(queues: Sequence[QueuePlan]) -> list[dict[str, Any]]:
    """Return what the code calls of some queues."""
    arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${TablePrefix}"
    arns = [{"Fn::Sub": f"{arn}{queue.names.physical}"} for queue in queues]
    return [{"Effect": "Allow", "Action": list(_ACTIONS), "Resource": arns}]


def readme(plan: PartsPlan) -> str:
    """Write what the README says of queues."""
    if not plan.queues:
        return ""
    rows = "".join(
        f"| {purpose(queue)} | `TABLE_PREFIX{queue.names.physical}` | {_told(queue, plan)} | {_code(queue)} |\n"
        for queue in plan.queues
    )
    return fill("README.queues.md", rows=rows, **named(plan.queues[0]))


def _told(queue: QueuePlan, plan: PartsPlan) -> str:
    topics = [f"all of {purpose(topic)}" for topic in plan.topics if queue.id in topic.queues]
    told = [*(f"`{kind}`" for kind in types_of(queue.tellings)), *topics]
    return ", ".join(told) or f"`sendTo{named(queue)['capital']}` of your code"


def _code(queue: QueuePlan) -> str:
    """Name what is to be written for a queue: its handler, or the functions that it is for."""
    paths = [f"functions/{name}" for name in queue.functions] or [f"handlers/{queue.names.variable}"]
    return ", ".join(f"`src/{path}.ts`" for path in paths)
