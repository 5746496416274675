"""The load of a run of mutations: generations of several users at once, each said a changed stream, each judged."""

import asyncio
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.fakes.llm import Behaviour, Body, FakeLLM, Recorded
from tests.mutations.bases import KINDS, SAYS, THOUGHTS, frames, whole
from tests.mutations.changes import changed
from tests.mutations.judge import Sent, faults
from tests.snapinfra import Server, User, events

PATIENCE: Final = 180.0
"""Seconds in which a generation has to end."""
PROGRESS: Final = 250
"""Cases after which a line says how far it is."""
_GENERATION: Final = """
query($id: ID!) {
  generation(id: $id) {
    status reason message text missingFiles files { path content }
    usage { inputTokens outputTokens cachedTokens reasoningTokens }
    attempts { outcome isEstimated usage { inputTokens outputTokens cachedTokens reasoningTokens } }
  }
}"""
_WORD: Final = re.compile(r"\bcase\d{5}\b")
_BOUNDARY: Final = re.compile(r"^=== ([0-9a-zA-Z]+) MANIFEST$", re.MULTILINE)
_FRAMES: Final = frames()


def server_settings(fake: FakeLLM) -> dict[str, str]:
    """Return the settings of a server whose providers are the fake; a failing one is asked again at once."""
    return {
        **fake.settings,
        "AI_COOLDOWN": "0",
        "WORKER_GENERATIONS": "32",
        "JOB_LEASE_SECONDS": "60",
    }


@dataclass
class Case:
    """One generation: how its streams are made and changed. The seed decides everything but the prompt's boundary."""

    number: int
    seed: int
    chance: Random = field(init=False)
    kind: str = field(init=False)
    frame: str = field(init=False)
    most_changed: int = field(init=False)
    """How many of its requests are said a changed stream; later ones are said a good one."""
    sent: list[Sent] = field(default_factory=list[Sent])
    names: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.seed} {self.number}")  # noqa: S311 - mutations, not secrets
        self.kind = KINDS[self.number % len(KINDS)]
        self.frame = self.chance.choice([*_FRAMES])
        self.most_changed = self.chance.choice((1, 1, 1, 2, 99))

    @property
    def word(self) -> str:
        return f"case{self.number:05}"

    def answer(self, request: Recorded) -> Behaviour:
        """Return what a request is said, and note it (on the fake's thread)."""
        match = _BOUNDARY.search("\n".join(message["content"] for message in request.body["messages"]))
        boundary = match[1] if match is not None else ""
        text = SAYS[self.kind](boundary)
        if self.chance.random() < 0.2:
            text = THOUGHTS + text
        stream, cut = whole(_FRAMES[self.frame], text, self.chance), None
        if len(self.sent) < self.most_changed:
            stream, names = changed(stream, self.chance)
            self.names += names
            cut = self.chance.randint(0, len(stream)) if self.chance.random() < 0.1 else None
        self.sent.append(Sent(stream if cut is None else stream[:cut], cut is not None, boundary))
        size = self.chance.choice((None, None, None, 1, 7, 100)) if len(stream) < 20_000 else None
        return Body(stream, write_size=size, cut_after=cut)


class _Errors(logging.Handler):
    """Keeps what the server logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Load:
    """Runs cases; what it finds wrong is in `violations`."""

    server: Server
    fake: FakeLLM
    cases: int
    seed: int
    only: frozenset[int] = frozenset()
    """The cases to run; empty for all."""
    endings: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By kind and status with its reason."""
    changes: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])
    requests: int = 0
    _begun: int = 0
    _playing: dict[str, Case] = field(default_factory=dict[str, Case])

    async def run(self, *, at_once: int) -> None:
        self.fake.choose = self._choose
        errors = _Errors()
        logging.getLogger().addHandler(errors)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(self._user())
        finally:
            logging.getLogger().removeHandler(errors)
        self.violations += [f"The server logged an error: {line}" for line in errors.lines]

    def _choose(self, request: Recorded) -> Behaviour | None:
        match = _WORD.search("\n".join(message["content"] for message in request.body["messages"]))
        return None if match is None else self._playing[match[0]].answer(request)

    def _next(self) -> Iterator[Case]:
        while self._begun < self.cases:
            self._begun += 1
            if not self.only or self._begun in self.only:
                yield Case(self._begun, self.seed)

    async def _user(self) -> None:
        user = self.server.user()
        project_id = (await user.project())["id"]
        await events(user, await user.generate(project_id, "SCHEMA"))
        for case in self._next():
            self._playing[case.word] = case
            await self._one(user, project_id, case)
            if not case.number % PROGRESS:
                sys.stdout.write(f"{case.number} of {self.cases}\n")

    async def _one(self, user: User, project_id: str, case: Case) -> None:
        """Have one generation said its streams, and judge it."""
        model = case.chance.choice(("groq-model", "openai-model"))
        options = {"model": model, "maxTokens": 4000}
        generation_id = await user.generate(project_id, case.kind, prompt=f"Notes, {case.word}", options=options)
        try:
            happened = await events(user, generation_id, patience=PATIENCE)
        except TimeoutError:
            self._wrong(case, "It has not ended.")
            return
        answer = await user.result(_GENERATION, id=generation_id)
        if "errors" in answer:
            self._wrong(case, f"It cannot be shown: {answer['errors']}")
            return
        record: dict[str, Any] = answer["data"]["generation"]
        for fault in faults(case.kind, case.sent, record, happened):
            self._wrong(case, fault)
        reason = f" ({record['reason']})" if record["reason"] else ""
        self.endings[case.kind, f"{record['status']}{reason}"] += 1
        self.changes.update(case.names)
        self.requests += len(case.sent)
        self.fake.requests.clear()

    def _wrong(self, case: Case, message: str) -> None:
        said = "\n".join(f"    {each.stream!r}{' (cut)' if each.is_cut else ''}" for each in case.sent[-2:])
        self.violations.append(f"{case.word} {case.kind} {case.frame} {case.names}: {message}\n{said}")
