"""The chaos run: a program that injects random faults into real processes, and fails on a broken promise.

    python -m tests.chaos.run --faults 200 --seed 1

The seed decides the order of the faults, and their victims as far as those are there at the time.
"""

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.aws.clients import connect
from services.foundation.aws.queue import Queue
from tests.chaos.checker import Kind, Violation
from tests.chaos.client import Client, token_for
from tests.chaos.faults import Faults
from tests.chaos.fleet import Fleet, Size, fleet
from tests.chaos.load import Load
from tests.chaos.report import Circumstances, write
from tests.chaos.tally import Tally
from tests.fakes.llm import Answer, FakeLLM
from tests.fakes.targets.kinds import KINDS

TINY: Final = {
    "package.json": '{"name": "tiny", "version": "1.0.0", "scripts": {"start": "node server.js"}}\n',
    "server.js": 'require("node:http").createServer((_, response) => response.end("up"))'
    ".listen(process.env.PORT, process.env.HOST);\n"
    "let count = 0;\nsetInterval(() => console.log(`line ${++count}`), 50);\n",
}
"""A backend that starts at once and writes a log."""

USERS: Final = 4
PATIENCE: Final = 60.0
"""Seconds after the last fault in which every job has to end."""

PROGRESS_EVERY: Final = 5.0


@frozen
class Plan:
    """What a run does."""

    faults: int
    seed: int
    every: float
    jobs_at_once: int
    size: Size
    report: Path
    deploys: bool
    """Whether to deploy as well, what a fake LLM answers; without, the scaffold answers."""
    only: str
    """Text in the names of the kinds of fault to inject."""
    directory: Path
    """Where the processes keep their data and write their logs."""

    @property
    def time_limit(self) -> float:
        return 300 + self.faults * self.every * 4


async def run(plan: Plan) -> Tally:
    """Do a run and write its report."""
    tally, began = Tally(), asyncio.get_running_loop().time()
    with _provider(plan) as settings, _targets(plan) as targets:
        given = {**settings, **targets.settings}
        async with asyncio.timeout(plan.time_limit), fleet(plan.directory, plan.size, given) as running:
            async with _prepared(plan, running, targets, tally) as (load, faults):
                await _under_fire(plan, load, faults, tally)
            tally.surprises += running.surprises
        tally.violations += targets.violations(tally)
    seconds = asyncio.get_running_loop().time() - began
    write(
        plan.report,
        tally,
        Circumstances(utc_now(), plan.seed, plan.every, plan.jobs_at_once, plan.deploys, plan.size, seconds),
    )
    return tally


@contextmanager
def _provider(plan: Plan) -> Generator[Mapping[str, str]]:
    """Yield the settings of who answers."""
    if not plan.deploys:
        yield {}
        return
    with FakeLLM(default=Answer(files=TINY, delay=0.02)) as fake:
        yield {"GROQ_API_KEY": "gsk_chaos", "GROQ_BASE_URL": fake.groq_url}


@frozen
class _Targets:
    """The fakes of other people's platforms, by the platforms' names."""

    fakes: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, str]:
        return {key: url for name, fake in self.fakes.items() for key, url in KINDS[name].settings(fake).items()}

    @property
    def platforms(self) -> dict[str, Mapping[str, Any]]:
        """Return what is deployed to, with the integrations that it needs."""
        return {"LOCAL": {}, **{name: KINDS[name].integrations(fake) for name, fake in self.fakes.items()}}

    def violations(self, tally: Tally) -> Iterator[Violation]:
        for name, fake in self.fakes.items():
            begun, asked = KINDS[name].begun(fake), tally.deployments[name]
            if begun > asked:
                yield Violation(
                    Kind.BEGUN, name, "the platform", f"It began {begun} deployments; {asked} were asked for."
                )


@contextmanager
def _targets(plan: Plan) -> Generator[_Targets]:
    with ExitStack() as stack:
        names = list(KINDS) if plan.deploys else []
        yield _Targets({name: stack.enter_context(KINDS[name].fake()) for name in names})


