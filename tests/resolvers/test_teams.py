"""What the schema promises of teams and their members."""

import asyncio
from typing import Any

import pytest

from tests.snapinfra import Server, User

TEAM = """
query($id: ID!) {
  team(id: $id) { name personal role version members { nodes { userId role } } projects { nodes { name } } }
}"""
CREATE = """
mutation($input: CreateTeamInput!) {
  createTeam(input: $input) {
    team { id name personal role version viewerCan { manageTeam } members { nodes { role } } }
    userErrors { message code field }
  }
}"""
RENAME = """
mutation($input: RenameTeamInput!) {
  renameTeam(input: $input) { team { name version } userErrors { code field } }
}"""
ROLE = """
mutation($input: ChangeMemberRoleInput!) {
  changeMemberRole(input: $input) { team { id } userErrors { message code field } }
}"""
REMOVE = """
mutation($input: RemoveMemberInput!) {
  removeMember(input: $input) { team { id } userErrors { message code field } }
}"""
LEAVE = "mutation($id: ID!) { leaveTeam(input: {teamId: $id}) { leftTeamId userErrors { message code } } }"
TRANSFER = """
mutation($input: TransferOwnershipInput!) {
  transferOwnership(input: $input) { team { role } userErrors { message code field } }
}"""
DELETE = "mutation($id: ID!) { deleteTeam(input: {teamId: $id}) { deletedTeamId userErrors { message code } } }"
MOVE = """
mutation($input: MoveProjectInput!) {
  moveProject(input: $input) { project { id team { id } version } userErrors { message code } }
}"""
TEAMS = """
query($first: Int!, $after: String) {
  viewer { teams(first: $first, after: $after) { nodes { name personal role } pageInfo { hasNextPage endCursor } } }
}"""


async def my_id(user: User) -> str:
    return (await user.ask("{ viewer { id } }"))["viewer"]["id"]


async def personal_team(user: User) -> str:
    return (await user.ask("{ viewer { team { id } } }"))["viewer"]["team"]["id"]


async def roles_in(team_id: str, *, by: User) -> dict[str, str]:
    team = (await by.ask(TEAM, id=team_id))["team"]
    return {member["userId"]: member["role"] for member in team["members"]["nodes"]}


async def code(user: User, operation: str, **variables: Any) -> str:
    return (await user.result(operation, **variables))["errors"][0]["extensions"]["code"]


async def test_who_makes_a_team_owns_it(alice: User) -> None:
    made = (await alice.ask(CREATE, input={"name": " Crew "}))["createTeam"]["team"]

    assert made == {
        "id": made["id"],
        "name": "Crew",
        "personal": False,
        "role": "OWNER",
        "version": 1,
        "viewerCan": {"manageTeam": True},
        "members": {"nodes": [{"role": "OWNER"}]},
    }


async def test_a_team_without_a_name_is_not_made(alice: User) -> None:
    answer = await alice.result(CREATE, input={"name": " "})

    assert answer["data"]["createTeam"] == {
        "team": None,
        "userErrors": [{"message": "name must not be empty.", "code": "BAD_USER_INPUT", "field": ["name"]}],
    }
    assert [team["personal"] for team in (await alice.ask(TEAMS, first=9))["viewer"]["teams"]["nodes"]] == [True]


async def test_a_retried_create_returns_the_first_team(alice: User) -> None:
    made = await asyncio.gather(*(alice.ask(CREATE, input={"name": "Crew", "clientMutationId": "c"}) for _ in range(5)))

    assert len({one["createTeam"]["team"]["id"] for one in made}) == 1
    assert len((await alice.ask(TEAMS, first=9))["viewer"]["teams"]["nodes"]) == 2


async def test_ones_teams_page_newest_first_and_the_personal_one_is_among_them(alice: User) -> None:
    await alice.ask("{ viewer { id } }")
    for name in ("A", "B", "C"):
        await alice.team(name)

    pages: list[list[str]] = []
    after, more = None, True
    while more:
        page = (await alice.ask(TEAMS, first=2, after=after))["viewer"]["teams"]
        pages.append([team["name"] if not team["personal"] else "personal" for team in page["nodes"]])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert pages == [["C", "B"], ["A", "personal"]]


