"""The checker: it compares what subscribers received with what storage has, and names what is wrong.

It knows nothing of how the events came to be. What it looks for is design/streams.md's first table.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.foundation.events.cursor import STORED, Cursor, decode

Event = dict[str, Any]
"""An event as GraphQL gave it, with __typename, cursor and seq."""

TERMINAL: Final = {"GenerationFinished", "DeploymentFinished"}
GAP: Final = "StreamGap"
_MERGED: Final = {"TokenDelta", "FileDelta"}
"""Kinds of which one event may cover several of the log."""
_PASSING: Final = {"cursor", "seq", "at", "generation", "deployment"}
"""Fields that say where an event is and when it was read, and not what happened."""

_MISSING: Final = re.compile(r"Missing: (?P<named>.+?)(?: and (?P<more>[\d,]+) more)?\.$")

_AROUND: Final = 3
"""Events shown before and after the one that is wrong."""


class Kind(Enum):
    """What can be wrong."""

    LOST = "lost"
    """Events are missing, and no StreamGap says so."""
    DUPLICATED = "duplicated"
    """An event came twice."""
    REORDERED = "reordered"
    """An event, or an attempt, came after a later one."""
    TERMINAL = "terminal"
    """Not exactly one terminal event at the very end, or not the one that the record tells of."""
    ARTIFACT = "artifact"
    """What the events add up to is not what is stored, or not the same for everyone."""
    GAP = "gap"
    """A StreamGap where nothing can have been lost, or one that does not fit."""
    RESUME = "resume"
    """The subscriber itself did not go on after its last cursor: a fault of the harness."""
    BEGUN = "begun"
    """A platform was asked to begin more deployments than there are."""
    STUCK = "stuck"
    """The job never ended."""


@frozen
class Violation:
    """A promise that was broken, with the events around."""

    kind: Kind
    stream: str
    subscriber: str
    message: str
    around: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"[{self.kind.value}] {self.stream}, {self.subscriber}: {self.message}"]
        return "\n".join([*lines, *(f"    {line}" for line in self.around)])


@dataclass(slots=True)
class Session:
    """One subscription: it asked for what follows `after`, and received events until it ended."""

    after: str | None
    events: list[Event] = field(default_factory=list[Event])
    completed: bool = False
    """Whether the server said that it was over."""


@dataclass(slots=True)
class Received:
    """All that one subscriber received."""

    name: str
    sessions: list[Session] = field(default_factory=list[Session])

    @property
    def events(self) -> list[Event]:
        return [event for session in self.sessions for event in session.events]

    @property
    def finished(self) -> bool:
        return bool(self.sessions) and any(event["__typename"] in TERMINAL for event in self.sessions[-1].events)


@frozen
class Stored:
    """A generation or deployment as the API tells it in the end. `text` is None where it has no artifact."""

    status: str
    attempt: int
    reason: str | None = None
    message: str | None = None
    text: str | None = None
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: tuple[str, ...] = ()
    """Files that are said not to have come whole."""
    base: Mapping[str, str] = field(default_factory=dict[str, str])
    """The files that it started from."""
    answers: tuple[tuple[str, str], ...] | None = None
    """Provider and model of each answer on the record; None where that was not looked at."""
    lines: tuple[str, ...] | None = None
    """A deployment's log, each line with its number."""


Places = dict[tuple[str, int], str]
"""What a subscriber has had up to a position (epoch and seq), as a digest."""


def check(
    stream: str, received: Sequence[Received], stored: Stored, *, may_have_gaps: bool, places: Places | None = None
) -> list[Violation]:
    """Return everything that is wrong. `places` collects what was seen where, to compare with later subscribers."""
    places = {} if places is None else places
    return [
        violation
        for one in received
        for violation in _Reading(stream, one, stored, may_have_gaps=may_have_gaps, places=places).violations()
    ]


