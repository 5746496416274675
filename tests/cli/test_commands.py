"""The command `snapinfra` as installed: what it prints, how it ends, and what it leaves behind."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cli.client import Refused
from cli.main import cli
from services.core.frozen import frozen
from services.core.tls import trusted
from services.foundation.aws.emulator import free_port
from tests.cli.command import Ended, descendants, is_alive, kill, listening, snapinfra, started
from tests.resolvers.deployed import Deployed
from tests.snapinfra import NPM, User, events

TOOLS = Path(__file__).parents[2] / ".tools" / "bin"
COMMANDS = [
    "connect",
    "demo",
    "dev",
    "disconnect",
    "doctor",
    "domain",
    "env",
    "export",
    "health",
    "import",
    "integrations",
    "logs",
    "new",
    "provision",
    "pull",
    "push",
    "redeploy",
    "restart",
    "resume",
    "rollback",
    "run",
    "schema",
    "seed",
    "serve",
    "stop",
    "tables",
    "token",
    "worker",
]

AT_ONCE = {"SCAFFOLD_TOKENS_PER_SECOND": "0", "CODE_CHECKS": "false"}
"""The settings of a `dev` whose generations come at once: to stream and check a backend takes 20 s of CPU time."""

PROJECTS = "{ viewer { id } projects { nodes { id name } } }"


@frozen
class Dev:
    """A `snapinfra dev` that runs."""

    process: Process
    banner: str
    port: int

    @property
    def token(self) -> str:
        return self.says(r"^  Token +(\S+)$")

    @property
    def emulator(self) -> int:
        """The port of its AWS emulator."""
        return int(self.says(r"^  AWS +http://127\.0\.0\.1:(\d+) "))

    def says(self, pattern: str) -> str:
        match = re.search(pattern, self.banner, re.MULTILINE)
        assert match, self.banner
        return match[1]

    def user(self, token: str | None = None) -> User:
        return User(f"http://127.0.0.1:{self.port}/graphql", token or self.token)

    async def interrupt(self) -> tuple[int | None, str, str]:
        """Press Ctrl-C; return the exit status and what was printed since."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            out, err = await self.process.communicate()
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def dev(folder: Path, data: Path, **settings: str) -> AsyncGenerator[Dev]:
    """Run `snapinfra dev` and wait for its banner. What npm installs is shared with other tests."""
    port, settings = free_port(), {"NPM_FOLDER": str(NPM), **settings}
    async with started("dev", "--port", str(port), "--data", data, folder=folder, **settings) as process:
        yield Dev(process, await banner(process), port)


async def banner(process: Process) -> str:
    """Read up to the banner's last line."""
    assert process.stdout is not None
    read = ""
    async with asyncio.timeout(90):
        while "Ctrl-C" not in read:
            line = await process.stdout.readline()
            assert line, (await process.communicate())[1].decode()
            read += line.decode()
    return read


async def test_help_lists_every_command(tmp_path: Path) -> None:
    shown = await snapinfra("--help", folder=tmp_path)

    assert (shown.status, shown.err) == (0, "")
    assert re.findall(r"^  ([a-z]+)  ", shown.out.partition("Commands:")[2], re.MULTILINE) == COMMANDS


def test_every_command_explains_itself() -> None:
    runner = CliRunner()

    helps = [runner.invoke(cli, [command, "--help"], prog_name="snapinfra") for command in COMMANDS]

    assert [shown.exit_code for shown in helps] == [0] * len(COMMANDS)
    assert all(
        shown.output.startswith(f"Usage: snapinfra {name} ") for name, shown in zip(COMMANDS, helps, strict=True)
    )


async def test_a_command_runs_beside_a_local_deployment_with_no_settings_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "local" / "project_1" / "deployment_1"
    folder.mkdir(parents=True)

    ran = await snapinfra(
        *("run", "deployment_1", "pwd; echo ${TABLE_PREFIX-none}; node --version; exit 7", "--data", tmp_path / "data"),
        folder=tmp_path,
        TABLE_PREFIX="ours",
    )

    where, prefix, version = ran.out.splitlines()
    assert (ran.status, where, prefix) == (7, str(folder), "none")
    assert version.startswith("v")


