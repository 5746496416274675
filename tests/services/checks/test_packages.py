"""The tests of how the dependencies of checked code are installed, shared and cleared away."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from services.checks.dependencies import Dependencies
from services.checks.packages import NotInstallable, NotInstalled, Npm, Packages
from services.platforms.folders import Room, make_room
from tests.fakes.npm_registry import FakeRegistry, Package
from tests.services.checks.machine import SEARCH_PATH, processes_of

pytestmark = pytest.mark.npm


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FakeRegistry]:
    touch = f"node -e \"require('fs').writeFileSync('{tmp_path}/ran', '')\""
    packages = [
        Package("nice", {"index.d.ts": "export const nice: 1;\n"}),
        Package("eager", more={"scripts": dict.fromkeys(["preinstall", "install", "postinstall", "prepare"], touch)}),
        Package("gitty", more={"dependencies": {"other": "git+https://127.0.0.1:1/other.git"}}),
        Package("remote", more={"dependencies": {"other": "http://127.0.0.1:1/other.tgz"}}),
        Package("linked", more={"dependencies": {"other": f"file:{tmp_path}"}}),
        Package("program", {"run.js": "0"}, {"bin": {"program": "run.js"}}),
    ]
    with FakeRegistry(packages) as running:
        yield running


def packages(tmp_path: Path, url: str, *, search_path: str = SEARCH_PATH, seconds: float = 60) -> Packages:
    network = {"NPM_CONFIG_REGISTRY": url, "NPM_CONFIG_FETCH_RETRIES": "0"}
    return Packages(tmp_path / "packages", Npm(search_path, tmp_path / "cache", network, seconds))


def wanting(*names: str) -> Dependencies:
    return Dependencies(json.dumps({"dependencies": dict.fromkeys(names, "1.0.0")}))


async def contents(store: Packages, wanted: Dependencies) -> list[str]:
    """Install, and return the names in node_modules."""
    async with store.installed(wanted) as folder:
        return listed(folder / "node_modules")


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


async def test_what_is_installed_once_is_there_for_all(tmp_path: Path, registry: FakeRegistry) -> None:
    assert await contents(packages(tmp_path, registry.url), wanting("nice")) == ["nice"]
    asked = list(registry.asked)

    assert await contents(packages(tmp_path, "http://127.0.0.1:1/"), wanting("nice")) == ["nice"]
    assert registry.asked == asked
    assert listed(tmp_path / "packages") == [wanting("nice").key]


async def test_no_script_of_a_package_runs_and_none_of_its_programs_is_linked(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    assert await contents(packages(tmp_path, registry.url), wanting("eager", "program")) == ["eager", "program"]

    assert not (tmp_path / "ran").exists()
    assert not any(path.is_symlink() for path in (tmp_path / "packages").rglob("*"))


async def test_a_package_that_does_not_exist_cannot_be_installed(tmp_path: Path, registry: FakeRegistry) -> None:
    with pytest.raises(NotInstallable) as failure:
        await contents(packages(tmp_path, registry.url), wanting("nice", "invented"))

    assert "E404" in str(failure.value)
    assert "invented" in str(failure.value)
    assert str(tmp_path) not in str(failure.value)
    assert listed(tmp_path / "packages") == []


@pytest.mark.parametrize("name", ["gitty", "remote", "linked"])
async def test_a_package_that_wants_something_from_elsewhere_is_not_installed(
    tmp_path: Path, registry: FakeRegistry, name: str
) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    git.chmod(0o755)

    with pytest.raises((NotInstallable, NotInstalled)):
        await contents(packages(tmp_path, registry.url, search_path=f"{git.parent}:{SEARCH_PATH}"), wanting(name))

    assert not (tmp_path / "ran").exists()
    assert listed(tmp_path / "packages") == []


async def test_a_registry_that_is_away_is_nobodys_fault(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled) as failure:
        await contents(packages(tmp_path, "http://127.0.0.1:1/"), wanting("nice"))

    assert str(failure.value) == "npm could not install the dependencies (ECONNREFUSED)."


async def test_without_npm_nothing_is_installed(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="There is no npm on this machine"):
        await contents(packages(tmp_path, "http://127.0.0.1:1/", search_path=str(tmp_path)), wanting("nice"))


async def test_an_install_that_takes_too_long_is_ended(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.gate.clear()

    with pytest.raises(NotInstalled, match="npm took longer than 1 seconds"):
        await contents(packages(tmp_path, registry.url, seconds=1), wanting("nice"))

    assert listed(tmp_path / "packages") == []


async def test_cancelling_an_install_leaves_nothing(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.gate.clear()
    installing = asyncio.create_task(contents(packages(tmp_path, registry.url), wanting("nice")))
    async with asyncio.timeout(20):
        while not registry.asked:  # noqa: ASYNC110 - the registry runs in a thread
            await asyncio.sleep(0.02)
    before = processes_of(tmp_path)

    installing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await installing

    assert before
    assert processes_of(tmp_path) == []
    assert listed(tmp_path / "packages") == []


async def test_two_that_want_the_same_at_once_share_one_folder(tmp_path: Path, registry: FakeRegistry) -> None:
    one, other = packages(tmp_path, registry.url), packages(tmp_path, registry.url)

    found = await asyncio.gather(*(contents(store, wanting("nice")) for store in (one, other, one)))

    assert found == [["nice"], ["nice"], ["nice"]]
    assert listed(tmp_path / "packages") == [wanting("nice").key]


async def test_dependencies_that_are_too_large_are_not_kept(tmp_path: Path, registry: FakeRegistry) -> None:
    store = packages(tmp_path, registry.url)

    with pytest.raises(NotInstallable, match="larger than 0 MiB"):
        await contents(Packages(store.root, store.npm, Room(bytes=40)), wanting("nice"))

    assert listed(tmp_path / "packages") == []


def kept(root: Path, names: Iterable[str], *, size: int) -> None:
    """Make folders as installs do, the first used longest ago."""
    for age, name in enumerate(names):
        (root / name).mkdir(parents=True)
        (root / name / "size").write_text(str(size))
        os.utime(root / name, (age, age))


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    kept(tmp_path, ["a", "b", "c", "d"], size=10)

    make_room(tmp_path, Room(folders=3))
    after_count = listed(tmp_path)
    make_room(tmp_path, Room(bytes=25))

    assert after_count == ["b", "c", "d"]
    assert listed(tmp_path) == ["c", "d"]


async def test_what_is_in_use_stays(tmp_path: Path) -> None:
    store = packages(tmp_path, "http://127.0.0.1:1/")
    kept(store.root, [wanting("a").key, wanting("b").key], size=10)
    async with store.installed(wanting("a")):
        os.utime(store.root / wanting("a").key, (0, 0))
        make_room(store.root, Room(folders=0))
        during = listed(store.root)
    make_room(store.root, Room(folders=0))

    assert during == [wanting("a").key]
    assert listed(store.root) == []


def test_what_an_install_that_broke_off_left_is_removed(tmp_path: Path) -> None:
    kept(tmp_path, ["new-x", "old-y", "a"], size=10)

    make_room(tmp_path, Room())

    assert listed(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("10.9.4", "npm 10.9.4 may fetch packages from any address"),
        ("11.13.9", "npm 11.13.9 may fetch packages from any address"),
        ("9.0.0-pre.1", "npm 9.0.0-pre.1 may fetch packages from any address"),
        ("", "npm does not tell its version"),
        ("yes", "npm does not tell its version"),
    ],
)
async def test_an_npm_that_does_not_know_the_guard_is_not_used(tmp_path: Path, version: str, said: str) -> None:
    shim = shim_of_npm(tmp_path, version)
    store = packages(tmp_path, "http://127.0.0.1:1/", search_path=f"{shim.parent}:{SEARCH_PATH}")

    with pytest.raises(NotInstalled, match=said):
        await contents(store, wanting("nice"))

    assert (tmp_path / "called").read_text().split() == ["--version"]
    assert listed(tmp_path / "packages") == []


@pytest.mark.parametrize("version", ["11.14.0", "12.0.1"])
async def test_an_npm_that_knows_the_guard_is_used(tmp_path: Path, registry: FakeRegistry, version: str) -> None:
    shim = shim_of_npm(tmp_path, version)
    store = packages(tmp_path, registry.url, search_path=f"{shim.parent}:{SEARCH_PATH}")

    assert await contents(store, wanting("nice")) == ["nice"]


def shim_of_npm(folder: Path, version: str) -> Path:
    """Make an npm that reports a version, notes its first arguments, and leaves the rest to the real one."""
    shim = folder / "bin" / "npm"
    shim.parent.mkdir()
    real = shutil.which("npm", path=SEARCH_PATH)
    shim.write_text(
        f'#!/bin/sh\necho "$1" >> "{folder}/called"\n'
        f'if [ "$1" = --version ]; then echo "{version}"; else exec "{real}" "$@"; fi\n'
    )
    shim.chmod(0o755)
    return shim
