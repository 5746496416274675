"""A mixed load: visitors who make projects, generate, follow, lose their sockets, come again, ask, and tidy up."""

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from cli.client import Refused
from tests.snapinfra import GENERATION, Server, User, rebuilt

LONGEST: Final = 120.0
"""Seconds that a generation may take."""

_SHOWN: Final = """query($id: ID!) {
  project(id: $id) { id name status description deployments(first: 5) { nodes { id } } }
  projects(first: 10) { nodes { id name } }
}"""
_TOLD: Final = "query($id: ID!) { generation(id: $id) { status text files { path content } } }"
_RENAME: Final = """mutation($input: UpdateProjectInput!) {
  updateProject(input: $input) { project { id } userErrors { message } } }"""
_DELETE: Final = """mutation($id: ID!) {
  deleteProject(input: {projectId: $id}) { userErrors { message } } }"""


@dataclass(eq=False)
class Visitors:
    """What visitors of a server did, and what was wrong."""

    server: Server
    chance: Random
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    done: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])

    async def visit(self) -> None:
        """Come, as a user whom nobody has seen before, until told to stop."""
        user = self.server.user()
        while not self.stop.is_set():
            try:
                await self._once(user)
            except (Refused, AssertionError, OSError, TimeoutError, KeyError) as wrong:
                self.violations.append(f"a visit ended with {wrong!r}")
                await asyncio.sleep(1)

    async def watch(self) -> None:
        """Open sockets that follow what goes on in a project, each for a while, until told to stop."""
        user = self.server.user()
        project_id = (await user.project())["id"]
        while not self.stop.is_set():
            self.done["sockets that came and went"] += 1
            try:
                async with asyncio.timeout(self.chance.uniform(0.1, 3)):
                    query = "subscription($id: ID!) { projectEvents(projectId: $id) { __typename } }"
                    async with aclosing(user.follow(query, id=project_id)) as results:
                        async for _ in results:
                            pass
            except TimeoutError:
                pass

    async def _once(self, user: User) -> None:
        project_id = (await user.project())["id"]
        generation_id = await user.generate(project_id, "SCHEMA")
        async with asyncio.timeout(LONGEST):
            happened = await self._follow(user, generation_id)
        await self._compare(user, generation_id, happened)
        for _ in range(self.chance.randint(1, 5)):
            await user.ask(_SHOWN, id=project_id)
            self.done["queries"] += 1
        await user.ask(_RENAME, input={"projectId": project_id, "name": "Renamed"})
        await user.ask(_DELETE, id=project_id)
        self.done["mutations"] += 4
        await asyncio.sleep(self.chance.uniform(0, 0.5))

    async def _follow(self, user: User, generation_id: str) -> list[Any]:
        """Follow a generation to its end; now and then the socket is cut, and the cursor goes on with another one."""
        happened: list[Any] = []
        while not happened or happened[-1]["__typename"] != "GenerationFinished":
            most = self.chance.choice([3, 10, 10_000])
            after = happened[-1]["cursor"] if happened else None
            async with aclosing(user.follow(GENERATION, id=generation_id, after=after)) as results:
                async for result in results:
                    happened.append(result["data"]["generationEvents"])
                    most -= 1
                    if not most:
                        self.done["sockets cut"] += 1
                        break
        return happened

    async def _compare(self, user: User, generation_id: str, happened: list[Any]) -> None:
        """Compare what came with what is stored."""
        stored = (await user.ask(_TOLD, id=generation_id))["generation"]
        seqs = [event["seq"] for event in happened]
        assert seqs == sorted(set(seqs)), f"{generation_id}: seqs {seqs}"
        text, files = rebuilt(happened)
        assert (text, files) == (stored["text"], {file["path"]: file["content"] for file in stored["files"]})
        self.done[f"generations {stored['status']}"] += 1
