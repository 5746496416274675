"""Kills of workers that restart: each restart of what runs loses its worker (SIGKILL) after a random number of calls.

    python -m tests.kills.restarts --kills 20 --seed 1

Afterwards what runs has been restarted once or twice, nothing was built for it, and it is live.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.campaign import circumstances, concluded, parser
from tests.chaos.fleet import Fleet, Size, fleet
from tests.fakes.targets.kinds import KINDS
from tests.kills.run import PATIENCE, Kills, Place, calls_more, place_at, server_of
from tests.resolvers.deployed import EVENTS, Deployed
from tests.snapinfra import User

MOST_CALLS: Final = 8
"""Calls to a target after which a worker is lost at the latest; a restart takes about so many."""

RESTARTS: Final[Mapping[str, Callable[[Any], int]]] = {
    "HEROKU": lambda fake: fake.restarts,
    "RAILWAY": lambda fake: fake.restarts,
    "RENDER": lambda fake: fake.restarts,
    "AWS_ECS": lambda fake: len(fake.ecs.deployments),
}
"""What counts as a restart at a target."""

RESTART: Final = """
mutation($id: ID!) { restartDeployment(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }"""

RESTARTING: Final = "Restarting, as was asked for."

SAID: Final = """
query($id: ID!) { deployment(id: $id) {
  logs(first: 100, filter: {streams: [SYSTEM], contains: "Restarting, as was asked for."}) { nodes { message } } } }"""

STATUS: Final = "query($id: ID!) { deployment(id: $id) { status } }"


async def run(kills: int, seed: int, directory: Path) -> Kills:
    """Kill a worker so many times."""
    began, chance, violations = time.monotonic(), Random(seed), list[str]()  # noqa: S311 - faults, not secrets
    restarted = dict.fromkeys(RESTARTS, 0)
    with ExitStack() as stack:
        fakes = {name: stack.enter_context(KINDS[name].fake()) for name in RESTARTS}
        settings = {key: url for name in RESTARTS for key, url in KINDS[name].settings(fakes[name]).items()}
        async with fleet(directory, Size(apis=1, workers=1, pace=0), {**settings, "CODE_CHECKS": "false"}) as running:
            user = server_of(running).user()
            places = [await place_at(user, name, fakes[name]) for name in RESTARTS]
            live = {place.name: await _live(user, place) for place in places}
            for number in range(kills):
                place = places[number % len(places)]
                violations += await _restart(running, user, place, live[place.name], chance)
                restarted[place.name] += 1
            violations += running.surprises
    return Kills(kills, seed, time.monotonic() - began, restarted, violations)


async def _live(user: User, place: Place) -> str:
    project = Deployed(user, place.project_id, place.generation_id)
    deployment_id, _ = await project.live(platform=place.name)
    return deployment_id


async def _restart(running: Fleet, user: User, place: Place, deployment_id: str, chance: Random) -> list[str]:
    """Restart what runs, lose the worker, and return what is wrong afterwards."""
    restarts, builds = RESTARTS[place.name](place.fake), place.kind.begun(place.fake)
    moment, told = chance.randint(0, MOST_CALLS), asyncio.Event()
    watching = asyncio.create_task(_watch(user, deployment_id, await _count(user, deployment_id), told))
    await user.ask(RESTART, id=deployment_id)
    await calls_more(place, moment, told)
    await running.workers[0].kill()
    await running.workers[0].start()
    where, wrong = f"{place.name} {deployment_id}, lost after {moment} calls", list[str]()
    try:
        await watching
    except TimeoutError:
        return [f"{where}: it was not restarted"]
    if (count := RESTARTS[place.name](place.fake) - restarts) not in {1, 2}:
        wrong.append(f"{where}: {count} restarts at the target")
    if place.kind.begun(place.fake) != builds:
        wrong.append(f"{where}: something was built")
    status = (await user.ask(STATUS, id=deployment_id))["deployment"]["status"]
    if status != "SUCCESS":
        wrong.append(f"{where}: it is {status}")
    return wrong


async def _count(user: User, deployment_id: str) -> int:
    """Return how often it was said that it is restarted."""
    log = (await user.ask(SAID, id=deployment_id))["deployment"]["logs"]["nodes"]
    return len(log)


async def _watch(user: User, deployment_id: str, before: int, told: asyncio.Event) -> None:
    """Return when the restart is done that is told of after so many others."""
    begun = 0
    async with asyncio.timeout(PATIENCE), aclosing(user.follow(EVENTS, id=deployment_id)) as results:
        async for result in results:
            event = result["data"]["deploymentEvents"]
            begun += sum(line["message"] == RESTARTING for line in event.get("lines", ()))
            if begun > before and (event.get("step"), event.get("state")) == ("health", "SUCCEEDED"):
                told.set()
                return


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the report, and return the exit status: 0 only if nothing is wrong."""
    takes = parser("restarts", description="End workers while they restart.", of="kills", most=20)
    options = takes.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="restarts-") as directory:
        went = asyncio.run(run(options.kills, options.seed, Path(directory)))
    return concluded(options.report, _report(went), went.violations, of=f"{went.kills} kills")


def _report(went: Kills) -> Iterator[str]:
    yield "# Kills of workers that restart"
    yield ""
    command = f"python -m tests.kills.restarts --kills {went.kills} --seed {went.seed}"
    yield f"`{command}`: each restart of what runs at a"
    yield f"fake of its target loses its worker (SIGKILL) after 0 to {MOST_CALLS} calls to the target."
    yield "Afterwards what runs has been restarted once or twice, its stream has told of it, nothing was built for it,"
    yield "and it is live; everything else is a violation."
    yield ""
    for name, value in (*circumstances(went.seconds), ("kills", went.kills), ("violations", len(went.violations))):
        yield f"- {name}: {value}"
    yield from (f"- restarts at {name}: {number}" for name, number in went.deployments.items())
    yield from (f"- violation: {violation}" for violation in went.violations)


if __name__ == "__main__":
    sys.exit(main())
