"""A team with things of every kind, asked in this process: what a call came to, and whether that is allowed."""

# graphql-core's types of types are generic without arguments.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from graph.encoding import decoded
from graph.schema import schema
from resolvers.context import Context
from services.bootstrap import Services, opened
from services.core.actor import Actor
from services.core.clock import iso, utc_now
from services.core.ids import new_id, prefix_of
from services.foundation.auth.tokens import Subject
from tests.fuzz.calls import Call, Caller
from tests.fuzz.values import Ref
from tests.resolvers.test_authorization import Things, built
from tests.slice import Caller as Member
from tests.snapinfra import Server

LONGEST: Final = 20.0
"""Seconds that a call may take on the slowest machine: what takes longer does not end."""
_LISTENED: Final = 0.3
"""Seconds that a subscription is listened to that has nothing to tell."""
_ID: Final = re.compile(r'"([a-z]{3,12}_[0-9a-z]{26})"')
_CURSOR: Final = re.compile(r'"(?:endCursor|cursor|startCursor)": ?"([^"]+)"')
_ENDS: Final = (
    "delete",
    "remove",
    "revoke",
    "leave",
    "transfer",
    "move",
    "changeMember",
    "cancel",
    "replace",
    "rotate",
)
"""How mutations are called that take away what other calls need: they get what calls have made."""


class _First:
    """Hears the first result of an operation, and no more."""

    answer: ExecutionResult | None = None

    async def hear(self, result: bytes) -> bool:
        said: Any = json.loads(result)
        errors = [GraphQLError(one["message"], extensions=one.get("extensions")) for one in said.get("errors", ())]
        self.answer = ExecutionResult(said.get("data"), errors)
        return False

    def hear_now(self, results: Sequence[bytes]) -> bool:
        del results
        return False


@dataclass
class Stage:
    services: Services
    actors: dict[Caller, Actor | None]
    ids: dict[str, list[str]]
    """By kind: what was there before the first call."""
    made: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By kind: what calls have made."""
    cursors: list[str] = field(default_factory=list[str])
    codes: "Counter[tuple[str, str]]" = field(default_factory=Counter[tuple[str, str]])
    """How often a root field was answered so."""

    async def play(self, call: Call) -> str | None:
        """Make a call; return what is wrong about how it was answered, or None."""
        text, given = call.document(lambda ref: self._value(ref, call))
        try:
            variables: Any = decoded(given) if call.decoded else json.loads(given)
        except ValueError:
            self.codes[call.name, "NO_JSON"] += 1
            return None
        context = Context(self.services, signed_in=self.actors[call.caller], address="127.0.0.1")
        try:
            async with asyncio.timeout(LONGEST):
                answer = await self._answer(call, text, variables, context)
        except TimeoutError:
            return f"no answer within {LONGEST:.0f} s"
        except Exception as escaped:  # noqa: BLE001 - that none escapes is what is looked at
            return f"{type(escaped).__name__} escaped: {escaped}"
        return self._judged(call, answer)

    async def _answer(self, call: Call, text: str, variables: Any, context: Context) -> Any:
        if call.operation != "subscription":
            return await schema().execute(text, variables, context)
        first = _First()
        responding = asyncio.create_task(schema().respond(first, text, variables, context))
        done, _ = await asyncio.wait({responding}, timeout=_LISTENED)
        if not done:
            responding.cancel()
            await asyncio.wait({responding})
            return None
        errors = responding.result()
        return ExecutionResult(None, errors) if errors else first.answer

    def _judged(self, call: Call, answer: Any) -> str | None:
        errors = [] if answer is None else [error.formatted for error in answer.errors or []]
        data = None if answer is None else answer.data
        shown: Any = (data or {}).get(call.name)
        told = shown.get("userErrors") or [] if isinstance(shown, dict) else []
        codes = [str(error.get("extensions", {}).get("code")) for error in errors] + [str(one["code"]) for one in told]
        self.codes.update((call.name, code) for code in codes or ["FINE"])
        try:
            text = json.dumps({"data": data, "errors": errors}, default=str)
            text.encode()
        except (ValueError, TypeError, RecursionError) as unwritten:
            return f"the answer can't be written: {unwritten}"
        if not codes:
            for one in _ID.findall(text):
                kind = prefix_of(one)
                if kind and one not in self.ids[kind] and one not in self.made[kind] and call.operation == "mutation":
                    self.made[kind].append(one)
            self.cursors = [*_CURSOR.findall(text), *self.cursors][:100]
        wrong = [code for code in codes if code in {"INTERNAL", "None"}]
        return f"{', '.join(wrong)}: {errors or told}" if wrong else None

    def _value(self, ref: Ref, call: Call) -> str:
        if ref.kind == "now":
            return iso(utc_now())
        if ref.kind == "cursor":
            return self.cursors[ref.nth % len(self.cursors)] if self.cursors else ""
        kind = ref.kind if ref.kind in self.ids else _kind_of(call.name)
        among = self.made[kind] if call.name.startswith(_ENDS) else [*self.ids[kind], *self.made[kind][-3:]]
        return among[ref.nth % len(among)] if among else new_id("project")


def _kind_of(root: str) -> str:
    """Return of what kind a root field's `id` is."""
    kinds = {"documentationPage": "page", "generationEvents": "generation", "deploymentEvents": "deployment"}
    return kinds.get(root, root if root.isalpha() and root.islower() else "project")


@asynccontextmanager
async def staged(server: Server) -> AsyncGenerator[Stage]:
    """Make a team with things of every kind on a server, and open its services in this process."""
    things = await built(server)
    async with AsyncExitStack() as stack:
        services = (await stack.enter_async_context(opened(server.config, {}))).services
        yield Stage(services, await _actors(things, services), _ids(things))


async def _actors(things: Things, services: Services) -> dict[Caller, Actor | None]:
    async def key(caller: Member) -> Actor:
        holder = things.callers[caller]
        assert holder is not None
        return (await services.api_keys.enter(holder.token))[1]

    return {
        Caller.OWNER: await services.users.actor(Subject(things.ids["owner"])),
        Caller.KEY: await key(Member.WRITE_KEY),
        Caller.ANALYTICS_KEY: await key(Member.ANALYTICS_KEY),
        Caller.ADMIN: await services.users.actor(Subject("user_root")),
        Caller.ANONYMOUS: None,
    }


def _ids(things: Things) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for name, value in things.ids.items():
        kind = {"owner": "user", "viewer": "user"}.get(name, name)
        ids[kind].append(value)
    return ids