async def test_a_member_sees_the_team_and_its_projects(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.project(name="Shop", teamId=team_id)

    await alice.take_in(bob, team_id, "VIEWER")

    team = (await bob.ask(TEAM, id=team_id))["team"]
    assert team["role"] == "VIEWER"
    assert team["projects"]["nodes"] == [{"name": "Shop"}]
    assert await roles_in(team_id, by=alice) == {await my_id(alice): "OWNER", await my_id(bob): "VIEWER"}


async def test_the_only_member_of_a_personal_team_is_its_owner(alice: User) -> None:
    team_id = await personal_team(alice)

    assert await roles_in(team_id, by=alice) == {await my_id(alice): "OWNER"}


async def test_a_rename_of_a_stale_version_shows_the_team_as_it_is(alice: User) -> None:
    team_id = await alice.team()
    await alice.ask(RENAME, input={"teamId": team_id, "name": "Gang", "expectedVersion": 1})

    stale = await alice.result(RENAME, input={"teamId": team_id, "name": "Mob", "expectedVersion": 1})

    assert stale["data"]["renameTeam"] == {
        "team": {"name": "Gang", "version": 2},
        "userErrors": [{"code": "CONFLICT", "field": None}],
    }


async def test_a_changed_role_holds_at_once(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "EDITOR")
    await bob.project(teamId=team_id)

    await alice.ask(ROLE, input={"teamId": team_id, "userId": await my_id(bob), "role": "VIEWER"})

    refused = 'mutation($id: ID!) { createProject(input: {name: "x", teamId: $id}) { project { id } } }'
    assert await code(bob, refused, id=team_id) == "FORBIDDEN"
    assert len((await alice.ask(TEAM, id=team_id))["team"]["projects"]["nodes"]) == 1


async def test_a_removed_member_sees_nothing_of_the_team_any_more(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "ADMIN")
    project = await bob.project(teamId=team_id)

    await alice.ask(REMOVE, input={"teamId": team_id, "userId": await my_id(bob)})

    assert await code(bob, TEAM, id=team_id) == "NOT_FOUND"
    assert await code(bob, "query($id: ID!) { project(id: $id) { id } }", id=project["id"]) == "NOT_FOUND"
    assert await roles_in(team_id, by=alice) == {await my_id(alice): "OWNER"}


async def test_a_removed_member_does_not_see_the_deployments_that_they_started(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "EDITOR")
    project = await bob.project(teamId=team_id)
    for kind in ("SCHEMA", "CODE"):
        generation_id = await bob.generate(project["id"], kind)
        async for _ in bob.watch(
            "subscription($id: ID!, $after: String) { generationEvents(id: $id, after: $after)"
            " { ... on StreamEvent { cursor } } }",
            "generationEvents",
            id=generation_id,
        ):
            pass
    deployment_id = await bob.deploy(project["id"], generation_id)
    await bob.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { code } } }", id=deployment_id
    )
    before = await bob.ask("{ deployments { nodes { id } } }")

    await alice.ask(REMOVE, input={"teamId": team_id, "userId": await my_id(bob)})

    after = await bob.ask("{ deployments { nodes { id } } }")
    assert before["deployments"]["nodes"] == [{"id": deployment_id}]
    assert after["deployments"]["nodes"] == []


@pytest.mark.parametrize("role", ["EDITOR", "VIEWER"])
async def test_editors_and_viewers_manage_no_members(server: Server, alice: User, bob: User, role: str) -> None:
    carol, team_id = server.user(), await alice.team()
    await alice.take_in(bob, team_id, role)
    await alice.take_in(carol, team_id, "VIEWER")
    before = await roles_in(team_id, by=alice)
    target = {"teamId": team_id, "userId": await my_id(carol)}

    answers = [
        await code(bob, REMOVE, input=target),
        await code(bob, ROLE, input={**target, "role": "EDITOR"}),
        await code(bob, TRANSFER, input=target),
        await code(bob, RENAME, input={"teamId": team_id, "name": "Mine"}),
        await code(bob, DELETE, id=team_id),
    ]

    assert answers == ["FORBIDDEN"] * 5
    assert await roles_in(team_id, by=alice) == before


