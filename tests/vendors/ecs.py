"""moto's fake of AWS, which others wrote, in place of ours: for all of a deployment to ECS but Express Mode.

It has neither Express Mode nor deployments of services: those have our fake alone, whose every request and answer is
valid by botocore's description of ECS.
"""

import asyncio
import json
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from services.core.clock import utc_now
from services.core.credentials import AwsKeys
from services.core.tls import trusted
from services.foundation.aws.accounts import Endpoints, ForeignAccount
from services.foundation.aws.emulator import free_port
from services.platforms.ecs.account import Account
from services.platforms.ecs.ground import Ground
from services.platforms.ecs.images import Images
from services.platforms.ecs.site import Site
from services.platforms.ecs.tasks import Tasks
from services.platforms.emitting import Emit
from services.platforms.port import Config, Event, Line, LogStream, Order
from services.platforms.vendors.patience import Patience
from services.platforms.vendors.work import Limits, Work
from tests.services.platforms.conformance import SITE, InProcess
from tests.services.platforms.projects import zipped
from tests.vendors.proof import Proof

PYTHON: Final = Path(__file__).parents[2] / ".tools" / "vendors" / "moto" / "bin" / "python"

_VERSION: Final = "import importlib.metadata; print(importlib.metadata.version('moto'))"
_SECONDS: Final = 30


def proofs(home: Path) -> Iterator[Proof]:
    """Make what a site stands on, build an image and register a task there."""
    del home
    version = subprocess.run([PYTHON, "-c", _VERSION], capture_output=True, text=True, timeout=_SECONDS, check=True)
    by = f"moto {version.stdout.strip()} (PyPI)"
    with _moto() as url:
        for what in asyncio.run(_all(url)):
            yield Proof(by, what)


async def _all(url: str) -> list[str]:
    keys = AwsKeys("AKIAIOSFODNN7EXAMPLE", "secret")
    aws = ForeignAccount(region="us-east-1", keys=keys, endpoints=Endpoints(other=url), answer=10)
    order = Order(
        deployment_id="deployment_1", site=SITE, archive=zipped({"package.json": "{}"}), config=Config({"KEY": "value"})
    )
    events: list[Event] = []
    async with Account.of(aws, pauses=InProcess(), patience=Patience(trying=5)) as account:
        site, work = Site(SITE), Work(order, _into(events), utc_now, Limits(poll=0.05))
        await Ground(account, site).ensure()  # once: moto has no UpdateProject
        images, tasks = Images(account, site, order), Tasks(account, site, order)
        build_id = await images.begin(order)
        await account.call(
            dict[str, Any],
            "ecr",
            "put_image",
            repositoryName=site.repository,
            imageManifest=json.dumps({"schemaVersion": 2}),
            imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
            imageTag=order.deployment_id,
        )
        image = await images.follow(build_id, work)
        definition = await tasks.register(image, order, {"KEY": "value"})
        assert await tasks.find() == definition
    return [
        "What a site stands on (roles, bucket, repository, log groups, project, cluster) is made.",
        "A build is begun and followed to its image; it is not found by its deployment, as moto keeps no variables.",
        "A task definition of the image is registered, and found by its deployment.",
    ]


def _into(events: list[Event]) -> Emit:
    async def emit(event: Event) -> None:
        assert not isinstance(event, Line) or event.stream is LogStream.BUILD
        events.append(event)

    return emit


@contextmanager
def _moto() -> Generator[str]:
    """Run moto's server for the length of the block, and yield its URL."""
    port = free_port()
    server = subprocess.Popen(
        [PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},  # those of AWS's own
    )
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(_until_up(url))
        yield url
    finally:
        server.terminate()
        server.wait(_SECONDS)


async def _until_up(url: str) -> None:
    async with asyncio.timeout(_SECONDS), httpx.AsyncClient(verify=trusted()) as client:
        while True:
            try:
                await client.get(f"{url}/moto-api/")
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
