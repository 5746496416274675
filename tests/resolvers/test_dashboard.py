"""What the schema promises of the dashboard."""

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
    async with counted(server.config, viewer) as asked:
        await asked.ask(DASHBOARD)
        empty = sorted(asked.calls)
        for _ in range(12):
            await alice.project()

        await asked.ask(DASHBOARD)

        assert sorted(asked.calls) == empty == ["Query"] * 4


async def test_the_dashboard_leaves_out_deployments_of_deleted_and_of_moved_projects(alice: User, bob: User) -> None:
    team_id, other_id = await alice.team(), await alice.team()
    await alice.take_in(bob, team_id, "VIEWER")
    deployed: list[str] = []
    for _ in range(2):
        project_id = (await alice.project(teamId=team_id))["id"]
        for kind in ("SCHEMA", "CODE"):
            generation_id = await alice.generate(project_id, kind)
            await events(alice, generation_id)
        deployment_id = await alice.deploy(project_id, generation_id)
        await alice.ask(
            "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { code } } }",
            id=deployment_id,
        )
        deployed.append(project_id)
    query = """
    query($team: ID!) { dashboard(teamId: $team) { recentDeployments { id } deploymentCounts { count } } }"""
    before = (await bob.ask(query, team=team_id))["dashboard"]

    await alice.ask(
        "mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId } }", id=deployed[0]
    )
    await alice.ask(
        "mutation($id: ID!, $team: ID!) { moveProject(input: {projectId: $id, teamId: $team}) { project { id } } }",
        id=deployed[1],
        team=other_id,
    )

    assert len(before["recentDeployments"]) == sum(one["count"] for one in before["deploymentCounts"]) == 2
    assert (await bob.ask(query, team=team_id))["dashboard"] == {"recentDeployments": [], "deploymentCounts": []}
