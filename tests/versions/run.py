"""`python -m tests.versions.run REVISION` runs an earlier version beside this one, as while a fleet is replaced.

Processes of both share tables, queues and the event log. The earlier one's `provision` makes them, and this one's adds
to them. Then each version's api has the other's worker do the main job; a generation that one version's worker has
begun and was killed over is ended by the other's; and a deployment of one version is operated by the other.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cli.serving import provision_stage
from services.config import Config
from tests.e2e.processes import Processes, processes
from tests.e2e.watcher import Watcher
from tests.emulating import emulated
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import User, events, settings

ROOT: Final = Path(__file__).parents[2]
GENERATED: Final = ("services/scaffold/reading/lexicon",)
"""What is not in the repository and a checkout needs."""
DEPLOY: Final = """mutation($input: CreateDeploymentInput!) {
  createDeployment(input: $input) { deployment { id } userErrors { message } }
}"""
STATUS: Final = "query($id: ID!) { deployment(id: $id) { status url } }"
STOP: Final = "mutation($input: StopDeploymentInput!) { stopDeployment(input: $input) { userErrors { message } } }"


@contextmanager
def checked_out(revision: str, folder: Path) -> Generator[Path]:
    """Check a revision out beside this one for the length of the block."""
    code = folder / "earlier"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", code, revision], cwd=ROOT, check=True)
    try:
        for name in GENERATED:
            shutil.copytree(ROOT / name, code / name, dirs_exist_ok=True)
        yield code
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", code], cwd=ROOT, check=True)


async def provisioned(running: Processes, config: Config, code: Path) -> None:
    """Provision as the earlier version does, and then as this one."""
    program = [sys.executable, "-c", "from cli.main import main; main()", "provision"]
    done = await asyncio.create_subprocess_exec(*program, env=running.environment(), cwd=code)
    assert await done.wait() == 0, "the earlier version can't provision"
    await asyncio.to_thread(provision_stage, config)


async def main_job(running: Processes, *, api: Path | None, worker: Path | None) -> None:
    """From the sentence to code, asked of one version's api and done by another's worker."""
    server, asked = await running.serve(code=api)
    doing = await running.start("worker", code=worker)
    user = server.user()
    project_id = (await user.project())["id"]
    for kind in ("SCHEMA", "ARCHITECTURE", "CODE"):
        happened = await events(user, await user.generate(project_id, kind), patience=120)
        assert happened[-1]["status"] == "COMPLETED", happened[-1]
    for process in (asked, doing):
        process.terminate()
        await process.ended()


async def taken_over(running: Processes, *, first: Path | None, second: Path | None) -> None:
    """A generation whose worker is killed is ended by the other version's, without a gap or a repeat."""
    server, api = await running.serve(code=second)
    user = server.user()
    begun = await running.start("worker", code=first, SCAFFOLD_TOKENS_PER_SECOND="100")
    watcher = Watcher(user, await user.generate((await user.project())["id"], "SCHEMA"))
    watching = asyncio.create_task(watcher.watch())
    await watcher.saw("TokenDelta", times=5)
    begun.kill()
    ended = await running.start("worker", code=second)
    async with asyncio.timeout(120):
        await watching
    watcher.check()
    assert watcher.seen[-1]["status"] == "COMPLETED"
    for process in (api, ended):
        process.terminate()
        await process.ended()


async def operated(running: Processes, *, first: Path | None, second: Path | None) -> None:
    """What one version has deployed here, the other starts again at its address, and stops."""
    server, api = await running.serve(code=first)
    worker = await running.start("worker", code=first)
    user = server.user()
    project_id = (await user.project())["id"]
    await events(user, await user.generate(project_id, "SCHEMA"))
    code_id = await user.generate(project_id, "CODE")
    await events(user, code_id, patience=120)
    asked = await user.ask(DEPLOY, input={"projectId": project_id, "generationId": code_id, "platform": "LOCAL"})
    deployment_id = asked["createDeployment"]["deployment"]["id"]
    before = await _reaches(user, deployment_id, "SUCCESS")
    for process in (api, worker):
        process.terminate()
        await process.ended()
    server, api = await running.serve(server.config.port, code=second)
    worker = await running.start("worker", code=second)
    assert (await _reaches(user, deployment_id, "SUCCESS"))["url"] == before["url"]
    stopped = await user.ask(STOP, input={"deploymentId": deployment_id})
    assert stopped["stopDeployment"]["userErrors"] == []
    await _reaches(user, deployment_id, "STOPPED")
    for process in (api, worker):
        process.terminate()
        await process.ended()


async def _reaches(user: User, deployment_id: str, status: str) -> Any:
    async with asyncio.timeout(300):
        while True:
            deployment = (await user.ask(STATUS, id=deployment_id))["deployment"]
            if deployment["status"] == status:
                return deployment
            assert deployment["status"] != "FAILED", deployment
            await asyncio.sleep(0.5)


async def run(earlier: Path, emulator: str, folder: Path) -> None:
    redis = RedisServer(folder)
    redis.start()
    try:
        config = settings(emulator, EVENTS_URL=redis.url, SNAPINFRA_DATA=str(folder / "data"), JOB_LEASE_SECONDS="3")
        async with processes(config) as running:
            await provisioned(running, config, earlier)
            for one, other in ((earlier, None), (None, earlier)):
                said = "the earlier version, then this one" if one else "this version, then the earlier one"
                await main_job(running, api=one, worker=other)
                sys.stdout.write(f"{said}: the main job\n")
                await taken_over(running, first=one, second=other)
                sys.stdout.write(f"{said}: a generation that is taken over\n")
                await operated(running, first=one, second=other)
                sys.stdout.write(f"{said}: a deployment that is operated\n")
                sys.stdout.flush()
    finally:
        redis.kill()


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        checked_out(sys.argv[1], Path(folder)) as earlier,
        emulated() as emulator,
    ):
        asyncio.run(run(earlier, emulator, Path(folder)))


if __name__ == "__main__":
    main()
