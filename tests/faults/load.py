"""The load of a fault run: generations of several users at once, each under a script, each judged."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from services.core.frozen import frozen
from tests.chaos.checker import Kind, Received, Stored, Violation, check
from tests.chaos.subscriber import Subscriber
from tests.chaos.tally import Tally
from tests.fakes.llm import Behaviour, FakeLLM, Recorded
from tests.faults.judge import Meant, faults
from tests.faults.scripts import CHANGED, KINDS, Playing, Script, drawn, wanted
from tests.snapinfra import Server, User, events

PATIENCE: Final = 60.0
"""Seconds in which a generation has to end."""
_GENERATION: Final = """
query($id: ID!) {
  generation(id: $id) {
    status reason message attempt text missingFiles finishedAt
    files { path content }
    attempts { provider model }
  }
}"""
_CANCEL: Final = "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { userErrors { message } } }"
_CONTINUE: Final = """
mutation($id: ID!) { continueGeneration(input: {generationId: $id}) { generation { id } userErrors { message } } }
"""
_WORD: Final = re.compile(r"\b(?:Users|Change it), (case\d{4})\b")
_FOLLOWED: Final = 0.7
"""Share of the generations that are gone on with or changed, where they can be."""


def server_settings(fake: FakeLLM) -> dict[str, str]:
    """Return the settings of a server whose providers are the fake; a failing one is asked again at once."""
    return {
        **fake.settings,
        "AI_CHUNK_TIMEOUT": "1",
        "AI_FIRST_TIMEOUT": "1",
        "AI_COOLDOWN": "0",
    }


@frozen
class Ended:
    """A generation that has ended, as the next one of its project may start from it."""

    id: str
    record: Mapping[str, Any]
    changes: bool
    """Whether it was to change its base."""

    @property
    def files(self) -> dict[str, str]:
        return {file["path"]: file["content"] for file in self.record["files"]}


@dataclass
class Load:
    """Runs scripts, each of which is one generation; what it finds wrong is in `violations`."""

    server: Server
    fake: FakeLLM
    scripts: int
    seed: int
    endings: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By kind and status with its reason."""
    followed: Counter[str] = field(default_factory=Counter[str])
    """Generations that went on with, or changed, another."""
    violations: list[Violation] = field(default_factory=list[Violation])
    playing: Playing = field(default_factory=Playing)
    tally: Tally = field(default_factory=Tally)
    answers: int = 0
    """Answers that providers began."""
    _begun: int = 0
    _texts: dict[str, list[Recorded]] = field(default_factory=dict[str, list[Recorded]])

    async def run(self, *, at_once: int) -> None:
        self.fake.choose = self._choose
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._user())

    def _choose(self, request: Recorded) -> Behaviour | None:
        """Return what the script says that this request is part of (on the fake's thread)."""
        words = _WORD.findall("\n".join(message["content"] for message in request.body["messages"]))
        if not words:
            return None
        word = words[-1]  # a chat quotes what was asked before
        self._texts.setdefault(word, []).append(request)
        return self.playing.next(request.dialect, word)

    def _start(self, word: str, script: Script) -> None:
        """Say what the provider will do, before it can be asked."""
        self._texts[word] = []
        self.playing.start(word, script)

    def _next(self) -> Iterator[int]:
        while self._begun < self.scripts:
            self._begun += 1
            yield self._begun

    async def _user(self) -> None:
        user = self.server.user()
        project_id = (await user.project())["id"]
        await events(user, await user.generate(project_id, "SCHEMA"))
        for script_number in self._next():
            chance = Random(f"{self.seed} {script_number}")  # noqa: S311 - faults, not secrets
            kind = KINDS[script_number % len(KINDS)]
            script, word = drawn(chance, kind), f"case{script_number:04}"
            fields = {"prompt": f"Users, {word}", "options": _options(script)}
            self._start(word, script)
            ended = await self._one(
                user, await user.generate(project_id, kind, **fields), script, word=word, chance=chance
            )
            await self._follow_up(user, project_id, ended, word, chance)

    async def _follow_up(self, user: User, project_id: str, ended: Ended, word: str, chance: Random) -> None:
        """Go on with what is INCOMPLETE, and change what is COMPLETED, each as a script of its own."""
        while chance.random() < _FOLLOWED and self._begun < self.scripts:
            kind = ended.record["kind"]
            goes_on = ended.record["status"] == "INCOMPLETE"
            can_change = ended.record["status"] == "COMPLETED" and CHANGED.get(kind) and not ended.changes
            if not goes_on and not can_change:
                return
            self._begun += 1
            changes = ended.changes if goes_on else True
            script = drawn(chance, kind, changes=changes)
            self._start(word, script)
            if goes_on:
                asked = await user.ask(_CONTINUE, id=ended.id)
                generation_id = asked["continueGeneration"]["generation"]["id"]
            else:
                fields = {"prompt": f"Change it, {word}", "options": _options(script), "baseGenerationId": ended.id}
                generation_id = await user.generate(project_id, kind, **fields)
            self.followed["goes on" if goes_on else "changes"] += 1
            ended = await self._one(user, generation_id, script, word=word, chance=chance, base=ended, changes=changes)

    async def _one(
        self,
        user: User,
        generation_id: str,
        script: Script,
        *,
        word: str,
        chance: Random,
        base: Ended | None = None,
        changes: bool = False,
    ) -> Ended:
        """Follow a generation to its end, cancel it if the script says so, and judge it."""
        received = [Received("from the start"), Received("late, resuming"), Received("after the end")]
        canceled = asyncio.create_task(self._cancel(user, generation_id, script.cancel_after))
        try:
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                group.create_task(self._subscriber(user, generation_id, received[0], chance).follow())
                group.create_task(self._late(user, generation_id, received[1], chance))
            await self._subscriber(user, generation_id, received[2], chance).follow()
        except TimeoutError:
            self._wrong(generation_id, Kind.STUCK, f"It has not ended in {PATIENCE:.0f} s.")
        was_canceled = await canceled
        record = (await user.ask(_GENERATION, id=generation_id))["generation"] | {"kind": script.kind}
        meant = Meant(
            script.kind,
            wanted(script.kind, changes=changes),
            [request.text for request in self._texts[word]],
            base.record["text"] if base is not None and not changes else "",
            was_canceled,
        )
        stored = _stored(record, base)
        self.violations += check(generation_id, received, stored, may_have_gaps=False)
        for fault in faults(meant, record, received[0].events):
            self._wrong(generation_id, Kind.ARTIFACT, f"{fault} {script}")
        reason = f" ({record['reason']})" if record["reason"] else ""
        self.endings[script.kind, f"{record['status']}{reason}"] += 1
        self.answers += len(record["attempts"])
        return Ended(generation_id, record, changes)

    async def _late(self, user: User, generation_id: str, received: Received, chance: Random) -> None:
        """Join late, lose the connection at some time, and resume."""
        subscriber = self._subscriber(user, generation_id, received, chance)
        await asyncio.sleep(chance.uniform(0, 0.5))
        following = asyncio.create_task(subscriber.follow())
        await asyncio.wait([following], timeout=chance.uniform(0, 1))
        subscriber.drop()
        await following

    def _subscriber(self, user: User, generation_id: str, received: Received, chance: Random) -> Subscriber:
        self.tally.subscribers += 1
        return Subscriber(generation_id, [user.url], user.token, received, chance, self.tally, lambda _: None)

    async def _cancel(self, user: User, generation_id: str, after: float | None) -> bool:
        """Ask for an end after so many seconds; return whether that was before it had ended."""
        if after is None:
            return False
        await asyncio.sleep(after)
        return not (await user.result(_CANCEL, id=generation_id))["data"]["cancelGeneration"]["userErrors"]

    def _wrong(self, generation_id: str, kind: Kind, message: str) -> None:
        self.violations.append(Violation(kind, generation_id, "the judge", message))


def _options(script: Script) -> dict[str, Any]:
    return {"model": f"{script.provider}-model", "maxTokens": script.max_tokens}


def _stored(record: Mapping[str, Any], base: Ended | None) -> Stored:
    return Stored(
        record["status"],
        record["attempt"],
        record["reason"],
        record["message"],
        record["text"],
        {file["path"]: file["content"] for file in record["files"]},
        missing=tuple(record["missingFiles"]),
        base=base.files if base is not None else {},
        answers=tuple((each["provider"], each["model"]) for each in record["attempts"]),
    )
