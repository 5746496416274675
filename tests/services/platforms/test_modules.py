"""The tests of packages that are installed once for all backends of this machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.platforms.modules import Modules

LOCK = {"lockfileVersion": 3, "packages": {"node_modules/nice": {"version": "1.0.0"}}}
PACKAGE = {"name": "shop", "scripts": {"build": "tsc"}, "dependencies": {"nice": "1.0.0"}}


def backend(folder: Path, package: Mapping[str, Any] = PACKAGE, lock: Mapping[str, Any] = LOCK) -> Path:
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


async def installed(modules: Modules, folder: Path, package: Mapping[str, Any] = PACKAGE) -> None:
    """Keep what npm would have installed for a backend."""
    nice = backend(folder, package) / "node_modules" / "nice"
    nice.mkdir(parents=True)
    (nice / "index.js").write_text("exports.nice = 1;\n")
    (folder / "node_modules" / "alias").symlink_to("nice")
    await modules.keep(folder)


@pytest.fixture
def modules(tmp_path: Path) -> Modules:
    return Modules(tmp_path / "installed")


async def test_a_backend_with_the_same_packages_is_given_them(modules: Modules, tmp_path: Path) -> None:
    await installed(modules, tmp_path / "first")
    second = backend(tmp_path / "second", PACKAGE | {"name": "blog", "scripts": {"start": "node ."}})

    assert await modules.link(second)
    assert (second / "node_modules" / "nice" / "index.js").read_text() == "exports.nice = 1;\n"
    assert (second / "node_modules" / "alias").readlink() == Path("nice")


async def test_what_one_backend_adds_or_removes_the_others_do_not_see(modules: Modules, tmp_path: Path) -> None:
    await installed(modules, tmp_path / "first")
    (tmp_path / "first" / "node_modules" / "nice" / "index.js").unlink()
    (tmp_path / "first" / "node_modules" / ".cache").mkdir()
    second = backend(tmp_path / "second")

    assert await modules.link(second)
    assert sorted(path.name for path in (second / "node_modules").iterdir()) == ["alias", "nice"]
    assert (second / "node_modules" / "nice" / "index.js").exists()


@pytest.mark.parametrize(
    ("package", "lock"),
    [
        (PACKAGE | {"dependencies": {"nice": "1.0.1"}}, LOCK),
        (PACKAGE | {"overrides": {"nice": "1.0.1"}}, LOCK),
        (PACKAGE, LOCK | {"packages": {"node_modules/nice": {"version": "1.0.1"}}}),
    ],
)
async def test_other_packages_are_installed_anew(
    modules: Modules, tmp_path: Path, package: Mapping[str, Any], lock: Mapping[str, Any]
) -> None:
    await installed(modules, tmp_path / "first")
    second = backend(tmp_path / "second", package, lock)

    assert not await modules.link(second)
    assert not (second / "node_modules").exists()


@pytest.mark.parametrize("script", ["preinstall", "install", "postinstall", "prepare"])
async def test_an_install_that_runs_scripts_is_not_kept(modules: Modules, tmp_path: Path, script: str) -> None:
    package = PACKAGE | {"scripts": {script: "touch made"}}
    await installed(modules, tmp_path / "first", package)

    assert not await modules.link(backend(tmp_path / "second", package))
    assert not modules.root.exists()


async def test_packages_with_scripts_and_settings_of_npm_are_installed_anew(modules: Modules, tmp_path: Path) -> None:
    await installed(modules, tmp_path / "first")
    lock = LOCK | {"packages": {"node_modules/nice": {"version": "1.0.0", "hasInstallScript": True}}}
    scripted, settled = backend(tmp_path / "scripted", lock=lock), backend(tmp_path / "settled")
    (settled / ".npmrc").write_text("omit=dev\n")

    assert [await modules.link(folder) for folder in (scripted, settled)] == [False, False]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scripts": 1}'])
async def test_a_package_json_that_is_none_is_npms_to_judge(modules: Modules, tmp_path: Path, text: str) -> None:
    folder = backend(tmp_path / "backend")
    (folder / "package.json").write_text(text)

    assert not await modules.link(folder)