async def test_no_command_runs_beside_what_does_not_run_here(tmp_path: Path) -> None:
    ran = await snapinfra("run", "deployment_1", "touch made", "--data", tmp_path, folder=tmp_path)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"deployment_1 does not run at LOCAL with the data in {tmp_path}.\n"
    assert not (tmp_path / "made").exists()


async def test_a_command_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    shown = await snapinfra("deploy", folder=tmp_path)

    assert (shown.status, shown.out) == (2, "")
    assert "No such command 'deploy'." in shown.err


async def test_the_references_equal_the_code(tmp_path: Path) -> None:
    shown = await snapinfra("schema", "--check", folder=tmp_path)

    assert shown.status == 0, shown.out
    assert shown.out == ""


async def test_an_api_without_settings_says_what_it_needs(tmp_path: Path) -> None:
    shown = await snapinfra("serve", folder=tmp_path, AWS_EC2_METADATA_DISABLED="true")

    assert (shown.status, shown.out) == (2, "")
    head, *faults = shown.err.splitlines()
    assert head == "Snapinfra can't start, these settings are wrong:"
    assert [fault.split(":")[0].strip() for fault in faults] == [
        "CLERK_JWT_KEY or CLERK_JWKS_URL",
        "API_KEY_PEPPER",
        "EVENTS_URL",
        "AWS credentials",
    ]


async def test_an_api_with_wrong_settings_lists_them_all_at_once(tmp_path: Path) -> None:
    shown = await snapinfra(
        "serve", folder=tmp_path, PORT="99999", EVENTS_URL="kafka://events", AI_TOP_P="2", JWT_SECRET="short"
    )

    head, *faults = shown.err.splitlines()
    assert (shown.status, shown.out) == (2, "")
    assert head == "Snapinfra can't start, these settings are wrong:"
    assert {fault.split(":")[0].strip() for fault in faults} >= {"PORT", "EVENTS_URL", "AI_TOP_P", "JWT_SECRET"}
    assert "short" not in shown.err


async def test_provisioning_without_credentials_says_so(tmp_path: Path) -> None:
    clerk = {"CLERK_JWKS_URL": "https://clerk.example/jwks", "CLERK_ISSUER": "https://clerk.example"}
    settings = {**clerk, "API_KEY_PEPPER": "p" * 32, "AWS_EC2_METADATA_DISABLED": "true"}

    shown = await snapinfra("provision", folder=tmp_path, **settings)

    assert (shown.status, shown.out) == (2, "")
    assert [line.split(":")[0].strip() for line in shown.err.splitlines()[1:]] == ["AWS credentials"]


async def test_provisioning_where_aws_does_not_answer_says_so(tmp_path: Path) -> None:
    away = {"SNAPINFRA_ENV": "development", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}

    shown = await snapinfra("provision", folder=tmp_path, **away)

    assert (shown.status, shown.out) == (1, "")
    assert shown.err == f'Could not connect to the endpoint URL: "{away["AWS_ENDPOINT_URL"]}/"\n'


async def test_settings_are_read_from_a_file_env_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=99999\n")

    shown = await snapinfra("serve", folder=tmp_path)

    assert shown.status == 2
    assert "  PORT: " in shown.err


async def test_the_settings_of_a_backend_in_whose_folder_a_command_is_given_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=3000\nJWT_SECRET=of-the-backend-and-longer-than-it-must-be\n")
    (tmp_path / "package.json").write_text("{}")

    shown = await snapinfra("logs", "deployment_1", "--token", "mine", folder=tmp_path)

    assert shown.status == 1
    assert "http://localhost:8000/" in shown.err


