"""What queues and topics share: the shape of messages, and who is told of changes of rows."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.scaffold.literals import quoted
from services.scaffold.parts.plan import FunctionPlan, PartsPlan, QueuePlan, TopicPlan
from services.scaffold.parts.tellings import Change, Telling
from services.scaffold.template import fill, read

_MESSAGES: Final = "src/parts/messages.ts"
_TELLINGS: Final = "src/parts/tellings.ts"
_TELLING: Final = ("importTell", "tellCreated", "tellUpdated", "tellDeleted", "tellRemoved")


def tells(plan: PartsPlan) -> bool:
    """Whether there is anybody to be told of changes of rows."""
    return bool(plan.queues or plan.topics)


def files(plan: PartsPlan) -> dict[str, str]:
    """Write what is there wherever there are messages."""
    if not tells(plan):
        return {_MESSAGES: read(_MESSAGES)} if plan.functions else {}
    return {path: read(path) for path in (_MESSAGES, _TELLINGS)} | {"src/parts/listeners.ts": _listeners(plan)}


def telling_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what tells of the changes of records where they are committed."""
    if not tells(plan):
        return dict.fromkeys(_TELLING, "")
    return {
        "importTell": "import { tell } from '../parts/tellings.js';\n",
        "tellCreated": "    tell(this.database, this.table, 'created', record);\n",
        "tellUpdated": "      tell(this.database, this.table, 'updated', record);\n",
        "tellDeleted": "      tell(this.database, this.table, 'deleted', before);\n",
        "tellRemoved": "    tell(database, table, 'deleted', record);\n",
    }


def types_of(tellings: Sequence[Telling]) -> Iterator[str]:
    """Yield the types of the messages that tell of changes of rows."""
    for telling in tellings:
        yield from (f"{telling.table.name}.{change.value}" for change in Change if change in telling.changes)


def named(part: QueuePlan | TopicPlan | FunctionPlan) -> dict[str, str]:
    """Return what a part is called in code, for templates."""
    variable = part.names.variable
    return {"variable": variable, "capital": variable[0].upper() + variable[1:]}


def _listeners(plan: PartsPlan) -> str:
    queues = [queue for queue in plan.queues if queue.tellings]
    topics = [topic for topic in plan.topics if topic.tellings]
    if not (queues or topics):
        return read("src/parts/noListeners.ts")
    kinds = [(kind, parts) for kind, parts in (("Queue", queues), ("Topic", topics)) if parts]
    imports: list[str] = []
    for kind, parts in kinds:
        folder = f"{kind.lower()}s"
        imports.append(f"import {{ {kind}, type {kind}Part }} from './{folder}.js';")
        names = [part.names.variable for part in parts]
        imports += [f"import {{ {name}{kind} }} from './{folder}/{name}.js';" for name in names]
    return fill(
        "src/parts/listeners.ts",
        imports="\n".join(imports),
        listeners="\n".join(line for kind, parts in kinds for line in _lines(kind.lower(), parts)),
        senders="".join(read(f"src/parts/listeners.{kind.lower()}.ts") for kind, _ in kinds).rstrip(),
    )


def _lines(kind: str, parts: Sequence[QueuePlan | TopicPlan]) -> Iterator[str]:
    for part in parts:
        for telling in part.tellings:
            changes = ", ".join(quoted(change.value) for change in telling.changes)
            listener = f"...{kind}({part.names.variable}{kind.capitalize()})"
            yield f"  {{ {listener}, table: {quoted(telling.table.name)}, changes: [{changes}] }},"
