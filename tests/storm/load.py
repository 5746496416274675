"""The load of a storm: pairs of jobs, a CODE generation and a deployment of it, each pair a project's own.

What each job did to the world is counted where the world sees it, and must be one of each.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import httpx

from cli.operations import CONNECT
from services.core.frozen import frozen
from tests.chaos.checker import Received, check
from tests.chaos.client import Client, token_for
from tests.chaos.subscriber import Subscriber
from tests.chaos.tally import Tally
from tests.fakes.targets.kinds import KINDS
from tests.snapinfra import User
from tests.storm.stage import Stage

USERS: Final = 6
PATIENCE: Final = 120.0
"""Seconds until a backend has started, and until it has stopped."""

NOTICES: Final = 4
"""What is told of a pair: that the generation is queued, its end, the deployment answers, and its end."""

_SCHEMA: Final = """
mutation($id: ID!) {
  saveSchema(input: {projectId: $id, tables: [{
    name: "notes", fields: [{name: "id", type: STRING, primaryKey: true}]
  }]}) { userErrors { message } }
}"""
_WEBHOOK: Final = """
mutation($url: String!) {
  createWebhook(
    input: {url: $url, events: [GENERATION_QUEUED, GENERATION_FINISHED, DEPLOYMENT_SUCCEEDED, DEPLOYMENT_FINISHED]}
  ) { userErrors { message } }
}"""
_ACTIVITY: Final = "query($id: ID!) { project(id: $id) { activity(first: 100) { nodes { verb entityId } } } }"
_USAGE: Final = "{ usage { totals { attempts } } }"


@dataclass(eq=False)
class Pair:
    """A project with its two jobs, and their subscribers."""

    user: User
    project_id: str
    platform: str
    generation_id: str = ""
    deployment_id: str = ""
    subscribers: list[Subscriber] = field(default_factory=list[Subscriber])


@frozen
class Load:
    """`run` does all the pairs; `violations` says where a job had anything but one effect of each kind."""

    stage: Stage
    chance: Random
    http: httpx.AsyncClient
    tally: Tally = field(default_factory=Tally)
    pairs: list[Pair] = field(default_factory=list[Pair])

    async def run(self, pairs: int, *, at_once: int, with_notifications: bool) -> None:
        """Do so many pairs to their ends, and wait for the last message, or the last but those of notifications."""
        users = [User(self.stage.fleet.urls[0], token_for(f"storm-{n}", self.stage.config)) for n in range(USERS)]
        for user in users:
            await user.ask(_WEBHOOK, url=self.stage.calls.url)
            for name, fake in self.stage.targets.items():
                for kind, credentials in KINDS[name].integrations(fake).items():
                    await user.ask(CONNECT, type=kind, credentials=credentials)
        slots, platforms = asyncio.Semaphore(at_once), ["LOCAL", *self.stage.targets]
        async with asyncio.TaskGroup() as group:
            for number in range(pairs):
                group.create_task(self._pair(users[number % USERS], platforms[number % len(platforms)], slots))
        await self.stage.quiet(with_notifications=with_notifications)
        started = sum(pair.platform == "LOCAL" for pair in self.pairs)
        await self.stage.calls.until(NOTICES * pairs + started)

    async def _pair(self, user: User, platform: str, slots: asyncio.Semaphore) -> None:
        async with slots:
            client, token = Client(self.stage.fleet.urls, self.http, self.chance, self.tally), user.token
            pair = Pair(user, await client.project(token, "Notes"), platform)
            self.pairs.append(pair)
            await user.ask(_SCHEMA, id=pair.project_id)
            pair.generation_id = await client.generate(token, pair.project_id, "CODE")
            await self._subscriber(pair, pair.generation_id, lambda _: None).follow()
            called = f"http://127.0.0.1:{self.stage.calls.port}/started/{pair.project_id}"
            pair.deployment_id = await user.deploy(
                pair.project_id,
                pair.generation_id,
                platform=platform,
                environmentVariables=[{"name": "CALLED", "value": called}],
            )
            await self._deployed(client, pair)

    async def _deployed(self, client: Client, pair: Pair) -> None:
        """Follow a deployment to its end, which is asked for some time after it is live."""
        live = asyncio.Event()
        subscriber = self._subscriber(pair, pair.deployment_id, lambda _: _is_live(subscriber) and live.set())
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(subscriber.follow())
            await live.wait()
            await asyncio.sleep(self.chance.uniform(0, 3))
            await client.cancel(pair.user.token, pair.deployment_id)

    def _subscriber(self, pair: Pair, stream: str, noticed: Callable[[str], object]) -> Subscriber:
        received = Received("the subscriber")
        subscriber = Subscriber(
            stream, self.stage.fleet.urls, pair.user.token, received, self.chance, self.tally, noticed
        )
        pair.subscribers.append(subscriber)
        return subscriber

    def _starts(self, pair: Pair) -> int:
        return sum(call.path == f"/started/{pair.project_id}" for call in self.stage.calls.received)

    async def violations(self) -> Sequence[str]:
        """Compare what happened with what is to happen once."""
        notices = Counter(await self.stage.notices())
        told = Counter(_of(call.body) for call in self.stage.calls.received if call.path == "/hook")
        violations = [f"notices: {notice!r} came {count} times" for notice, count in notices.items() if count != 1]
        violations += [f"webhooks: {message} came {count} times" for message, count in told.items() if count != 1]
        violations += [f"surprise: {surprise}" for surprise in self.stage.fleet.surprises]
        expected = NOTICES * len(self.pairs)
        violations += [f"notices: {len(notices)}, not {expected}"] if len(notices) != expected else []
        violations += [f"webhooks: {len(told)} messages, not {expected}"] if len(told) != expected else []
        for pair in self.pairs:
            violations += await self._of_pair(pair)
        for name, fake in self.stage.targets.items():
            begun, asked = KINDS[name].begun(fake), sum(pair.platform == name for pair in self.pairs)
            violations += [f"{name}: {begun} deployments begun, not {asked}"] if begun != asked else []
        return [*violations, *await self._of_usage()]

    async def _of_pair(self, pair: Pair) -> Sequence[str]:
        client = Client(self.stage.fleet.urls, self.http, self.chance, self.tally)
        violations: list[str] = []
        for subscriber in pair.subscribers:
            stored, _ = await client.stored(pair.user.token, subscriber.stream)
            violations += map(str, check(subscriber.stream, [subscriber.received], stored, may_have_gaps=False))
        where = f"generations/{pair.generation_id}/attempt-1"
        objects = await asyncio.to_thread(self.stage.objects, pair.generation_id)
        facts = {
            "artifacts": (objects, [f"{where}/archive.zip", f"{where}/artifact.json"]),
            "generation": (await self._record(pair.generation_id), ("COMPLETED", "1", "0", "0")),
            "deployment": (await self._deployment(pair), ("CANCELED", "1", "0", "0")),
            "starts": (self._starts(pair), int(pair.platform == "LOCAL")),
            "transitions": (_statuses(pair.subscribers[-1]), ["BUILDING", "DEPLOYING", "SUCCESS", "CANCELED"]),
            "activity": (await self._activity(pair), _EXPECTED),
        }
        return violations + [
            f"{pair.project_id}: {name}: {is_so}, not {is_to_be}"
            for name, (is_so, is_to_be) in facts.items()
            if is_so != is_to_be
        ]

    async def _record(self, job_id: str) -> tuple[str, ...]:
        record = await asyncio.to_thread(self.stage.record, job_id)
        return tuple(str(record.get(name, "0")) for name in ("status", "attempt", "crashes", "failures"))

    async def _deployment(self, pair: Pair) -> tuple[str, ...]:
        status, attempt, *failures = await self._record(pair.deployment_id)
        return (status, attempt if pair.platform == "LOCAL" else "1", *failures)  # elsewhere each look is an attempt

    async def _activity(self, pair: Pair) -> Mapping[str, Sequence[str]]:
        shown = await pair.user.ask(_ACTIVITY, id=pair.project_id)
        of_jobs = {pair.generation_id: "generation", pair.deployment_id: "deployment"}
        verbs: dict[str, list[str]] = {"generation": [], "deployment": []}
        for entry in shown["project"]["activity"]["nodes"]:
            if (job := of_jobs.get(entry["entityId"])) is not None:
                verbs[job].append(entry["verb"])
        return {job: sorted(noted) for job, noted in verbs.items()}

    async def _of_usage(self) -> Sequence[str]:
        """A generation whose provider was asked twice, or that was settled twice, shows in what its team used."""
        counted: Counter[str] = Counter()
        for user in {pair.user for pair in self.pairs}:
            counted.update((await user.ask(_USAGE))["usage"]["totals"])
        expected = {"attempts": len(self.pairs)}
        return [f"usage: {dict(counted)}, not {expected}"] if counted != expected else []


_EXPECTED: Final = {
    "generation": ["COMPLETED", "CREATED"],
    "deployment": ["CANCELED", "CREATED", "LIVE"],
}


def _of(body: str) -> tuple[str, str, str]:
    """Name a webhook's message by what it tells of."""
    message = json.loads(body)
    data = message["data"]
    return message["type"], data.get("deploymentId") or data["generationId"], data["status"]


def _is_live(subscriber: Subscriber) -> bool:
    return "SUCCESS" in _statuses(subscriber)


def _statuses(subscriber: Subscriber) -> Sequence[str]:
    kinds = {"DeploymentStatusChanged", "DeploymentFinished"}
    return [event["status"] for event in subscriber.received.events if event["__typename"] in kinds]