async def test_a_worker_of_its_own_refuses_a_log_that_no_api_shares(tmp_path: Path) -> None:
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    shown = await snapinfra("worker", folder=tmp_path, SNAPINFRA_ENV="development", **aws)

    assert (shown.status, shown.out) == (2, "")
    assert shown.err.count("\n") == 2
    assert "  EVENTS_URL: an api and a worker of their own need an event log that both share: redis://" in shown.err


async def test_a_journey_without_a_server_ends_with_a_sentence(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/graphql"
    await snapinfra("token", "--data", tmp_path / "data", folder=tmp_path)

    shown = await snapinfra("new", "Build a shop", "--url", url, "--data", tmp_path / "data", folder=tmp_path)

    assert (shown.status, shown.out) == (1, "")
    assert shown.err.count("\n") == 1
    assert shown.err.startswith(f"No Snapinfra answers at {url} ")


async def test_dev_says_where_everything_is_and_ends_with_all_it_started(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with dev(tmp_path, data) as running, httpx.AsyncClient(verify=trusted()) as http:
        health = await http.get(f"http://127.0.0.1:{running.port}/api/health")
        viewer = await running.user().ask(PROJECTS)
        children = descendants(running.process.pid)

        status, out, err = await running.interrupt()

    assert health.status_code == 200
    assert health.json()["status"] == "healthy"
    assert viewer["viewer"]["id"] == "user_alice"
    assert running.says(r"^  GraphiQL +(\S+)$") == f"http://localhost:{running.port}/graphql#token={running.token}"
    assert str(data) in running.banner
    assert (status, err) == (0, "")
    assert "Stopping" in out
    assert len(children) > 0
    assert [pid for pid in children if is_alive(pid)] == []
    assert not [port for port in (running.port, running.emulator) if is_open(port)]


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGKILL])
async def test_a_dev_whose_terminal_is_closed_or_that_is_killed_leaves_nothing_running_and_loses_nothing(
    tmp_path: Path, end: signal.Signals
) -> None:
    data = tmp_path / "data"
    async with dev(tmp_path, data) as running:
        await running.user().project(name="Kept")
        children = descendants(running.process.pid)
        running.process.send_signal(end)
        async with asyncio.timeout(60):
            await running.process.wait()
            while any(is_alive(pid) for pid in children):  # noqa: ASYNC110 - nothing tells of these
                await asyncio.sleep(0.02)
    async with dev(tmp_path, data) as again:
        result = await again.user().ask(PROJECTS)

    assert [project["name"] for project in result["projects"]["nodes"]] == ["Kept"]


