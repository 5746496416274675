"""This file is what the schema promises of the dashboard."""

from tests.resolvers.in_process import counted
from tests.snapinfra import Server, User, events

DASHBOARD = """
{
  dashboard {
    projectCount
    recentProjects { name }
    recentDeployments { id }
    deploymentCounts { status count }
    generationsThisMonth
  }
}"""


async def test_a_new_teams_dashboard_is_empty(alice: User) -> None:
    assert (await alice.ask(DASHBOARD))["dashboard"] == {
        "projectCount": 0,
        "recentProjects": [],
        "recentDeployments": [],
        "deploymentCounts": [],
        "generationsThisMonth": 0,
    }


async def test_the_dashboard_shows_what_the_team_has(alice: User, bob: User) -> None:
    await bob.project()
    project_id = (await alice.project(name="P0"))["id"]
    for kind in ("SCHEMA", "CODE"):
        generation_id = await alice.generate(project_id, kind)
        await events(alice, generation_id)
    deployment_id = await alice.deploy(project_id, generation_id)
    await alice.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { code } } }", id=deployment_id
    )
    for number in range(1, 7):
        await alice.project(name=f"P{number}")

    dashboard = (await alice.ask(DASHBOARD))["dashboard"]

    (count,) = dashboard.pop("deploymentCounts")
    assert dashboard == {
        "projectCount": 7,
        "recentProjects": [{"name": f"P{number}"} for number in (6, 5, 4, 3, 2)],
        "recentDeployments": [{"id": deployment_id}],
        "generationsThisMonth": 2,
    }
    assert count["status"] in ("CANCELING", "CANCELED")
    assert count["count"] == 1


async def test_the_dashboard_takes_as_many_reads_for_much_as_for_little(server: Server, alice: User) -> None:
    viewer = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]
    async with counted(server, viewer) as asked:
        await asked.ask(DASHBOARD)
        empty = sorted(asked.calls)
        for _ in range(12):
            await alice.project()

        await asked.ask(DASHBOARD)

        assert sorted(asked.calls) == empty == ["Query"] * 4
