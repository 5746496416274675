"""`snapinfra export` and `import`: a team moves to another stage, as the operator of both has it."""

from pathlib import Path

import pytest

from tests.cli.command import snapinfra
from tests.e2e.processes import variables_of
from tests.snapinfra import events, provisioned, serving, settings

CODE = "query($id: ID!) { generation(id: $id) { status files { path content } } }"
PROJECT = "query($id: ID!) { project(id: $id) { name team { id } schema { tables { name } } } }"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_team_moves_to_another_stage(
    emulator: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = [str(tmp_path_factory.mktemp("data")) for _ in range(2)]
    with (
        serving(settings(emulator, SNAPINFRA_DATA=data[0])) as here,
        serving(settings(emulator, SNAPINFRA_DATA=data[1])) as there,
    ):
        alice = here.user("alice")
        project_id = (await alice.project())["id"]
        team_id = (await alice.ask(PROJECT, id=project_id))["project"]["team"]["id"]
        await events(alice, await alice.generate(project_id, "SCHEMA"))
        code_id = await alice.generate(project_id, "CODE")
        await events(alice, code_id)

        left = await snapinfra("export", team_id, "team.gz", folder=tmp_path, **variables_of(here.config))
        twice = await snapinfra("export", team_id, "team.gz", folder=tmp_path, **variables_of(here.config))
        looked = await snapinfra("import", "team.gz", "--dry-run", folder=tmp_path, **variables_of(there.config))
        came = await snapinfra("import", "team.gz", folder=tmp_path, **variables_of(there.config))

        moved = there.user("alice")
        bob = there.user("bob")
        assert (await bob.result(PROJECT, id=project_id))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert await moved.ask(PROJECT, id=project_id) == await alice.ask(PROJECT, id=project_id)
        assert await moved.ask(CODE, id=code_id) == await alice.ask(CODE, id=code_id)
    assert left.status == 0, left.err
    assert "1 projects" in left.out
    assert (twice.status, twice.err) == (1, "Error: team.gz is there already.\n")
    assert (tmp_path / "team.gz").stat().st_mode & 0o777 == 0o600
    assert looked.out.startswith("would be put back: ")
    assert came.out == f"put back: {left.out.partition(': ')[2]}"
    assert names(tmp_path) == ["team.gz"]


async def test_what_can_not_be_done_is_said_in_a_line(emulator: str, tmp_path: Path) -> None:
    stage = variables_of(provisioned(emulator))
    (tmp_path / "broken").write_bytes(b"nothing")

    nobodys = await snapinfra("export", "team_01jd0000000000000000000000", "team.gz", folder=tmp_path, **stage)
    broken = await snapinfra("import", "broken", folder=tmp_path, **stage)
    nowhere = await snapinfra("export", "team_1", "no/where", folder=tmp_path, **stage)

    assert (nobodys.status, nobodys.err) == (
        1,
        "Error: There is no team team_01jd0000000000000000000000 in this stage.\n",
    )
    assert broken.status == nowhere.status == 1
    assert broken.err == "Error: This is no archive of a team.\n"
    assert nowhere.err == "Error: no/where can't be written: No such file or directory.\n"
    assert names(tmp_path) == ["broken"]
