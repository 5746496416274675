"""Kills of workers: a program that deploys to fakes of all targets, and ends the worker at any moment.

    python -m tests.kills.run --kills 200 --seed 1

Each deployment loses its worker (SIGKILL) once or twice, after a random number of calls to its target. Afterwards it
must have succeeded, with one deployment at the target, and every line of its build told once and in order.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from cli.integrating import keep
from services.core.frozen import frozen
from tests.campaign import circumstances, concluded, parser
from tests.chaos.fleet import Fleet, Size, fleet
from tests.fakes.targets.kinds import KINDS, Kind
from tests.resolvers.deployed import EVENTS, lines
from tests.snapinfra import Server, User, events

MOST_CALLS: Final = 25
"""Calls to a target after which a worker is lost at the latest; a deployment takes about so many."""

PATIENCE: Final = 120.0
"""Seconds that a deployment may take with its crashes."""


@frozen
class Kills:
    """How it went."""

    kills: int
    seed: int
    seconds: float
    deployments: dict[str, int]
    """By target."""
    violations: Sequence[str]


@frozen
class Place:
    """A target with its fake, and a project to deploy there."""

    name: str
    kind: Kind
    fake: Any
    project_id: str
    generation_id: str


async def run(kills: int, seed: int, directory: Path) -> Kills:
    """Kill a worker so many times."""
    began, chance, violations = time.monotonic(), Random(seed), list[str]()  # noqa: S311 - faults, not secrets
    deployments = dict.fromkeys(KINDS, 0)
    with ExitStack() as stack:
        fakes = {name: stack.enter_context(kind.fake()) for name, kind in KINDS.items()}
        settings = {key: url for name, kind in KINDS.items() for key, url in kind.settings(fakes[name]).items()}
        async with fleet(directory, Size(apis=1, workers=1, pace=0), {**settings, "CODE_CHECKS": "false"}) as running:
            user = server_of(running).user()
            places = [await place_at(user, name, fakes[name]) for name in KINDS]
            done = 0
            while done < kills:
                place = places[sum(deployments.values()) % len(places)]
                times = min(chance.randint(1, 2), kills - done)
                violations += await _deployment(running, user, place, chance, times)
                deployments[place.name] += 1
                done += times
            violations += running.surprises
    return Kills(kills, seed, time.monotonic() - began, deployments, violations)


def server_of(running: Fleet) -> Server:
    port = urlsplit(running.urls[0]).port
    return Server(running.config.model_copy(update={"port": port}))


async def place_at(user: User, name: str, fake: Any) -> Place:
    for kind, credentials in KINDS[name].integrations(fake).items():
        await keep(user, kind, credentials)
    project_id = (await user.project())["id"]
    await events(user, await user.generate(project_id, "SCHEMA"))
    generation_id = await user.generate(project_id, "CODE")
    await events(user, generation_id)
    return Place(name, KINDS[name], fake, project_id, generation_id)


async def _deployment(running: Fleet, user: User, place: Place, chance: Random, times: int) -> list[str]:
    """Deploy, lose the worker so many times, and return what is wrong afterwards."""
    before = place.kind.begun(place.fake)
    deployment_id = await user.deploy(place.project_id, place.generation_id, platform=place.name)
    moments: list[int] = []
    async with _watched(user, deployment_id) as (happened, ended):
        for _ in range(times):
            moments.append(chance.randint(0, MOST_CALLS))
            await calls_more(place, moments[-1], ended)
            await running.workers[0].kill()
            await running.workers[0].start()
        try:
            async with asyncio.timeout(PATIENCE):
                await ended.wait()
        except TimeoutError:
            pass
    told = [line["message"].strip() for line in lines(happened) if line["stream"] == "BUILD"]
    steps = [line for line in told if line.startswith("step ")]
    where = f"{place.name} {deployment_id}, lost after {moments} calls"
    wrong: list[str] = []
    if not happened or happened[-1].get("status") != "SUCCESS":
        wrong.append(f"{where}: it is {happened[-1:]}")
    if (begun := place.kind.begun(place.fake) - before) != 1:
        wrong.append(f"{where}: {begun} deployments at the target")
    if steps != [f"step {number}" for number in range(20)]:
        wrong.append(f"{where}: the lines of its build are {steps}")
    return wrong


async def calls_more(place: Place, number: int, ended: asyncio.Event) -> None:
    """Wait until the target has had so many calls more, or the deployment is live."""
    until = place.fake.calls.total() + number
    while place.fake.calls.total() < until and not ended.is_set():  # noqa: ASYNC110 - the fake is in another thread
        await asyncio.sleep(0.005)


@asynccontextmanager
async def _watched(user: User, deployment_id: str) -> AsyncGenerator[tuple[list[dict[str, Any]], asyncio.Event]]:
    """Follow a deployment until it is live or has ended."""
    happened, ended = list[dict[str, Any]](), asyncio.Event()

    async def watch() -> None:
        async with aclosing(user.follow(EVENTS, id=deployment_id)) as results:
            async for result in results:
                event = result["data"]["deploymentEvents"]
                happened.append(event)
                if event.get("status") == "SUCCESS" or event["__typename"] == "DeploymentFinished":
                    ended.set()
                    return

    watching = asyncio.create_task(watch())
    try:
        yield happened, ended
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the report, and return the exit status: 0 only if nothing was begun or told twice."""
    takes = parser("kills", description="End workers while they deploy.", of="kills", most=200)
    options = takes.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        went = asyncio.run(run(options.kills, options.seed, Path(directory)))
    return concluded(options.report, _report(went), went.violations, of=f"{went.kills} kills")


def _report(went: Kills) -> Iterator[str]:
    yield "# Kills of workers that deploy"
    yield ""
    yield f"`make kills KILLS={went.kills} SEED={went.seed}`: each deployment to a fake of its target loses its worker"
    yield "(SIGKILL) once or twice, after 0 to 25 calls to the target. Afterwards it is live, the target has one"
    yield "deployment of it, and every line of its build was told once, in order; everything else is a violation."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in circumstances(went.seconds):
        yield f"| {name} | {value} |"
    yield f"| kills | {went.kills} |"
    for target, number in went.deployments.items():
        yield f"| deployments to {target} | {number} |"
    yield f"| violations | {len(went.violations)} |"
    if went.violations:
        yield ""
        yield from (f"- {violation}" for violation in went.violations)


if __name__ == "__main__":
    sys.exit(main())