async def test_the_owner_can_neither_leave_nor_be_removed_or_lowered(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "ADMIN")
    owner = {"teamId": team_id, "userId": await my_id(alice)}

    left = (await alice.result(LEAVE, id=team_id))["data"]["leaveTeam"]
    removed = (await bob.result(REMOVE, input=owner))["data"]["removeMember"]
    lowered = (await bob.result(ROLE, input={**owner, "role": "VIEWER"}))["data"]["changeMemberRole"]
    second = (await bob.result(ROLE, input={"teamId": team_id, "userId": await my_id(bob), "role": "OWNER"}))["data"][
        "changeMemberRole"
    ]

    assert [payload["userErrors"][0]["code"] for payload in (left, removed, lowered, second)] == [
        "CONFLICT",
        "CONFLICT",
        "CONFLICT",
        "BAD_USER_INPUT",
    ]
    assert await roles_in(team_id, by=alice) == {await my_id(alice): "OWNER", await my_id(bob): "ADMIN"}


async def test_a_member_can_leave(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "VIEWER")

    left = (await bob.ask(LEAVE, id=team_id))["leaveTeam"]

    assert left == {"leftTeamId": team_id, "userErrors": []}
    assert await code(bob, TEAM, id=team_id) == "NOT_FOUND"


async def test_nobody_is_removed_who_is_no_member(alice: User, bob: User) -> None:
    team_id = await alice.team()

    answer = await alice.result(REMOVE, input={"teamId": team_id, "userId": await my_id(bob)})

    assert answer["data"]["removeMember"]["userErrors"] == [
        {"message": "They are not a member of this team.", "code": "BAD_USER_INPUT", "field": ["userId"]}
    ]


async def test_a_team_given_away_has_one_owner_throughout(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "VIEWER")
    bob_id = await my_id(bob)

    given = (await alice.ask(TRANSFER, input={"teamId": team_id, "userId": bob_id}))["transferOwnership"]
    again = await code(alice, TRANSFER, input={"teamId": team_id, "userId": bob_id})

    assert given["team"]["role"] == "ADMIN"
    assert again == "FORBIDDEN"
    assert await roles_in(team_id, by=alice) == {await my_id(alice): "ADMIN", bob_id: "OWNER"}
    assert (await alice.ask(LEAVE, id=team_id))["leaveTeam"]["leftTeamId"] == team_id


async def test_of_two_ways_to_give_a_team_away_at_once_one_happens(server: Server, alice: User, bob: User) -> None:
    carol, team_id = server.user(), await alice.team()
    for heir in (bob, carol):
        await alice.take_in(heir, team_id, "EDITOR")
    ids = [await my_id(heir) for heir in (bob, carol)]

    await asyncio.gather(*(alice.result(TRANSFER, input={"teamId": team_id, "userId": heir}) for heir in ids))

    roles = await roles_in(team_id, by=bob)
    assert sorted(roles.values()) == ["ADMIN", "EDITOR", "OWNER"]
    assert roles[await my_id(alice)] == "ADMIN"


async def test_a_team_is_given_to_members_only(alice: User, bob: User) -> None:
    team_id = await alice.team()

    answer = await alice.result(TRANSFER, input={"teamId": team_id, "userId": await my_id(bob)})

    assert answer["data"]["transferOwnership"]["userErrors"][0]["field"] == ["userId"]
    assert await roles_in(team_id, by=alice) == {await my_id(alice): "OWNER"}


async def test_a_personal_team_is_not_shared_left_given_away_or_deleted(alice: User, bob: User) -> None:
    team_id, bob_id = await personal_team(alice), await my_id(bob)
    invite = """
    mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "a@b.example"}) { token } }"""

    codes = [
        await code(alice, invite, id=team_id),
        await code(alice, TRANSFER, input={"teamId": team_id, "userId": bob_id}),
        await code(alice, DELETE, id=team_id),
    ]
    left = (await alice.result(LEAVE, id=team_id))["data"]["leaveTeam"]["userErrors"][0]["code"]

    assert codes == ["FORBIDDEN"] * 3
    assert left == "CONFLICT"
    assert (await alice.ask(TEAM, id=team_id))["team"]["role"] == "OWNER"