async def test_the_first_interrupt_says_what_it_waits_for_and_the_second_ends_everything(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data", SCAFFOLD_TOKENS_PER_SECOND="20") as running:
        alice = running.user()
        project_id = (await alice.project())["id"]
        generation_id = await alice.generate(project_id, "SCHEMA")
        await events(alice, generation_id, most=2)  # it is under way
        children = descendants(running.process.pid)

        running.process.send_signal(signal.SIGINT)
        assert running.process.stdout is not None
        async with asyncio.timeout(30):
            while not (said := await running.process.stdout.readline()).strip():
                pass
            still = running.process.returncode
            running.process.send_signal(signal.SIGINT)
            status = await running.process.wait()
            while any(is_alive(pid) for pid in children):  # noqa: ASYNC110 - nothing tells of these
                await asyncio.sleep(0.02)

    assert said.startswith(b"Stopping: running jobs get ")
    assert (still, status) == (None, 130)


async def pasted(line: str, folder: Path, *more: str) -> Ended:
    """Run a printed command as a shell does in a folder, with nothing of ours on its PATH."""
    command = f"{line} {shlex.join(more)}"
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, cwd=folder, env={"PATH": os.defpath, "HOME": str(folder)}, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(180):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def test_the_command_that_the_banner_prints_works_as_it_is(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "my data", **AT_ONCE) as running:
        made = await pasted(running.says(r"^  Try +(.+)$"), tmp_path, "--no-deploy")
        result = await running.user().ask(PROJECTS)

    assert (made.status, made.err) == (0, "")
    assert len(result["projects"]["nodes"]) == 1


async def test_a_journey_that_is_interrupted_says_how_to_come_back_and_goes_on_there(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data", SCAFFOLD_TOKENS_PER_SECOND="4000", CODE_CHECKS="false") as running:
        url = f"http://127.0.0.1:{running.port}/graphql"
        options = ["--no-deploy", "--url", url, "--data", tmp_path / "data"]
        async with started("new", "Build a blog with posts", *options, folder=tmp_path) as process:
            assert process.stdout is not None
            async with asyncio.timeout(90):
                while b"scaffold" not in await process.stdout.readline():
                    pass
                process.send_signal(signal.SIGINT)
                out, err = await process.communicate()
        printed = re.search(r"^To come back: (.+)$", out.decode(), re.MULTILINE)
        assert printed, out
        back = await pasted(printed[1], tmp_path)
        again = await pasted(printed[1], tmp_path)
        kinds = await running.user().ask("{ projects { nodes { generations { nodes { kind status } } } } }")

    assert (process.returncode, err) == (130, b"")
    assert "What was asked for goes on at the server." in out.decode()
    assert [(ended.status, ended.err) for ended in (back, again)] == [(0, "")] * 2
    made = [{"kind": kind, "status": "COMPLETED"} for kind in ("CODE", "ARCHITECTURE", "SCHEMA")]
    assert kinds["projects"]["nodes"] == [{"generations": {"nodes": made}}]


async def test_a_log_that_cannot_be_followed_is_given_up_at_once(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/graphql"
    options = ["--follow", "--url", url, "--data", tmp_path / "data"]
    await snapinfra("token", "--data", tmp_path / "data", folder=tmp_path)

    async with asyncio.timeout(30):  # a lost connection is given up after 60 s
        shown = await snapinfra("logs", "deployment_01jd0000000000000000000000", *options, folder=tmp_path)

    assert (shown.status, shown.out) == (1, "")
    assert shown.err.startswith(f"No Snapinfra answers at {url} ")


async def test_a_lost_connection_is_told_at_once(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data", SCAFFOLD_TOKENS_PER_SECOND="400") as running:
        url = f"http://127.0.0.1:{running.port}/graphql"
        options = ["--no-deploy", "--url", url, "--data", tmp_path / "data"]
        async with started("new", "Build a blog with posts", *options, folder=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            async with asyncio.timeout(90):
                while b"scaffold" not in await process.stdout.readline():
                    pass
                running.process.kill()
                told = await process.stderr.readline()

    assert told.decode() == f"  … the connection to {url} is lost; trying again for 60 s\n"


@pytest.mark.npm
async def test_environments_are_made_filled_and_deployed_to(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data", **AT_ONCE) as running:
        where = ["--url", f"http://127.0.0.1:{running.port}/graphql", "--data", tmp_path / "data"]

        async def env(*arguments: str) -> Ended:
            return await snapinfra("env", *arguments, *where, folder=tmp_path)

        project = await Deployed.with_code(running.user())
        made = await env("create", project.project_id, "Staging", "--kind", "production", "--health-path", "/health")
        environment_id = made.out.strip()
        changes = [
            await env("set", environment_id, "GREETING=hello=you", "SHOUT=1"),
            await env("unset", environment_id, "SHOUT"),
        ]
        listed = await env("list", project.project_id)
        wrong = [
            await env("set", environment_id, "PORT=1"),
            await env("unset", environment_id, "GREETING", "NOPE"),
            await env("create", project.project_id, "Large", "--size", "large", "--instances", "2"),
            await env("deploy", "environment_01jd0000000000000000000000", project.generation_id),
            await env("list", "project_01jd0000000000000000000000"),
        ]
        deployed = await env("deploy", environment_id, project.generation_id)
        missing = "deployment_01jd0000000000000000000000"
        again = await snapinfra("redeploy", missing, *where, folder=tmp_path)

    assert [(each.status, each.err) for each in (made, *changes)] == [(0, "")] * 3
    assert listed.out == f"{environment_id}  Staging  production at LOCAL: GREETING\n"
    assert [each.status for each in wrong] == [1] * 5
    assert [bool(each.err) for each in wrong] == [True] * 5
    assert wrong[1].err == f"{environment_id} has no variable NOPE; nothing is deleted.\n"
    assert deployed.status == 0, deployed.out + deployed.err
    assert "Running at http://127.0.0.1:" in deployed.out
    assert again.status == 1
    assert missing in again.err


async def test_a_command_for_a_server_that_never_ran_makes_nothing(tmp_path: Path) -> None:
    shown = [
        await snapinfra(*command, folder=tmp_path)
        for command in (("new", "Build a blog"), ("resume", "project_x"), ("logs", "deployment_x"))
    ]

    assert [(each.status, each.out) for each in shown] == [(2, "")] * 3
    assert all(each.err.startswith("No `snapinfra dev` has used the folder .snapinfra: ") for each in shown)
    assert names_in(tmp_path) == set()


async def test_dev_listens_and_keeps_its_data_where_the_settings_say(tmp_path: Path) -> None:
    port = free_port()
    quick = "\n".join(f"{name}={value}" for name, value in AT_ONCE.items())
    (tmp_path / ".env").write_text(f"PORT={port}\nSNAPINFRA_DATA=kept here\n{quick}\n")
    async with started("dev", folder=tmp_path) as process:
        running = Dev(process, await banner(process), port)
        made = await pasted(running.says(r"^  Try +(.+)$"), tmp_path, "--no-deploy")
        (tmp_path / ".env").unlink()
        again = await pasted(running.says(r"^  Try +(.+)$"), tmp_path, "--no-deploy")

    assert [(each.status, each.err) for each in (made, again)] == [(0, "")] * 2
    assert "kept here" in names_in(tmp_path)
    assert ".snapinfra" not in names_in(tmp_path)


async def test_dev_and_all_that_it_starts_listen_on_this_machine_alone(tmp_path: Path) -> None:
    port = free_port()
    options = ["--apis", "1", "--workers", "1", "--port", str(port), "--data", tmp_path / "data"]
    async with started("dev", *options, folder=tmp_path, PATH=f"{os.defpath}:{TOOLS}") as process:
        await banner(process)
        async with asyncio.timeout(60):
            while f"0100007F:{port:04X}" not in (sockets := sockets_below(process.pid)):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)

    assert {socket.partition(":")[0] for socket in sockets} == {"0100007F"}  # 127.0.0.1
    assert len(sockets) > 1  # the api's and the emulator's


def sockets_below(pid: int) -> list[str]:
    return [socket for each in [pid, *descendants(pid)] for socket in listening(each)]


async def test_processes_of_dev_end_together_and_one_that_ends_alone_is_told_of(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    tools = f"{os.defpath}:{TOOLS}"
    options = ["--apis", "1", "--workers", "1", "--port", str(port), "--data", data]
    async with started("dev", *options, folder=tmp_path, PATH=tools) as process:
        await banner(process)
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while not (workers := [pid for pid in descendants(process.pid) if is_worker(pid)]):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)
            os.kill(workers[0], signal.SIGKILL)
            told = await process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()

    assert told == b"worker 1 has ended with status 137; nothing takes its place until the next start.\n"
    assert out.decode().count("Stopping: ") == 1
    assert err == b""


def is_worker(pid: int) -> bool:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")[1:] == ["-m", "cli", "worker"]
    return False


async def test_the_log_is_a_json_object_a_line_where_the_settings_say_so(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data", LOG_FORMAT="json", LOG_LEVEL="info") as running:
        await running.user().ask("query First { viewer { id } }")
        await running.user().ask("query Second { viewer { id } }")

        _, _, err = await running.interrupt()

    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["operation"] for line in lines if line["message"] == "operation"] == ["First", "Second"]
    assert {line["logger"].partition(".")[0] for line in lines} <= {"snapinfra", "services"}


async def test_a_token_of_the_command_line_and_a_project_outlive_a_restart_of_dev(tmp_path: Path) -> None:
    data = tmp_path / "data"
    token = (await snapinfra("token", "--user", "bob", "--data", data, folder=tmp_path)).out.strip()
    stranger = (await snapinfra("token", "--user", "bob", "--data", tmp_path / "other", folder=tmp_path)).out.strip()

    async with dev(tmp_path, data) as first:
        project_id = (await first.user(token).project(name="Kept"))["id"]
        status, _, _ = await first.interrupt()
    async with dev(tmp_path, data) as second:
        result = await second.user(token).ask(PROJECTS)
        others = await second.user().ask(PROJECTS)
        with pytest.raises(Refused, match=r"^The token is not valid here\.$"):
            await second.user(stranger).ask(PROJECTS)

    assert status == 0
    assert result == {"viewer": {"id": "user_bob"}, "projects": {"nodes": [{"id": project_id, "name": "Kept"}]}}
    assert others == {"viewer": {"id": "user_alice"}, "projects": {"nodes": []}}


async def test_a_data_folder_has_a_secret_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    shown = [await snapinfra("token", "--data", data, folder=tmp_path) for data in (one, other)]

    secrets = [(data / "jwt-secret").read_text() for data in (one, other)]
    assert [(each.status, each.err) for each in shown] == [(0, "")] * 2
    assert len(set(secrets)) == 2
    assert (one / "jwt-secret").stat().st_mode & 0o077 == 0
    assert not any(secret in each.out for secret in secrets for each in shown)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_dev_that_is_ended_while_it_starts_leaves_nothing_running(tmp_path: Path, end: signal.Signals) -> None:
    async with started("dev", "--port", str(free_port()), "--data", tmp_path / "data", folder=tmp_path) as process:
        children = await first_children(process)

        process.send_signal(end)
        async with asyncio.timeout(60):
            _, err = await process.communicate()

    left = [pid for pid in children if is_alive(pid)]
    kill(left)
    assert left == []
    assert b"Traceback" not in err


async def first_children(process: Process) -> list[int]:
    async with asyncio.timeout(60):
        while not (children := descendants(process.pid)):  # noqa: ASYNC110 - nothing tells of these
            await asyncio.sleep(0.02)
    return children


async def test_dev_on_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = await snapinfra("dev", "--port", str(port), "--data", tmp_path / "data", folder=tmp_path)

    assert (shown.status, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    assert shown.err.startswith(f"The api can't listen on 127.0.0.1:{port}: Address already in use")
    hint = f"by the setting PORT: `PORT={port + 1} make dev`, or --port of `snapinfra dev`"
    assert shown.err.endswith(f" Choose another port {hint}.\n")
    assert names_in(tmp_path) == set()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_two_devs_do_not_share_a_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with started("dev", "--port", str(free_port()), "--data", data, folder=tmp_path) as first:
        await banner(first)

        second = await snapinfra("dev", "--port", str(free_port()), "--data", data, folder=tmp_path)

    assert second.status == 2
    assert "Another `snapinfra dev` uses the folder" in second.err


@pytest.mark.parametrize("command", [("new", "Notes", "--to"), ("resume", "project_1", "--to"), ("connect",)])
async def test_a_platform_that_there_is_not_is_refused_before_anything_is_asked(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    shown = await snapinfra(*command, "nowhere", folder=tmp_path)

    assert shown.status == 2
    assert "'nowhere' is not one of" in shown.err
    assert "'heroku'" in shown.err
    assert shown.out == ""
