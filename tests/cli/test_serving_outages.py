"""What an api and a worker of their own say and do where a part they need is away, or was never provisioned."""

import asyncio
import resource
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from services.config import read
from services.core.clock import utc_now
from services.core.tls import trusted
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.aws.emulator import free_port
from tests.cli.command import snapinfra, started
from tests.snapinfra import SECRET, User

PROVISION = "run `snapinfra provision`"


def stage(emulator: str) -> dict[str, str]:
    """Return the settings of a stage that nobody has provisioned, with a Redis that is away."""
    return {
        "SNAPINFRA_ENV": "development",
        "SNAPINFRA_STAGE": uuid.uuid4().hex[:12],
        "AWS_ENDPOINT_URL": emulator,
        "EVENTS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "JWT_SECRET": SECRET,
        "JOB_POLL_SECONDS": "1",
        "PORT": str(free_port()),
        "LOG_FORMAT": "text",
    }


async def said(process: Process, *, seconds: float) -> str:
    """Let a process run for a while, end it, and return what it logged."""
    await asyncio.sleep(seconds)
    process.terminate()
    _, err = await process.communicate()
    return err.decode()


def user(settings: Mapping[str, str]) -> User:
    lifetime = read(settings).jwt_lifetime
    token = issue_dev_token("alice", secret=SECRET, lifetime=lifetime, now=utc_now)
    return User(f"http://127.0.0.1:{settings['PORT']}/graphql", token)


@asynccontextmanager
async def api(folder: Path, settings: Mapping[str, str]) -> AsyncGenerator[Process]:
    """Run an api and wait until it listens."""
    async with started("serve", folder=folder, **settings) as process:
        await answering(settings)
        yield process


async def answering(settings: Mapping[str, str]) -> None:
    """Wait until an api listens."""
    async with asyncio.timeout(90), httpx.AsyncClient(verify=trusted()) as http:
        while True:
            try:
                await http.get(f"http://127.0.0.1:{settings['PORT']}/api/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_a_worker_without_provisioned_queues_says_so_now_and_then(emulator: str, tmp_path: Path) -> None:
    settings = stage(emulator)
    async with started("worker", folder=tmp_path, **settings) as process:
        assert process.stdout is not None
        await process.stdout.readline()  # it takes jobs from now on
        err = await said(process, seconds=8)

    assert "Traceback" not in err
    assert PROVISION in err
    about_queues = [line for line in err.splitlines() if "can't be read" in line and "queue" in line]
    assert 3 <= len(about_queues) <= 9  # three queues, each told of at once and after 5 s
    assert {"dynamodb", "s3", "sqs", "events"} <= {
        line.partition("services.bootstrap.health: ")[2].partition(" ")[0] for line in err.splitlines()
    }
    assert "the event log (EVENTS_URL) does not answer: Error 111 connecting to 127.0.0.1:" in err
    assert len(err.splitlines()) < 30


async def test_a_worker_is_alive_while_it_runs_whatever_it_can_not_reach(emulator: str, tmp_path: Path) -> None:
    settings = stage(emulator)
    async with started("worker", folder=tmp_path, **settings) as process:
        assert process.stdout is not None
        await process.stdout.readline()
        running = await snapinfra("health", folder=tmp_path, **settings)
        process.terminate()
        await process.communicate()
    ended = await snapinfra("health", folder=tmp_path, **settings)

    assert (running.status, running.out) == (0, "alive\n")
    assert (ended.status, ended.out) == (1, "no api and no worker is alive here\n")


async def test_an_api_without_provisioned_tables_answers_that_it_is_unavailable(emulator: str, tmp_path: Path) -> None:
    settings = stage(emulator)
    async with api(tmp_path, settings) as process:
        answer = await user(settings).result("{ viewer { id } }")
        alive = await snapinfra("health", folder=tmp_path, **settings)
        err = await said(process, seconds=1)

    assert alive.status == 0
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAVAILABLE"]
    assert "provision" not in answer["errors"][0]["message"]
    assert "Traceback" not in err
    assert PROVISION in err


async def test_an_api_has_as_many_descriptors_as_the_machine_allows(tmp_path: Path) -> None:
    settings = stage(f"http://127.0.0.1:{free_port()}")
    async with started("serve", folder=tmp_path, **settings) as process:
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (512, hard))  # long before it has read its settings
        await answering(settings)

        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (hard, hard)


async def test_an_api_whose_aws_does_not_answer_says_where_it_looked(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    settings = stage(away)
    async with api(tmp_path, settings) as process:
        answer = await user(settings).result("{ viewer { id } }")
        err = await said(process, seconds=1)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAVAILABLE"]
    assert "Traceback" not in err
    assert f"AWS does not answer at {away}" in err


async def test_an_api_whose_key_set_can_not_be_read_names_its_setting(emulator: str, tmp_path: Path) -> None:
    clerk = {"CLERK_JWKS_URL": f"http://127.0.0.1:{free_port()}/jwks", "CLERK_ISSUER": "https://clerk.example"}
    settings = {**stage(emulator), **clerk}
    async with api(tmp_path, settings) as process:
        async with httpx.AsyncClient(verify=trusted()) as http:
            health = await http.get(f"http://127.0.0.1:{settings['PORT']}/api/health")
        err = await said(process, seconds=1)

    assert (health.status_code, health.json()["services"]["clerk"]) == (503, "unavailable")
    assert f"clerk does not answer: the key set at {clerk['CLERK_JWKS_URL']} (CLERK_JWKS_URL) can't be read: " in err
