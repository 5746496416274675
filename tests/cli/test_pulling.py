"""`snapinfra pull` and `snapinfra new --into`, against a server: code comes into a folder, and edits stay."""

import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.client import Refused
from cli.pulling import unpacked
from tests.cli.command import Ended, snapinfra
from tests.resolvers.deployed import Deployed
from tests.snapinfra import User, events


async def run(user: User, *arguments: str | Path, folder: Path) -> Ended:
    return await snapinfra(*arguments, "--url", user.url, "--token", user.token, folder=folder)


def commit(folder: Path, files: Mapping[str, str]) -> None:
    """Change files and commit them, as a person does; a folder without git gets one."""
    for path, content in files.items():
        (folder / path).write_text(content)
    settings = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")
    for command in (("init", "--quiet"), ("add", "--all"), (*settings, "commit", "--quiet", "--message", "Mine")):
        subprocess.run(["git", "-C", str(folder), *command], check=True, timeout=60)


async def newer(project: Deployed, prompt: str) -> None:
    """Generate a new schema, and code of it."""
    for kind, more in (("SCHEMA", {"prompt": prompt}), ("CODE", {})):
        await events(project.user, await project.user.generate(project.project_id, kind, **more))


async def test_new_code_comes_into_a_folder_and_edits_stay(alice: User, tmp_path: Path) -> None:
    project = await Deployed.with_code(alice)

    first = await run(alice, "pull", project.project_id, "--into", "users", folder=tmp_path)
    folder = tmp_path / "users"
    readme = (folder / "README.md").read_text()
    commit(folder, {"README.md": f"{readme}\n## Mine\n", ".gitignore": "mine\n", "src/mine.ts": "export {};\n"})
    await newer(project, "A library of books with their authors")
    merged = await run(alice, "pull", folder=folder)
    same = await run(alice, "pull", folder=folder)

    assert (first.status, first.out) == (0, "Pulled, generation 2, on the branch main in users.\n")
    told = "Yours is kept: .gitignore\nMerged with yours: README.md\n"
    assert (merged.status, merged.out) == (0, f"{told}Pulled, generation 4, on the branch main in ..\n")
    assert "Nothing has changed: it is there already, generation 4" in same.out
    assert (folder / "README.md").read_text().endswith("\n## Mine\n")
    assert "authors" in (folder / "README.md").read_text()
    assert (folder / ".gitignore").read_text() == "mine\n"
    assert (folder / "src/mine.ts").exists()


async def test_conflicts_are_named_and_marked(alice: User, tmp_path: Path) -> None:
    project = await Deployed.with_code(alice)
    await run(alice, "pull", project.generation_id, "--into", "users", folder=tmp_path)
    folder = tmp_path / "users"
    commit(folder, {"README.md": "# Mine alone\n"})
    await newer(project, "A library of books with their authors")

    ended = await run(alice, "pull", folder=folder)

    assert (ended.status, ended.out) == (1, "In conflict with yours: README.md\n")
    assert ended.err.startswith(f"Conflicts are marked in 1 of the files in {folder}. ")
    assert "<<<<<<< HEAD\n# Mine alone\n" in (folder / "README.md").read_text()


async def test_an_archive_that_was_unpacked_is_told_what_it_began_as(alice: User, tmp_path: Path) -> None:
    project = await Deployed.with_code(alice)
    await run(alice, "pull", project.project_id, "--into", "first", folder=tmp_path)
    folder = tmp_path / "first"
    shutil.rmtree(folder / ".git")
    unknown = await run(alice, "pull", project.project_id, folder=folder)
    commit(folder, {".gitignore": "mine\n"})

    ended = await run(alice, "pull", project.project_id, "--from", project.generation_id, folder=folder)

    assert (unknown.status, unknown.out) == (1, "")
    assert "git init && git add --all" in unknown.err
    assert ended.status == 0
    assert ended.out.startswith("Yours is kept: .gitignore\n")


async def test_new_puts_the_code_into_a_new_folder_alone(alice: User, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    said = ("new", "A list of users", "--no-deploy", "--into")

    ended = await run(alice, *said, "users", folder=tmp_path)
    refused = await run(alice, *said, "taken", folder=tmp_path)

    assert ended.status == 0
    assert "on the branch main in users.\n" in ended.out
    assert (tmp_path / "users" / "package.json").exists()
    assert (refused.status, refused.out) == (1, "")
    assert "There is something in taken already" in refused.err


async def test_what_there_is_not_can_not_be_pulled(alice: User, bob: User, tmp_path: Path) -> None:
    project = await alice.project()
    hidden = await Deployed.with_code(bob)
    schema = await alice.generate(project["id"], "SCHEMA")
    await events(alice, schema)

    refusals = {
        what: (await run(alice, "pull", *what, "--into", "new", folder=tmp_path)).err
        for what in [(), (project["id"],), (hidden.project_id,), (hidden.generation_id,), (schema,)]
    }

    assert list(refusals.values()) == [
        "Say which project's code to pull: nothing here tells it.\n",
        "This project has no COMPLETED code yet.\n",
        f"No project with the id '{hidden.project_id}'.\n",
        f"No generation with the id '{hidden.generation_id}'.\n",
        "Only a COMPLETED generation of CODE can be pulled.\n",
    ]


def archive(files: Mapping[str, bytes]) -> tuple[bytes, dict[str, str]]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files.items():
            target.writestr(path, content)
    return packed.getvalue(), {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "/a",
        "a/../../b",
        ".git/config",
        "src/.GIT/hooks/pre-commit",
        "git~1/config",
        ".git./config",
        "C:/a",
        "a\\b",
    ],
)
def test_an_archive_never_leads_out_of_the_folder(path: str) -> None:
    with pytest.raises(Refused, match="may not be in a folder"):
        unpacked(*archive({"a.ts": b"1", path: b"2"}))


def test_an_archive_with_other_files_is_refused() -> None:
    packed, digests = archive({"a.ts": b"1"})

    assert unpacked(packed, digests) == {"a.ts": b"1"}
    for others in ({**digests, "b.ts": digests["a.ts"]}, {}, {"a.ts": "0" * 64}):
        with pytest.raises(Refused, match="other files than the generation"):
            unpacked(packed, others)
    for damaged in (packed[:-9], b"", packed.replace(b"a.ts", b"b.ts", 1)):
        with pytest.raises(Refused):
            unpacked(damaged, digests)


def test_an_archive_that_grows_too_large_is_not_unpacked() -> None:
    packed, digests = archive({"a.ts": bytes(65 * 1024 * 1024)})

    with pytest.raises(Refused, match="larger than any"):
        unpacked(packed, digests)