@dataclass(slots=True)
class _Reading:
    """One subscriber's way through a stream, rebuilt as a client does."""

    stream: str
    received: Received
    stored: Stored
    may_have_gaps: bool
    places: Places
    epoch: str | None = None
    seq: int = 0
    attempt: int = 0
    text: str = ""
    files: dict[str, str] = field(default_factory=dict[str, str])
    whole: dict[str, str] = field(default_factory=dict[str, str])
    halves: set[str] = field(default_factory=set[str])
    """Files that were begun and have not come whole since."""
    come: set[str] = field(default_factory=set[str])
    """Files that have come, not counting those that were kept."""
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    lines: list[str] = field(default_factory=list[str])
    holed: bool = False
    """Whether a gap has taken away what the text began with."""
    chain: hashlib.blake2b | None = field(default_factory=lambda: hashlib.blake2b(digest_size=12))
    """Of all that came in this epoch; None once that is not everything."""
    run: tuple[str, str | None] | None = None
    """The kind and path of neighbouring text, which may come joined or not."""
    over: bool = False
    found: list[Violation] = field(default_factory=list[Violation])
    index: int = -1

    def violations(self) -> list[Violation]:
        self._check_resumes()
        for index, event in enumerate(self.received.events):
            self.index = index
            self._take(event)
        self._check_end()
        return self.found

    def _check_resumes(self) -> None:
        last: str | None = None
        for session in self.received.sessions:
            if session.after != last:
                self._wrong(Kind.RESUME, f"It resumed after {session.after}, but its last cursor was {last}.")
            last = session.events[-1]["cursor"] if session.events else last
            if session.completed and not any(event["__typename"] in TERMINAL for event in session.events):
                self._wrong(Kind.TERMINAL, "The server ended the subscription without a terminal event.")

    def _take(self, event: Event) -> None:
        kind = event["__typename"]
        if self.over:
            self._wrong(Kind.TERMINAL, f"{kind} came after the terminal event.")
            return
        position = _position(event)
        if position is None or position.seq != event["seq"]:
            self._wrong(Kind.REORDERED, f"The cursor {event['cursor']} is not of seq {event['seq']}.")
            return
        if kind == GAP:
            self._gap(event, position)
            return
        if not self._move(event, position):
            return
        self._apply(event, kind)
        self._compare(event)

    def _gap(self, event: Event, position: Cursor) -> None:
        if not self.may_have_gaps:
            self._wrong(Kind.GAP, "A StreamGap, but nothing can have been lost.")
        if event["fromSeq"] != self.seq + 1:
            self._wrong(Kind.GAP, f"A StreamGap from {event['fromSeq']} after seq {self.seq}.")
        if event["toSeq"] is None:
            self.attempt, self.lines = 0, []
            self._reset()
            self.chain, self.run = hashlib.blake2b(digest_size=12), None
        else:
            if event["toSeq"] < event["fromSeq"]:
                self._wrong(Kind.GAP, f"A StreamGap from {event['fromSeq']} back to {event['toSeq']}.")
            self.holed, self.chain = True, None
        self.epoch, self.seq = position.epoch, position.seq

    def _move(self, event: Event, position: Cursor) -> bool:
        """Go on to the event's position; return whether it follows the last one."""
        if self.epoch not in (None, STORED, position.epoch):
            self._wrong(Kind.LOST, f"The epoch changed from {self.epoch} to {position.epoch} without a StreamGap.")
            self.epoch, self.seq, self.chain = position.epoch, position.seq, None
            return False
        before, self.epoch = self.seq, position.epoch
        if position.seq <= before:
            kind = Kind.DUPLICATED if position.seq == before or self._was_there(event) else Kind.REORDERED
            self._wrong(kind, f"Seq {position.seq} came after seq {before}.")
            return False
        self.seq = position.seq
        if event["__typename"] == "LogLines":
            self._lines(event, before)
        elif position.seq > before + 1 and event["__typename"] not in _MERGED:
            self._wrong(Kind.LOST, f"Seqs {before + 1} to {position.seq - 1} never came.")
        return True

    def _lines(self, event: Event, before: int) -> None:
        numbers = [int(line["id"]) for line in event["lines"]]
        if numbers != list(range(before + 1, event["seq"] + 1)):
            self._wrong(Kind.LOST, f"Lines {numbers} came after seq {before}.")
        self.lines += [numbered(line) for line in event["lines"]]

    def _was_there(self, event: Event) -> bool:
        earlier = self.received.events[: self.index]
        return any(one["cursor"] == event["cursor"] for one in earlier)

    def _apply(self, event: Event, kind: str) -> None:
        match kind:
            case "AttemptStarted":
                self._attempt(event)
            case "TokenDelta":
                self._check_started(kind)
                if not self.holed and event["offset"] != len(self.text):
                    kind_of = Kind.LOST if event["offset"] > len(self.text) else Kind.DUPLICATED
                    self._wrong(kind_of, f"Text at offset {event['offset']}, but {len(self.text)} characters came.")
                self.text += event["text"]
            case "FileStarted" | "FileDelta" | "FileCompleted":
                self._file(event, kind)
            case "FileDiscarded":  # of a path that was refused, nothing has come
                self.files.pop(event["path"], None)
            case "FileKept":
                content = self.stored.base.get(event["path"], "")
                self._complete(event, content.encode())
            case "FileRemoved":
                if self.whole.pop(event["path"], None) is None and not self.holed:
                    self._wrong(Kind.LOST, f"{event['path']} is removed, which never came.")
                self.come.discard(event["path"])
            case "GenerationFinished" | "DeploymentFinished":
                self._finish(event)
            case _:
                pass

    def _attempt(self, event: Event) -> None:
        if event["attempt"] < self.attempt:
            self._wrong(Kind.REORDERED, f"Attempt {event['attempt']} started after attempt {self.attempt}.")
        self.attempt = event["attempt"]
        self.answers.append((event["provider"], event["model"]))
        if event["resetsText"]:
            self._reset()

    def _reset(self) -> None:
        self.text, self.files, self.whole, self.holed = "", {}, {}, False
        self.halves, self.come = set(), set()

    def _check_started(self, kind: str) -> None:
        if not self.attempt and not self.holed:
            self._wrong(Kind.LOST, f"{kind} came before any attempt started.")

    def _file(self, event: Event, kind: str) -> None:
        path = event["path"]
        if kind == "FileStarted":
            self._check_started(kind)
            self.files[path] = ""
            self.halves.add(path)
        elif path not in self.files:
            if not self.holed:
                self._wrong(Kind.LOST, f"{kind} of {path}, which never started.")
        elif kind == "FileDelta":
            self.files[path] += event["text"]
        else:
            self._complete(event, self.files.pop(path).encode())
            self.halves.discard(path)
            self.come.add(path)

    def _complete(self, event: Event, content: bytes) -> None:
        self.whole[event["path"]] = content.decode()
        if not self.holed and (hashlib.sha256(content).hexdigest(), len(content)) != (event["sha256"], event["bytes"]):
            self._wrong(
                Kind.ARTIFACT, f"{event['path']} is announced with {event['bytes']} bytes; {len(content)} came."
            )

    def _finish(self, event: Event) -> None:
        self.over = True
        told = (event["status"], event["reason"])
        if told != (self.stored.status, self.stored.reason):
            self._wrong(Kind.TERMINAL, f"It ended as {told}, the record as {(self.stored.status, self.stored.reason)}.")
        now = event.get("generation") or event.get("deployment")
        if now is not None and now["status"] != event["status"]:
            self._wrong(Kind.TERMINAL, f"It ended as {event['status']} while the record said {now['status']}.")
        if self.stored.text is not None and not self.holed:
            self._check_artifact(self.stored.text)
            self._check_missing(event)
        if self.stored.answers is not None and not self.holed:
            self._check_answers(list(self.stored.answers))
        if self.stored.lines is not None and not self.holed and self.lines != list(self.stored.lines):
            told, kept = len(self.lines), len(self.stored.lines)
            self._wrong(Kind.ARTIFACT, f"Its {told} lines are not the {kept} that are stored.")

    def _check_answers(self, recorded: list[tuple[str, str]]) -> None:
        """Compare who began to answer with the record. A delivery that comes between the end of the record and that of
        the stream closes it, and tells all that is stored again, as if the last one had answered once more.
        """
        if self.answers not in (recorded, [*recorded, *recorded[-1:]]):
            self._wrong(Kind.ARTIFACT, f"{self.answers} began to answer; on the record are {tuple(recorded)}.")

    def _check_artifact(self, text: str) -> None:
        if self.text != text:
            self._wrong(Kind.ARTIFACT, f"Its text ({_size(self.text)}) is not the stored text ({_size(text)}).")
        files = self.whole
        if files != dict(self.stored.files):
            wrong = [path for path in {*files, *self.stored.files} if files.get(path) != self.stored.files.get(path)]
            self._wrong(Kind.ARTIFACT, f"Its files are not the stored ones: {', '.join(sorted(wrong))}.")

    def _check_missing(self, event: Event) -> None:
        """What was begun and is not whole is named, or counted where it is much; COMPLETED lacks nothing."""
        missing, told = set(self.stored.missing), event["message"] or ""
        is_silent = event["status"] == "COMPLETED" or not _told(missing, told)
        if missing & self.come or self.halves - missing or (missing and is_silent):
            begun, come = sorted(self.halves), sorted(self.come)
            self._wrong(Kind.ARTIFACT, f"Missing are {sorted(missing)}; begun were {begun}, whole came {come}: {told}")

    def _compare(self, event: Event) -> None:
        """At one position everybody has had the same."""
        if self.chain is None or self.epoch is None:
            return
        run = (event["__typename"], event.get("path"))
        if event["__typename"] == "LogLines":
            self.chain.update("".join(f"\0{numbered(line)}" for line in event["lines"]).encode())
        elif event["__typename"] not in _MERGED:
            self.chain.update(json.dumps(_content(event)).encode())
        elif run == self.run:
            self.chain.update(event["text"].encode())
        else:
            self.chain.update(f"\0{run}{event.get('offset')}\0{event['text']}".encode())
        self.run = run
        digest = self.chain.hexdigest()
        if self.places.setdefault((self.epoch, self.seq), digest) != digest:
            self._wrong(Kind.ARTIFACT, f"Up to seq {self.seq} another subscriber had something else.")
            self.chain = None  # said once

    def _check_end(self) -> None:
        if not self.over:
            self.index = len(self.received.events)
            self._wrong(Kind.TERMINAL, "No terminal event came.")

    def _wrong(self, kind: Kind, message: str) -> None:
        self.found.append(Violation(kind, self.stream, self.received.name, message, tuple(self._around())))

    def _around(self) -> Iterator[str]:
        events = self.received.events
        resumed = {sum(len(session.events) for session in self.received.sessions[:n]) for n in range(1, 10_000)}
        for index in range(max(self.index - _AROUND, 0), min(self.index + _AROUND + 1, len(events))):
            if index and index in resumed:
                yield "-- resumed --"
            yield f"{'>' if index == self.index else ' '} {_line(events[index])}"


def numbered(line: Event) -> str:
    """Write a line of a log with its number."""
    return f"{line['id']} {line['stream']} {line['level']} {line['message']}"


def _position(event: Event) -> Cursor | None:
    try:
        return decode(event["cursor"])
    except Invalid:
        return None


def _told(missing: AbstractSet[str], message: str) -> bool:
    """Return whether a message names what is missing; of more than some it names the first and counts the rest."""
    match = _MISSING.search(message)
    if match is None:
        return False
    named = set(match["named"].split(", "))
    return named <= missing and len(missing) == len(named) + int((match["more"] or "0").replace(",", ""))


def _content(event: Event) -> list[Any]:
    """Return what an event says, without when it was read and the record as it was then."""
    return sorted((name, value) for name, value in event.items() if name not in _PASSING)


def _line(event: Event) -> str:
    position = _position(event)
    rest = {name: value for name, value in event.items() if name not in ("__typename", "cursor", "seq", "at")}
    shown = json.dumps({name: value[:60] if isinstance(value, str) else value for name, value in rest.items()})
    return f"{position.epoch if position else '?'} {event['seq']:>6} {event['__typename']} {shown}"


def _size(text: str) -> str:
    return f"{len(text.encode())} bytes"
