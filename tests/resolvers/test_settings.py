"""What the schema promises of settings."""

import asyncio
from typing import Any

from tests.snapinfra import User, events

NO_ZONES = ("localtime", "posixrules", "Factory", "europe/berlin", "posix/UTC", "tzdata.zi")
SETTINGS = "{ viewer { settings { theme timezone notifyOn version } team { id settings { ...all } } } }"
ALL = " fragment all on TeamSettings { defaultPlatform defaultModel version }"

UPDATE = """
mutation($input: UpdateSettingsInput!) {
  updateSettings(input: $input) { settings { theme timezone version } userErrors { code field } }
}"""

UPDATE_TEAM = """
mutation($input: UpdateTeamSettingsInput!) {
  updateTeamSettings(input: $input) {
    settings { defaultPlatform defaultModel version } userErrors { message code field }
  }
}"""

DEPLOY = """
mutation($project: ID!, $generation: ID!) {
  createDeployment(input: {projectId: $project, generationId: $generation}) {
    deployment { id platform } userErrors { message code field }
  }
}"""

AT_FIRST = ["GENERATION_FAILED", "DEPLOYMENT_LIVE", "DEPLOYMENT_FAILED"]


async def seen(user: User) -> dict[str, Any]:
    return (await user.ask(SETTINGS + ALL))["viewer"]


async def test_settings_that_nobody_has_changed_are_the_defaults(alice: User) -> None:
    viewer = await seen(alice)

    assert viewer["settings"] == {"theme": "SYSTEM", "timezone": "UTC", "notifyOn": AT_FIRST, "version": 0}
    assert viewer["team"]["settings"] == {"defaultPlatform": None, "defaultModel": None, "version": 0}


async def test_settings_that_are_not_named_stay_as_they_are(alice: User, bob: User) -> None:
    await alice.ask(UPDATE, input={"theme": "DARK"})
    await alice.ask(UPDATE, input={"timezone": "Europe/Berlin", "notifyOn": ["DEPLOYMENT_FAILED"] * 2})

    assert (await seen(alice))["settings"] == {
        "theme": "DARK",
        "timezone": "Europe/Berlin",
        "notifyOn": ["DEPLOYMENT_FAILED"],
        "version": 2,
    }
    assert (await seen(bob))["settings"]["version"] == 0


async def test_changes_at_once_are_all_kept(alice: User) -> None:
    changes: list[dict[str, Any]] = [{"theme": "DARK"}, {"timezone": "Asia/Tokyo"}, {"notifyOn": []}]

    await asyncio.gather(*(alice.ask(UPDATE, input=change) for change in changes))

    assert (await seen(alice))["settings"] == {
        "theme": "DARK",
        "timezone": "Asia/Tokyo",
        "notifyOn": [],
        "version": 3,
    }


async def test_a_time_zone_that_does_not_exist_is_refused(alice: User) -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe", "a\u0000b", "x" * 5000, *NO_ZONES):
        answer = await alice.result(UPDATE, input={"timezone": name, "theme": "DARK"})

        assert answer["data"]["updateSettings"] == {
            "settings": None,
            "userErrors": [{"code": "BAD_USER_INPUT", "field": ["timezone"]}],
        }
    assert (await seen(alice))["settings"]["version"] == 0


async def test_a_stale_change_of_settings_shows_them_as_they_are_and_writes_nothing(alice: User) -> None:
    await alice.ask(UPDATE, input={"theme": "DARK", "expectedVersion": 0})

    stale = await alice.result(UPDATE, input={"theme": "LIGHT", "expectedVersion": 0})

    assert stale["data"]["updateSettings"] == {
        "settings": {"theme": "DARK", "timezone": "UTC", "version": 1},
        "userErrors": [{"code": "CONFLICT", "field": None}],
    }


async def test_deployments_without_a_platform_go_to_the_teams_default(alice: User) -> None:
    team_id = (await seen(alice))["team"]["id"]
    project_id = (await alice.project())["id"]
    for kind in ("SCHEMA", "CODE"):
        generation_id = await alice.generate(project_id, kind)
        await events(alice, generation_id)
    where = {"project": project_id, "generation": generation_id}
    nowhere = await alice.result(DEPLOY, **where)

    await alice.ask(UPDATE_TEAM, input={"teamId": team_id, "defaultPlatform": "LOCAL"})
    somewhere = (await alice.ask(DEPLOY, **where))["createDeployment"]["deployment"]

    assert nowhere["data"]["createDeployment"] == {
        "deployment": None,
        "userErrors": [
            {
                "message": "Say in platform where to deploy; the team has no default platform.",
                "code": "BAD_USER_INPUT",
                "field": ["platform"],
            }
        ],
    }
    assert somewhere["platform"] == "LOCAL"
    await alice.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { code } } }",
        id=somewhere["id"],
    )


async def test_a_default_can_be_taken_back(alice: User) -> None:
    team_id = (await seen(alice))["team"]["id"]
    await alice.ask(UPDATE_TEAM, input={"teamId": team_id, "defaultPlatform": "LOCAL"})

    await alice.ask(UPDATE_TEAM, input={"teamId": team_id, "defaultModel": None})
    kept = (await seen(alice))["team"]["settings"]
    await alice.ask(UPDATE_TEAM, input={"teamId": team_id, "defaultPlatform": None})

    assert kept == {"defaultPlatform": "LOCAL", "defaultModel": None, "version": 2}
    assert (await seen(alice))["team"]["settings"]["defaultPlatform"] is None


async def test_a_model_that_no_provider_has_is_no_default(alice: User) -> None:
    team_id = (await seen(alice))["team"]["id"]

    answer = await alice.result(UPDATE_TEAM, input={"teamId": team_id, "defaultModel": "gpt-0"})

    assert answer["data"]["updateTeamSettings"] == {
        "settings": None,
        "userErrors": [
            {
                "message": "defaultModel must be one of: scaffold-1.",
                "code": "BAD_USER_INPUT",
                "field": ["defaultModel"],
            }
        ],
    }
    assert (await seen(alice))["team"]["settings"]["version"] == 0
