"""`snapinfra seed`: a team to look around in, made once however often it is asked for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.seed import seed
from services.config import Config
from tests.cli.command import snapinfra, started
from tests.cli.test_commands import dev
from tests.snapinfra import events, rebuilt, serving, settings

LOOK = """
query($team: ID!, $range: TimeRange!, $project: ID!) {
  team(id: $team) {
    name
    members { nodes { role name } }
    settings { defaultPlatform }
  }
  viewer { settings { theme timezone } }
  dashboard(teamId: $team) {
    projectCount generationsThisMonth
    recentProjects { name status schema { version } }
    deploymentCounts { status count }
  }
  usage(teamId: $team) { totals { attempts outputTokens } }
  metricsOverview(teamId: $team, projectId: $project, range: $range) { totals { eventCount sessionCount successRate } }
  activity(filter: {projectId: $project}, first: 100) { nodes { id verb } }
  webhooks(teamId: $team) { nodes { url enabled } }
  project(id: $project) {
    architectures { nodes { id } }
    documentation { nodes { title category } }
    generations { nodes { id kind status } }
    deployments {
      nodes { id status url logs(first: 100) { nodes { stream level message } } }
    }
  }
}"""


async def test_it_makes_a_team_at_work_and_twice_adds_nothing(emulator: str, tmp_path: Path) -> None:
    config = settings(emulator, SNAPINFRA_DATA=str(tmp_path))
    with serving(config) as server:
        alice = server.user("alice")
        first = await seen(await seeded(config), alice)
        second = await seen(await seeded(config), alice)
        code = next(one for one in first["project"]["generations"]["nodes"] if one["kind"] == "CODE")
        text, files = rebuilt(await events(alice, code["id"]))

    assert second == first
    assert {(one["role"], one["name"]) for one in first["team"]["members"]["nodes"]} == {
        ("OWNER", "alice"),
        ("ADMIN", "Bob Okafor"),
        ("EDITOR", "Carol Lindqvist"),
        ("VIEWER", "Dave Moreno"),
    }
    assert {one["name"]: (one["status"], one["schema"] and one["schema"]["version"]) for one in recent(first)} == {
        "Online shop": ("READY", 1),
        "Clinic appointments": ("ERROR", 1),
        "Team wiki": ("READY", 1),
        "Course platform": ("READY", 2),
        "Fleet tracker": ("DRAFT", None),
    }
    assert text
    assert {"package.json", "src/server.ts"} <= set(files)
    counts = {one["status"]: one["count"] for one in first["dashboard"]["deploymentCounts"]}
    assert {status: count for status, count in counts.items() if count} == {"FAILED": 1, "SUPERSEDED": 1, "CANCELED": 1}
    assert first["usage"]["totals"]["attempts"] == first["dashboard"]["generationsThisMonth"] == 10
    assert first["metricsOverview"]["totals"]["sessionCount"] > 100
    assert first["webhooks"]["nodes"] == [{"url": "https://hooks.acme.example/snapinfra", "enabled": False}]
    assert "On call" in {page["title"] for page in first["project"]["documentation"]["nodes"]}
    for deployment in first["project"]["deployments"]["nodes"]:
        lines = deployment["logs"]["nodes"]
        assert "nothing is installed or started" in lines[0]["message"]
        assert {line["stream"] for line in lines} == {"SYSTEM", "BUILD", "RELEASE", "RUNTIME"}
    assert first["viewer"]["settings"] == {"theme": "DARK", "timezone": "Europe/Berlin"}


async def test_it_fills_the_server_that_runs_on_the_data_folder(tmp_path: Path) -> None:
    async with dev(tmp_path, tmp_path / "data") as running:
        ended = await snapinfra("seed", "--data", tmp_path / "data", folder=tmp_path)
        teams = await running.user().ask("{ viewer { teams { nodes { name role } } } }")

    assert (ended.status, ended.err) == (0, "")
    working, done = ended.out.splitlines()
    assert working.startswith("Generating and deploying ")
    assert done.startswith("The team Acme (team_")
    assert {"name": "Acme", "role": "OWNER"} in teams["viewer"]["teams"]["nodes"]


async def test_without_a_server_it_says_what_it_does(tmp_path: Path) -> None:
    async with started("seed", folder=tmp_path) as process, asyncio.timeout(60):
        assert process.stdout is not None
        said = await process.stdout.readline()

    assert said == b"No server uses .snapinfra now: an emulator is started to fill it, and stopped again.\n"


async def test_it_refuses_to_touch_anything_but_development(tmp_path: Path) -> None:
    ended = await snapinfra("seed", "--data", tmp_path / "data", folder=tmp_path, SNAPINFRA_ENV="production")

    assert ended.status == 2
    assert "is for development; SNAPINFRA_ENV is production. Nothing was added." in ended.err
    assert not (tmp_path / "data").exists()


async def seeded(config: Config) -> str:
    """Seed a stage that is served; return the id of the team."""
    team = await asyncio.wait_for(seed(config), 150)
    return team.id


async def seen(team_id: str, alice: Any) -> dict[str, Any]:
    """Return what the owner sees of the team."""
    listed = await alice.ask(
        "query($filter: ProjectFilter) { projects(filter: $filter) { nodes { id name } } }", filter={"teamId": team_id}
    )
    shop = next(one["id"] for one in listed["projects"]["nodes"] if one["name"] == "Online shop")
    now = datetime.now(UTC)  # noqa: TID251 - the server's clock is this one
    week = {"start": (now - timedelta(days=9)).isoformat(), "end": now.isoformat()}
    return await alice.ask(LOOK, team=team_id, project=shop, range=week)


def recent(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return shown["dashboard"]["recentProjects"]