async def test_a_team_with_projects_is_not_deleted(alice: User) -> None:
    team_id = await alice.team()
    await alice.project(teamId=team_id)

    answer = (await alice.result(DELETE, id=team_id))["data"]["deleteTeam"]

    assert answer == {
        "deletedTeamId": None,
        "userErrors": [
            {"message": "The team has projects: move or delete them first.", "code": "CONFLICT"},
        ],
    }
    assert (await alice.ask(TEAM, id=team_id))["team"]["name"] == "Crew"


async def test_a_deleted_team_is_gone_for_all_members(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "ADMIN")

    await alice.ask(DELETE, id=team_id)

    for user in (alice, bob):
        assert await code(user, TEAM, id=team_id) == "NOT_FOUND"
        assert len((await user.ask(TEAMS, first=9))["viewer"]["teams"]["nodes"]) == 1


async def test_a_moved_project_is_seen_by_its_new_team_only(server: Server, alice: User, bob: User) -> None:
    carol, old, new = server.user(), await alice.team("Old"), await alice.team("New")
    await alice.take_in(bob, old, "EDITOR")
    await alice.take_in(carol, new, "EDITOR")
    project = await alice.project(teamId=old)
    generation_id = await alice.generate(project["id"], "SCHEMA")
    look = "query($id: ID!) { generation(id: $id) { viewerCan { edit delete } } }"

    moved = (await alice.ask(MOVE, input={"projectId": project["id"], "teamId": new}))["moveProject"]

    assert moved["project"]["team"]["id"] == new
    assert await code(bob, look, id=generation_id) == "NOT_FOUND"
    seen = (await carol.ask(look, id=generation_id))["generation"]
    assert seen == {"viewerCan": {"edit": True, "delete": False}}


async def test_a_project_is_moved_only_by_who_may_delete_it_and_bring_it_in(alice: User, bob: User) -> None:
    theirs, mine = await alice.team(), await bob.team()
    await alice.take_in(bob, theirs, "EDITOR")
    project = await alice.project(teamId=theirs)

    out = await code(bob, MOVE, input={"projectId": project["id"], "teamId": mine})
    into_nowhere = await code(alice, MOVE, input={"projectId": project["id"], "teamId": mine})
    await bob.take_in(alice, mine, "VIEWER")
    into_theirs = await code(alice, MOVE, input={"projectId": project["id"], "teamId": mine})

    assert (out, into_nowhere, into_theirs) == ("FORBIDDEN", "NOT_FOUND", "FORBIDDEN")
    assert (await alice.ask(TEAM, id=theirs))["team"]["projects"]["nodes"] == [{"name": "Users"}]


CAN = "{ edit delete renameTeam manageTeam manageMembers manageKeys manageIntegrations }"


@pytest.mark.parametrize(
    ("role", "able"),
    [
        ("OWNER", {"edit", "delete", "renameTeam", "manageTeam", "manageMembers", "manageKeys", "manageIntegrations"}),
        ("ADMIN", {"edit", "delete", "renameTeam", "manageMembers", "manageKeys", "manageIntegrations"}),
        ("EDITOR", {"edit"}),
        ("VIEWER", set[str]()),
    ],
)
async def test_viewer_can_says_what_a_role_may_do(alice: User, bob: User, role: str, able: set[str]) -> None:
    team_id = await alice.team()
    project = await alice.project(teamId=team_id)
    viewer = alice if role == "OWNER" else bob
    if viewer is bob:
        await alice.take_in(bob, team_id, role)

    seen = await viewer.ask(
        f"query($t: ID!, $p: ID!) {{ team(id: $t) {{ viewerCan {CAN} }} project(id: $p) {{ viewerCan {CAN} }} }}",
        t=team_id,
        p=project["id"],
    )

    assert {name for name, can in seen["project"]["viewerCan"].items() if can} == able
    assert seen["team"] == {"viewerCan": seen["project"]["viewerCan"]}


async def test_in_a_personal_team_there_are_no_members_to_manage(alice: User) -> None:
    seen = await alice.ask(f"{{ viewer {{ team {{ viewerCan {CAN} }} }} }}")

    can = seen["viewer"]["team"]["viewerCan"]
    assert {name for name, able in can.items() if not able} == {"manageTeam", "manageMembers"}
