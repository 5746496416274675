"""The tests of LOCAL: what deploying a backend on this machine shows, and what it leaves behind."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values

from services.core.tls import trusted
from services.platforms.backend import Limits
from services.platforms.local import LocalPlatform
from services.platforms.port import (
    Config,
    DeployFailed,
    Event,
    Line,
    Live,
    LogLevel,
    LogStream,
    Order,
    Phase,
    PhaseChanged,
    Running,
    StepChanged,
    StepState,
    Superseded,
)
from services.platforms.registry import Patience
from services.platforms.signing import secrets_of
from tests.fakes.npm_registry import FakeRegistry, Package
from tests.services.platforms.projects import ENVIRONMENT, SERVER, TOOLS, backend, order, platform, zipped

STEPS = (StepState.RUNNING, StepState.SUCCEEDED)
TEMPLATE = {"infrastructure/template.json": '{"Parameters": {"TablePrefix": {"Type": "String"}}, "Resources": {}}'}


async def until_live(events: AsyncIterator[Event]) -> tuple[str, list[Event]]:
    """Read up to Live; return its URL and all events."""
    seen: list[Event] = []
    async with asyncio.timeout(60):
        async for event in events:
            seen.append(event)
            if isinstance(event, Live):
                return event.url, seen
    raise AssertionError(f"never live: {seen}")


@asynccontextmanager
async def live(local: LocalPlatform, what: Order) -> AsyncGenerator[tuple[str, AsyncIterator[Event]], None]:
    """Deploy, and run the block while it is live."""
    async with aclosing(local.deploy(what)) as events:
        url, _ = await until_live(events)
        yield url, events


async def failing(local: LocalPlatform, what: Order) -> tuple[DeployFailed, list[Event]]:
    """Deploy what must fail; return the failure and the events before it."""
    seen: list[Event] = []
    async with aclosing(local.deploy(what)) as events:
        with pytest.raises(DeployFailed) as failure:
            await read_on(events, seen)
    return failure.value, seen


async def read_on(events: AsyncIterator[Event], seen: list[Event]) -> None:
    """Read to the end, which may be an exception, into `seen`."""
    async with asyncio.timeout(60):
        async for event in events:
            seen.append(event)  # noqa: PERF401 - a comprehension would lose them when it raises


async def get(url: str) -> str:
    async with httpx.AsyncClient(verify=trusted(), trust_env=False) as client:
        return (await client.get(url)).text


def messages(events: list[Event], stream: LogStream) -> list[str]:
    return [event.message for event in events if isinstance(event, Line) and event.stream is stream]


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "sites").glob("*/*"))


async def is_down(url: str) -> bool:
    try:
        await get(url)
    except httpx.TransportError:
        return True
    return False


async def test_a_backend_is_built_started_and_answers(tmp_path: Path) -> None:
    local = platform(tmp_path)
    archive = backend(build="node -e \"console.log('built');console.error('careful')\"")

    async with aclosing(local.deploy(order(archive))) as events:
        url, seen = await until_live(events)
        answer = await get(url)

    assert answer == "hello"
    assert [event for event in seen if not isinstance(event, Line)] == [
        PhaseChanged(Phase.BUILDING),
        StepChanged("unpack", StepState.RUNNING),
        StepChanged("unpack", StepState.SUCCEEDED),
        StepChanged("install", StepState.RUNNING),
        StepChanged("install", StepState.SUCCEEDED),
        StepChanged("build", StepState.RUNNING),
        StepChanged("build", StepState.SUCCEEDED),
        PhaseChanged(Phase.DEPLOYING),
        StepChanged("start", StepState.RUNNING),
        StepChanged("start", StepState.SUCCEEDED),
        StepChanged("health", StepState.RUNNING),
        StepChanged("health", StepState.SUCCEEDED),
        Live(url),
    ]
    assert {"built", "careful"} <= set(messages(seen, LogStream.BUILD))
    assert messages(seen, LogStream.RUNTIME) == ["hello listens", "GET /health"]


async def test_what_a_live_server_prints_goes_on_arriving(tmp_path: Path) -> None:
    async with live(platform(tmp_path), order(backend())) as (url, events):
        await get(f"{url}/users")
        async with asyncio.timeout(10):
            line = await anext(events)

    assert isinstance(line, Line)
    assert (line.stream, line.level, line.message) == (LogStream.RUNTIME, LogLevel.INFO, "GET /users")


async def test_closing_stops_the_server_and_removes_its_folder(tmp_path: Path) -> None:
    async with live(platform(tmp_path), order(backend())) as (url, _):
        during = folders(tmp_path)

    assert during == ["deployment_1"]
    assert folders(tmp_path) == []
    assert await is_down(url)


async def test_cancelling_the_reader_stops_a_build(tmp_path: Path) -> None:
    local = platform(tmp_path)
    building = asyncio.Event()

    async def read() -> None:
        async with aclosing(local.deploy(order(backend(build="echo here && sleep 1000")))) as events:
            async for event in events:
                if isinstance(event, Line) and event.message == "here":
                    building.set()

    reader = asyncio.create_task(read())
    async with asyncio.timeout(30):
        await building.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader

    assert folders(tmp_path) == []


async def test_a_server_sees_its_settings_and_nothing_of_ours(tmp_path: Path) -> None:
    config = Config(environment={"GREETING": "hi", "PORT": "1", "TABLE_PREFIX": "theirs", "NODE_ENV": "production"})

    async with live(platform(tmp_path), order(backend(), config=config)) as (url, _):
        environment: dict[str, str] = json.loads(await get(f"{url}/environment"))

    home = str(tmp_path / "sites" / "project_1" / "deployment_1")
    for name in ("PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"):  # the shell's and the supervisor's own
        environment.pop(name, None)
    assert environment == {
        "PATH": f"{home}/node_modules/.bin:{ENVIRONMENT['PATH']}:{TOOLS}",
        "HOME": home,
        "LANG": "C.UTF-8",
        "NODE_ENV": "production",
        "PORT": url.rpartition(":")[2],
        "HOST": "127.0.0.1",
        "TABLE_PREFIX": "project_1-",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "us-east-1",
        **secrets_of("project_1", environment={}, folder=tmp_path / "secrets"),
        "GREETING": "hi",
    }


async def test_the_folder_has_our_settings_for_its_commands_and_none_of_the_users(tmp_path: Path) -> None:
    config = Config(environment={"GREETING": "hi", "JWT_SECRET": "theirs", "TABLE_PREFIX": "theirs"})

    async with live(platform(tmp_path), order(backend(), config=config)):
        file = tmp_path / "sites" / "project_1" / "deployment_1" / ".env"
        settings, mode = dotenv_values(file), file.stat().st_mode & 0o777

    secrets = secrets_of("project_1", environment={}, folder=tmp_path / "secrets")
    assert mode == 0o600
    assert settings == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "us-east-1",
        "SEALING_KEYS": secrets["SEALING_KEYS"],
        "TABLE_PREFIX": "project_1-",
    }


async def test_a_file_of_settings_in_the_archive_stays_as_it_is(tmp_path: Path) -> None:
    async with live(platform(tmp_path), order(backend(files={".env": "OWN=1\n"}))):
        kept = (tmp_path / "sites" / "project_1" / "deployment_1" / ".env").read_text()

    assert kept == "OWN=1\n"


async def test_a_build_sees_the_way_to_the_registry_but_no_aws(tmp_path: Path) -> None:
    machine = platform(tmp_path).machine
    script = "node -e 'console.log(Object.keys(process.env).join())'"

    async with aclosing(platform(tmp_path).deploy(order(backend(build=script)))) as events:
        _, seen = await until_live(events)

    names = set(messages(seen, LogStream.BUILD)[-1].split(","))
    assert {name.lower() for name in machine.network} <= {name.lower() for name in names}
    assert not [name for name in names if name.startswith("AWS_")]


async def test_a_preferred_port_is_used_where_it_is_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        async with live(platform(tmp_path), order(backend(), preferred_port=port)) as (elsewhere, _):
            pass
    async with live(platform(tmp_path), order(backend(), preferred_port=port)) as (url, _):
        pass

    assert url == f"http://127.0.0.1:{port}"
    assert elsewhere != url


async def test_custom_commands_replace_those_of_the_package(tmp_path: Path) -> None:
    config = Config(
        build_command="echo mine", start_command="NAME=unused exec node server.js", health_path="users?first=1"
    )

    async with aclosing(platform(tmp_path).deploy(order(backend(build="exit 1"), config=config))) as events:
        _, seen = await until_live(events)

    assert "mine" in messages(seen, LogStream.BUILD)
    assert messages(seen, LogStream.RUNTIME)[-1] == "GET /users?first=1"


async def test_a_backend_without_a_build_script_says_so(tmp_path: Path) -> None:
    async with aclosing(platform(tmp_path).deploy(order(backend()))) as events:
        _, seen = await until_live(events)

    assert messages(seen, LogStream.SYSTEM) == ["package.json has no build script: nothing to build."]
    assert StepChanged("build", StepState.RUNNING) not in seen


async def test_tables_are_created_between_build_and_start(tmp_path: Path) -> None:
    made: list[tuple[str, str, str]] = []

    async def create(template: str, *, prefix: str, stack: str) -> None:
        made.append((template, prefix, stack))

    async with aclosing(platform(tmp_path, create_tables=create).deploy(order(backend(files=TEMPLATE)))) as events:
        _, seen = await until_live(events)

    steps = [event.step for event in seen if isinstance(event, StepChanged) and event.state is StepState.SUCCEEDED]
    assert steps == ["unpack", "install", "tables", "start", "health"]
    assert made == [(TEMPLATE["infrastructure/template.json"], "project_1-", "snapinfra-project-1")]


async def test_tables_that_cannot_be_made_fail_the_deployment(tmp_path: Path) -> None:
    async def create(template: str, *, prefix: str, stack: str) -> None:
        raise DeployFailed("TABLES_FAILED", "No.")

    failure, seen = await failing(platform(tmp_path, create_tables=create), order(backend(files=TEMPLATE)))

    assert failure.reason == "TABLES_FAILED"
    assert seen[-1] == StepChanged("tables", StepState.FAILED)


async def test_a_failed_build_shows_its_last_lines(tmp_path: Path) -> None:
    failure, seen = await failing(platform(tmp_path), order(backend(build="echo 'x.ts: error TS1' && exit 7")))

    assert failure.reason == "BUILD_FAILED"
    assert failure.message.startswith("The build ended with status 7.\nIts last lines:\n")
    assert "x.ts: error TS1" in failure.message
    assert seen[-1] == StepChanged("build", StepState.FAILED)
    assert folders(tmp_path) == []


async def test_a_build_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    local = platform(tmp_path, limits=Limits(build=1, grace=0.2))

    failure, seen = await failing(local, order(backend(build="trap '' TERM; sleep 1000")))

    assert (failure.reason, failure.message) == ("BUILD_TIMED_OUT", "The build took longer than 1 seconds.")
    assert seen[-1] == StepChanged("build", StepState.FAILED)


async def test_an_archive_without_a_package_is_refused(tmp_path: Path) -> None:
    failure, seen = await failing(platform(tmp_path), order(zipped({"README.md": "hello"})))

    assert (failure.reason, failure.message) == ("BAD_ARCHIVE", "The archive has no package.json at its root.")
    assert seen[-1] == StepChanged("unpack", StepState.FAILED)


async def test_a_folder_in_place_of_the_package_is_none(tmp_path: Path) -> None:
    failure, _ = await failing(platform(tmp_path), order(zipped({"package.json/x.ts": "x"})))

    assert (failure.reason, failure.message) == ("BAD_ARCHIVE", "The archive has no package.json at its root.")


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("{nope", "is not valid JSON"),
        ('{"version": NaN}', "is not valid JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
    ],
    ids=["no JSON", "NaN", "lists", "objects"],
)
async def test_a_package_that_is_not_readable_is_refused(tmp_path: Path, package: str, why: str) -> None:
    failure, seen = await failing(platform(tmp_path), order(zipped({"package.json": package})))

    assert (failure.reason, failure.message) == ("BAD_ARCHIVE", f"The package.json of the archive {why}.")
    assert seen[-1] == StepChanged("unpack", StepState.FAILED)


@pytest.mark.parametrize("start", ["node x\0y", "#" * 131_072], ids=["NUL", "too long"])
async def test_a_script_that_no_shell_takes_is_refused(tmp_path: Path, start: str) -> None:
    packed = zipped({"package.json": json.dumps({"scripts": {"start": start}})})

    failure, _ = await failing(platform(tmp_path), order(packed))

    assert failure.reason == "BAD_ARCHIVE"
    assert failure.message.startswith("The script that starts the server")


async def test_an_archive_that_would_escape_is_refused(tmp_path: Path) -> None:
    failure, _ = await failing(platform(tmp_path), order(zipped({"package.json": "{}", "../../../evil": "x"})))

    assert failure.reason == "BAD_ARCHIVE"
    assert not (tmp_path / "evil").exists()
    assert folders(tmp_path) == []


async def test_a_machine_without_node_is_told_so(tmp_path: Path) -> None:
    local = platform(tmp_path, search_path="/nowhere")

    failure, _ = await failing(local, order(backend()))

    assert failure.reason == "NO_NODE"


@pytest.mark.npm
async def test_an_install_without_a_registry_says_so_and_shows_that_it_waits(tmp_path: Path) -> None:
    local = platform(
        tmp_path,
        network={"NPM_CONFIG_REGISTRY": "http://127.0.0.1:1/"},
        patience=Patience(first=0.1, answer=2, again=0.5),
    )
    package = {"package.json": '{"name": "hello", "dependencies": {"express": "5.0.0"}}'}

    failure, seen = await failing(local, order(zipped(package)))

    assert failure.reason == "REGISTRY_UNREACHABLE"
    assert failure.message.startswith("The npm registry 127.0.0.1 does not answer (ECONNREFUSED).")
    assert "npm is installing; 0 seconds so far." in messages(seen, LogStream.SYSTEM)
    assert seen[-1] == StepChanged("install", StepState.FAILED)


async def test_a_server_that_exits_at_once_fails_at_once(tmp_path: Path) -> None:
    failure, seen = await failing(platform(tmp_path), order(backend(server="throw new Error('no database')")))

    assert failure.reason == "CRASHED"
    assert failure.message.startswith("The server ended with status 1 before it was ready.\nIts last lines:\n")
    assert "Error: no database" in failure.message
    assert seen[-1] == StepChanged("health", StepState.FAILED)


async def test_a_crash_is_told_with_its_error_though_its_stack_and_other_output_come_after_it(tmp_path: Path) -> None:
    server = """
      const error = () => Object.assign(new Error("no database"), { host: "db", port: 5432 });
      const deep = (left) => { if (left) deep(left - 1); else throw error(); };
      process.on("exit", () => { for (let i = 0; i < 5; i += 1) console.log(`\\nclosed ${i}`); });
      deep(40);
    """
    failure, _ = await failing(platform(tmp_path), order(backend(server=server)))

    assert failure.reason == "CRASHED"
    assert "Error: no database" in failure.message


async def test_a_server_that_never_answers_200_is_not_healthy(tmp_path: Path) -> None:
    server = """
      require("node:http").createServer((request, response) => {
        response.statusCode = 503;
        response.end();
      }).listen(process.env.PORT, process.env.HOST);
    """
    local = platform(tmp_path, limits=Limits(health=1.5, grace=0.2))

    failure, seen = await failing(local, order(backend(server=server)))

    assert failure.reason == "HEALTH_CHECK_FAILED"
    assert failure.message == "No 200 from /health within 1.5 seconds (last: status 503). It wrote nothing."
    assert seen[-1] == StepChanged("health", StepState.FAILED)


async def test_a_live_server_that_dies_is_reported(tmp_path: Path) -> None:
    async with live(platform(tmp_path), order(backend())) as (url, events):
        with pytest.raises(httpx.TransportError):
            await get(f"{url}/exit")
        with pytest.raises(DeployFailed) as failure:
            await read_on(events, [])

    assert failure.value.reason == "CRASHED"
    assert failure.value.message.startswith("The server ended with status 3.")
    assert folders(tmp_path) == []


async def test_a_later_deployment_of_a_site_replaces_the_running_one(tmp_path: Path) -> None:
    local = platform(tmp_path)
    first = order(backend(name="old"), deployment_id="deployment_1")
    second = order(backend(name="new"), deployment_id="deployment_2")

    async with live(local, first) as (old_url, old_events), live(local, second) as (new_url, _):
        last: list[Event] = []
        with pytest.raises(Superseded) as replaced:
            await read_on(old_events, last)
        answer = await get(new_url)
        left = folders(tmp_path)
        down = await is_down(old_url)

    assert replaced.value.by == "deployment_2"
    assert messages(last, LogStream.SYSTEM) == ["Stopped: deployment_2 runs here now."]
    assert (answer, left, down) == ("new", ["deployment_2"], True)


async def test_a_replacement_that_fails_leaves_the_running_one_alone(tmp_path: Path) -> None:
    local = platform(tmp_path)

    async with live(local, order(backend(name="old"))) as (url, _):
        failure, _ = await failing(local, order(backend(build="exit 1"), deployment_id="deployment_2"))
        answer = await get(url)

    assert failure.reason == "BUILD_FAILED"
    assert answer == "old"


async def test_other_sites_are_left_alone(tmp_path: Path) -> None:
    local = platform(tmp_path)
    mine, theirs = order(backend(name="mine")), order(backend(name="theirs"), site="project_2")

    async with live(local, mine) as (my_url, _), live(local, theirs) as (their_url, _):
        answers = [await get(my_url), await get(their_url)]

    assert answers == ["mine", "theirs"]


async def test_deploying_the_same_deployment_again_replaces_it_before_it_begins(tmp_path: Path) -> None:
    local = platform(tmp_path)

    async with live(local, order(backend())) as (_, first), live(local, order(backend())) as (url, _):
        with pytest.raises(Superseded):
            await read_on(first, [])
        answer = await get(url)
        left = folders(tmp_path)

    assert (answer, left) == ("hello", ["deployment_1"])


@pytest.mark.npm
async def test_a_real_dependency_is_installed_and_the_second_time_from_the_cache(tmp_path: Path) -> None:
    package = {
        "name": "real",
        "version": "1.0.0",
        "scripts": {"build": "tsc --version", "start": "node server.js"},
        "dependencies": {"ms": "2.1.3"},
        "devDependencies": {"typescript": "5.9.3"},
    }
    server = """
      const ms = require("ms");
      require("node:http").createServer((_, response) => response.end(ms(60000, { long: true })))
        .listen(process.env.PORT, process.env.HOST);
    """
    local = platform(tmp_path)
    config = Config(environment={"NODE_ENV": "production"})
    what = order(zipped({"package.json": json.dumps(package), "server.js": server}), config=config)

    async with aclosing(local.deploy(what)) as events:
        url, seen = await until_live(events)
        answer = await get(url)
    offline = {**local.machine.network, "NPM_CONFIG_OFFLINE": "true"}
    async with live(platform(tmp_path, network=offline), what) as (url, _):
        again = await get(url)

    assert "Version 5.9.3" in messages(seen, LogStream.BUILD)
    assert (answer, again) == ("1 minute", "1 minute")


@pytest.mark.npm
async def test_packages_of_the_same_lock_file_are_installed_once(tmp_path: Path) -> None:
    package = {"name": "nice", "version": "1.0.0"}
    asked = {"dependencies": {"nice": "1.0.0"}}
    lock = {"lockfileVersion": 3, "packages": {"": asked, "node_modules/nice": package}}
    server = f"require('nice/package.json');\n{SERVER}"
    text = json.dumps({"scripts": {"start": "node server.js"}, **asked})
    what = order(backend(server=server, files={"package.json": text, "package-lock.json": json.dumps(lock)}))

    with FakeRegistry([Package("nice")]) as registry:
        async with live(platform(tmp_path, network={"NPM_CONFIG_REGISTRY": registry.url}), what):
            pass
    away = platform(tmp_path, network={"NPM_CONFIG_REGISTRY": "http://127.0.0.1:1/"})
    async with aclosing(away.deploy(what)) as events:
        url, seen = await until_live(events)
        answer = await get(url)

    assert registry.asked
    assert answer == "hello"
    assert "The packages of package-lock.json are there from an earlier install." in messages(seen, LogStream.SYSTEM)


async def test_a_restart_starts_the_same_program_again_in_its_folder(tmp_path: Path) -> None:
    local, what = platform(tmp_path), order(backend(build="echo built"))
    async with live(local, what) as (url, events):
        seen: list[Event] = []
        reading = asyncio.create_task(read_on(events, seen))
        for request in ("first", "second"):
            async with asyncio.timeout(30), aclosing(local.restart(running(what, url, request))) as restarting:
                assert [event async for event in restarting] == []
            assert await get(url) == "hello"
        reading.cancel()
        await asyncio.wait([reading])
    steps = [event for event in seen if isinstance(event, StepChanged)]
    once = [StepChanged(name, state) for name in ("restart", "health") for state in STEPS]
    assert steps == once * 2
    assert messages(seen, LogStream.RUNTIME).count("hello listens") == 2
    assert messages(seen, LogStream.BUILD) == []
    assert folders(tmp_path) == []


async def test_a_program_that_does_not_come_up_again_has_crashed(tmp_path: Path) -> None:
    what = order(backend(), config=Config(start_command="test ! -e started && touch started && exec node server.js"))
    local, seen = platform(tmp_path), list[Event]()
    async with live(local, what) as (url, events):
        asking = asyncio.create_task(anext(local.restart(running(what, url, "first")), None))
        with pytest.raises(DeployFailed) as failure:
            await read_on(events, seen)
        asking.cancel()
        await asyncio.wait([asking])
    assert failure.value.reason == "CRASHED"


async def test_what_does_not_run_can_not_be_restarted(tmp_path: Path) -> None:
    async with aclosing(platform(tmp_path).restart(running(order(backend()), "http://x", "first"))) as restarting:
        with pytest.raises(DeployFailed) as failure:
            await anext(restarting)
    assert failure.value.reason == "GONE"


def running(what: Order, url: str, request: str) -> Running:
    return Running(deployment_id=what.deployment_id, site=what.site, request=request, url=url)
