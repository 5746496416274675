"""snapinfra-client, the npm package, as it is packed: what it hands on over connections that break, and its shape."""

import asyncio
import gzip
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import GraphQLUnionType, parse, validate

from tests.e2e.proxy import before
from tests.sdl import sdl_schema
from tests.snapinfra import User, events

HERE: Final = Path(__file__).parent
PACKAGE: Final = HERE.parent.parent / "clients" / "typescript"
PATH: Final = f"{os.environ['PATH']}:{HERE.parent.parent / '.tools' / 'bin'}"  # noqa: TID251 - where the machine's Node is
MOST_BYTES: Final = 8_000
EXAMPLE: Final = """
declare const id: string;
declare function getToken(): Promise<string>;
declare function show(files: ReadonlyMap<string, string>, writing: ReadonlyMap<string, string>, text: string): void;
"""
CODE: Final = "query($id: ID!) { generation(id: $id) { text files { path content } } }"


def run(*command: str | Path, within: Path) -> str:
    done = subprocess.run(command, cwd=within, env={"PATH": PATH}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package as its users have it: packed, beside its peer."""
    folder = tmp_path_factory.mktemp("package")
    modules = folder / "node_modules"
    modules.mkdir()
    run("npm", "pack", "--silent", "--pack-destination", folder, within=PACKAGE)
    with tarfile.open(next(folder.glob("snapinfra-client-*.tgz"))) as packed:
        packed.extractall(modules, filter="data")
    (modules / "package").rename(modules / "snapinfra-client")
    for peer in ("graphql-ws", "graphql", "react"):
        (modules / peer).symlink_to(HERE / "node_modules" / peer)
    return folder


async def followed(folder: Path, user: User, generation_id: str, *tokens: str, pause: int = 0) -> Any:
    """Return what came of following a generation with the package."""
    return await said(folder, user, "package.mjs", generation_id, str(pause), *(tokens or (user.token,)))


async def said(folder: Path, user: User, script: str, *arguments: str) -> Any:
    """Return what a script prints that uses the package."""
    node = shutil.which("node", path=PATH)
    assert node is not None
    url = user.url.replace("http", "ws", 1)
    return json.loads(await asyncio.to_thread(run, node, HERE / script, folder, url, *arguments, within=folder))


async def written(user: User) -> str:
    """Generate code and return the generation, which has ended."""
    project_id = (await user.project())["id"]
    await events(user, await user.generate(project_id, "SCHEMA"))
    generation_id = await user.generate(project_id, "CODE")
    await events(user, generation_id)
    return generation_id


async def is_all(result: Any, user: User, generation_id: str) -> None:
    """Assert that a client came to what is stored, by events that came once and in order."""
    stored = (await user.ask(CODE, id=generation_id))["generation"]
    state = result["state"]

    assert result["error"] is None
    assert result["seqs"] == sorted(set(result["seqs"]))
    assert state["files"] == {file["path"]: file["content"] for file in stored["files"]}
    assert state["text"] == stored["text"]
    assert (state["status"], state["isWhole"], state["writing"]) == ("COMPLETED", True, 0)


@pytest.mark.npm
@pytest.mark.parametrize("cuts", [(None,), (1, 2, 3, 5, 8, 13, None), (40, 1, 1, None)])
async def test_the_files_are_those_that_are_stored_wherever_connections_break(
    alice: User, folder: Path, cuts: tuple[int | None, ...]
) -> None:
    generation_id = await written(alice)

    async with before(alice.url, cuts=cuts) as proxy:
        result = await followed(folder, proxy.user(alice), generation_id)
        sockets = proxy.sockets

    assert sockets == len(cuts)
    await is_all(result, alice, generation_id)


@pytest.mark.npm
async def test_a_reader_that_takes_its_time_misses_nothing(alice: User, folder: Path) -> None:
    generation_id = await written(alice)

    await is_all(await followed(folder, alice, generation_id, pause=1_500), alice, generation_id)


@pytest.mark.npm
async def test_a_token_that_does_not_hold_is_asked_for_again(alice: User, folder: Path) -> None:
    generation_id = await written(alice)

    result = await followed(folder, alice, generation_id, "expired", alice.token)

    assert result["asked"] == 2
    await is_all(result, alice, generation_id)


@pytest.mark.npm
async def test_a_refusal_counts_once_however_many_streams_a_connection_has(alice: User, folder: Path) -> None:
    generation_id = await written(alice)

    ends = await said(folder, alice, "together.mjs", generation_id, "expired", alice.token)

    assert ends == ["COMPLETED"] * 5


@pytest.mark.npm
async def test_where_asking_for_a_token_fails_it_is_asked_for_again(alice: User, folder: Path) -> None:
    generation_id = await written(alice)

    result = await followed(folder, alice, generation_id, "fails", "fails", alice.token)

    assert result["asked"] == 3
    await is_all(result, alice, generation_id)


@pytest.mark.npm
async def test_where_asking_for_a_token_goes_on_failing_it_says_so(alice: User, folder: Path) -> None:
    result = await followed(folder, alice, "generation_01m7", "fails")

    message = "There is no token: asking for one failed"
    assert result["asked"] == 5
    assert result["error"] == {"name": "SnapinfraError", "code": "NO_TOKEN", "message": message}


@pytest.mark.npm
async def test_without_a_token_that_holds_it_says_so_after_some_attempts(alice: User, folder: Path) -> None:
    result = await followed(folder, alice, "generation_01m7", "expired")

    assert result["asked"] == 3
    assert result["error"] == {"name": "SnapinfraError", "code": 4403, "message": "Forbidden"}


@pytest.mark.npm
async def test_what_can_not_be_followed_is_an_error_with_its_code(alice: User, folder: Path) -> None:
    result = await followed(folder, alice, "generation_01m7")

    assert (result["error"]["code"], result["seqs"]) == ("NOT_FOUND", [])


@pytest.mark.npm
async def test_reacts_strict_mode_which_mounts_twice_loses_nothing_and_renders_seldom(
    alice: User, folder: Path
) -> None:
    generation_id = await written(alice)

    async with before(alice.url, cuts=(2, 5, None)) as proxy:
        result = await said(folder, proxy.user(alice), "react.mjs", generation_id, alice.token)

    assert result["shown"] == "COMPLETED"
    assert result["renders"] < 100, "events that come together are shown together"
    await is_all(result, alice, generation_id)


@pytest.mark.npm
def test_its_documents_and_its_events_are_those_of_the_schema() -> None:
    schema, source = sdl_schema(), (PACKAGE / "src" / "events.ts").read_text()
    documents = re.findall(r"_EVENTS = `(.*?)`", source, re.DOTALL)

    assert [validate(schema, parse(document)) for document in documents] == [[], []]
    for name in ("GenerationEvent", "DeploymentEvent"):
        union = schema.type_map[name]
        assert isinstance(union, GraphQLUnionType)
        (declared,) = re.findall(rf"type {name} =(.*?);\n", source, re.DOTALL)
        named = {*re.findall(r'Event<"(\w+)"', declared), *(["StreamGap"] if "Gap" in declared else [])}
        assert named == {member.name for member in union.types}


@pytest.mark.npm
def test_what_its_readme_shows_compiles(folder: Path) -> None:
    (shown,) = re.findall(r"```ts\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    (folder / "shown.mts").write_text(shown + EXAMPLE)

    compiler = PACKAGE / "node_modules" / ".bin" / "tsc"
    options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]
    run(compiler, *options, "shown.mts", within=folder)


@pytest.mark.npm
def test_its_shape_is_one_that_every_bundler_takes_and_it_is_small(folder: Path) -> None:
    entry = folder / "node_modules" / "snapinfra-client" / "dist" / "index.js"

    (packed,) = folder.glob("snapinfra-client-*.tgz")
    programs, bundler = PACKAGE / "node_modules" / ".bin", HERE / "node_modules" / ".bin" / "esbuild"

    run(programs / "publint", packed, "--strict", within=folder)
    run(programs / "attw", packed, "--profile", "esm-only", within=folder)
    run(
        bundler,
        entry,
        "--bundle",
        "--minify",
        "--format=esm",
        "--external:graphql-ws",
        "--outfile=it.js",
        within=folder,
    )

    assert len(gzip.compress((folder / "it.js").read_bytes())) < MOST_BYTES