@asynccontextmanager
async def _prepared(plan: Plan, running: Fleet, targets: _Targets, tally: Tally) -> AsyncGenerator[tuple[Load, Faults]]:
    """Connect the load and the faults to the fleet."""
    config, chance = running.config, Random(plan.seed)  # noqa: S311 - faults, not secrets
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    queues = {
        "generation": Queue(aws=aws, name=config.name_of(config.generation_queue)),
        "deployment": Queue(aws=aws, name=config.name_of(config.deployment_queue)),
    }
    async with httpx.AsyncClient(timeout=15, verify=False, trust_env=False) as http:  # noqa: S501 - plain HTTP on loopback
        client = Client(running.urls, http, Random(plan.seed + 1), tally)  # noqa: S311 - same
        tokens = [token_for(f"chaos-{number}", config) for number in range(USERS)]
        platforms = targets.platforms if plan.deploys else {}
        load = Load(client, tokens, plan.jobs_at_once, platforms, Random(plan.seed + 2), tally)  # noqa: S311 - same
        faults = Faults(running, load, queues, plan.size.lease, chance, tally, plan.only)
        try:
            await load.prepare()
            yield load, faults
            tally.dead_letters = await asyncio.to_thread(lambda: sum(map(_dead_letters, queues.values())))
        finally:
            await faults.cancel()
            await load.cancel()
            aws.close()


async def _under_fire(plan: Plan, load: Load, faults: Faults, tally: Tally) -> None:
    stop = asyncio.Event()
    progress = asyncio.create_task(_progress(plan, load, tally))
    loading = asyncio.create_task(load.run(stop))
    try:
        await faults.inject(plan.faults, every=plan.every)
        _say("The last fault is injected; everything may end now.")
        await faults.recovered()
        stop.set()
        await loading
        await load.finish(patience=PATIENCE)
        _say("Reading every stream once more.")
        await load.audit()
    finally:
        for task in (progress, loading):
            task.cancel()
        await asyncio.gather(progress, loading, return_exceptions=True)


async def _progress(plan: Plan, load: Load, tally: Tally) -> None:
    began = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(PROGRESS_EVERY)
        _say(
            f"{asyncio.get_running_loop().time() - began:5.0f} s  {tally.faults.total()}/{plan.faults} faults  "
            f"{len(load.active)} jobs under way, {len(load.ended)} ended  {tally.events} events  "
            f"{tally.resumes} resumes  {tally.gaps} gaps  {len(tally.violations)} violations"
        )


def _dead_letters(queue: Queue) -> int:
    """Count the messages in the dead-letter queue (blocks)."""
    sqs = queue.aws.sqs
    url = sqs.get_queue_url(QueueName=f"{queue.name}-dlq")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found.get("Attributes", {}).get("ApproximateNumberOfMessages", "0"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if no promise was broken."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        plan = _plan(options, _made(options.logs) if options.logs else Path(temporary))
        _say(f"{plan.faults} faults with seed {plan.seed}")
        try:
            tally = asyncio.run(_until_told(plan))
        except (KeyboardInterrupt, asyncio.CancelledError):
            _say("Interrupted; every process is ended.")
            return 130
    for violation in tally.violations:
        _say(str(violation))
    for surprise in tally.surprises:
        _say(surprise)
    _say(f"{len(tally.violations)} violations, {len(tally.surprises)} surprises. The report is {plan.report}")
    return 1 if tally.violations or tally.surprises else 0


async def _until_told(plan: Plan) -> Tally:
    """Run; SIGTERM and Ctrl-C end it, and every process with it."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(plan)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory.absolute()


def _plan(options: argparse.Namespace, directory: Path) -> Plan:
    return Plan(
        faults=options.faults,
        seed=options.seed,
        every=options.every,
        jobs_at_once=options.jobs,
        size=Size(workers=options.workers, pace=options.pace),
        report=options.report,
        deploys=options.deployments,
        only=options.only,
        directory=directory,
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run", description="Inject faults into real processes.")
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="random unless given")
    parser.add_argument("--every", type=float, default=0.5, help="mean seconds between two faults")
    parser.add_argument("--jobs", type=int, default=6, help="generations under way at once")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--pace", type=float, default=250, help="tokens a second of each generation")
    parser.add_argument("--only", default="", help="only kinds of fault with this in their names, such as SIGSTOP")
    parser.add_argument("--deployments", action="store_true", help="half of the jobs are deployments, to all platforms")
    parser.add_argument("--report", type=Path, default=Path("docs/chaos.md"))
    parser.add_argument("--logs", type=Path, help="a folder, to be made, where the processes' logs and data stay")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
