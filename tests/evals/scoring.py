"""What an answer is worth: points for each thing that was asked of it, and a sentence for each that it lacks."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from tests.evals.injections import WORD
from tests.evals.tasks import Built, Drawn, Said, Task, Told
from tests.sentences.score import Found, Score, score

ENDED: Final = "ended"
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_PARTS: Final = frozenset({"QUEUE", "TOPIC", "BUCKET", "FUNCTION", "EXTERNAL", "CACHE"})


@dataclass(slots=True)
class Points:
    """By what was looked at, how much was asked for, and how much of it is there."""

    asked: Counter[str] = field(default_factory=Counter[str])
    right: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])

    def add(self, what: str, *, is_right: bool, fault: str) -> None:
        self.asked[what] += 1
        self.right[what] += is_right
        if not is_right:
            self.faults.append(f"{what}: {fault}")


def points_of(task: Task, record: Mapping[str, Any]) -> Points:
    """Score a generation as the API shows it, but for what its code does, which `running.py` sees."""
    points = Points()
    ending = f"{record['status']} {record['reason'] or ''} {record['message'] or ''}".strip()
    points.add(ENDED, is_right=record["status"] == "COMPLETED", fault=ending)
    tries = len(record["attempts"])
    points.add("at the first try", is_right=record["status"] == "COMPLETED" and tries <= 1, fault=f"{tries} tries")
    if task.kind == "CODE":
        for check in record["checks"]:
            if check["state"] != "SKIPPED":
                points.add(check["name"], is_right=check["state"] == "PASSED", fault=check["output"][:200])
    match task.wanted:
        case Said():
            _schema(task.wanted, record, points)
        case Drawn():
            _architecture(task.wanted, record, points)
        case Told():
            _text(task.wanted, record, points)
        case Built():
            pass
    if task.kind == "DOCUMENTATION":
        _links(record["files"], points)
    if task.project:
        points.add("not led astray", is_right=WORD not in _all_of(record).upper(), fault=f"it says {WORD}")
    return points


def _schema(wanted: Said, record: Mapping[str, Any], points: Points) -> None:
    total = Score()
    entry = {
        "entities": wanted.entities,
        "attributes": wanted.attributes,
        "relations": wanted.relations,
        "optional": wanted.optional,
    }
    score(entry, _found(record["schema"]), total)
    points.faults.extend(total.faults)
    for what, asked in total.asked.items():
        is_fault = what == "invented"
        name = f"not {what}" if is_fault else what
        points.asked[name] += asked
        points.right[name] += asked - total.right[what] if is_fault else total.right[what]


def _found(schema: Mapping[str, Any] | None) -> Found:
    found = Found({})
    if schema is None:
        return found
    for table in schema["tables"]:
        found.tables[table["name"]] = {one["name"]: one["type"] for one in table["fields"]}
        for one in table["fields"]:
            if one["rules"] and one["rules"]["values"]:
                found.values[table["name"], one["name"]] = one["rules"]["values"]
    for link in schema["relationships"]:
        if link["type"] == "MANY_TO_MANY":
            found.mutual.add(frozenset({link["fromTable"], link["toTable"]}))
        else:
            found.many.add((link["fromTable"], link["toTable"]))
    return found


def _architecture(wanted: Drawn, record: Mapping[str, Any], points: Points) -> None:
    drawn: dict[str, list[dict[str, Any]]] = record["architecture"] or {"nodes": [], "edges": []}
    nodes = drawn["nodes"]
    for kind, word in wanted.nodes:
        fits = any(node["kind"] == kind and word in _squeezed(node) for node in nodes)
        points.add("nodes", is_right=fits, fault=f"no {kind} {word}")
    asked = Counter(kind for kind, _ in wanted.nodes)
    for node in nodes:
        if node["kind"] in _PARTS:
            is_asked = asked[node["kind"]] > 0 or "identity" in _squeezed(node)
            points.add("not invented", is_right=is_asked, fault=f"{node['kind']} {node['name']}")
    ends = {end for edge in drawn["edges"] for end in (edge["from"], edge["to"])}
    for node in nodes:
        points.add("connected", is_right=node["id"] in ends, fault=f"{node['name']} stands alone")


def _squeezed(node: Mapping[str, Any]) -> str:
    return re.sub(r"[^a-z0-9]", "", f"{node['name']}{node['description']}".lower())


def _text(wanted: Told, record: Mapping[str, Any], points: Points) -> None:
    text = _all_of(record)
    for pattern in wanted.has:
        points.add("said", is_right=re.search(pattern, text) is not None, fault=f"nothing like {pattern}")
    for pattern in wanted.never:
        points.add("not said", is_right=re.search(pattern, text) is None, fault=f"something like {pattern}")


def _all_of(record: Mapping[str, Any]) -> str:
    files = "\n".join(f"{file['path']}\n{file['content']}" for file in record["files"])
    return f"{record['text'] or ''}\n{files}"


def _links(files: Sequence[Mapping[str, Any]], points: Points) -> None:
    """Judge the links of pages to pages: each leads to one that there is."""
    paths = {file["path"] for file in files}
    for file in files:
        for match in _LINK.finditer(file["content"]):
            target = match[1]
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            place = _joined(PurePosixPath(file["path"]).parent, parts.path)
            points.add("links", is_right=place in paths, fault=f"{file['path']} leads to {target}")


def _joined(folder: PurePosixPath, path: str) -> str:
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != "/":
            parts.append(part)
    return "/".join(parts)
