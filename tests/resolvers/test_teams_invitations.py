"""What the schema promises of invitations into teams."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from services.foundation.auth.tokens import DEV_ISSUER
from tests.snapinfra import SECRET, Server, User

INVITE = """
mutation($input: InviteMemberInput!) {
  inviteMember(input: $input) { invitation { id email role } token userErrors { message code field } }
}"""
ACCEPT = """
mutation($token: String!) {
  acceptInvitation(input: {token: $token}) { team { id role } userErrors { message code field } }
}"""
REVOKE = """
mutation($id: ID!) { revokeInvitation(input: {invitationId: $id}) { revokedInvitationId userErrors { code } } }"""
OPEN = "query($id: ID!) { team(id: $id) { invitations { nodes { id email role } } members { nodes { role } } } }"


async def invite(user: User, team_id: str, email: str = "bob@example.com", role: str = "EDITOR") -> dict[str, Any]:
    return (await user.ask(INVITE, input={"teamId": team_id, "email": email, "role": role}))["inviteMember"]


async def accept(user: User, token: str) -> dict[str, Any]:
    return (await user.result(ACCEPT, token=token))["data"]["acceptInvitation"]


async def seen(user: User, team_id: str) -> dict[str, Any]:
    return (await user.ask(OPEN, id=team_id))["team"]


def with_address(server: Server, email: str) -> User:
    """Return somebody new whose identity provider tells their address."""
    name, moment = server.user().token[-12:].replace("_", "x").replace("-", "y"), datetime.now(UTC)  # noqa: TID251 - a token's times
    claims = {"iss": DEV_ISSUER, "sub": f"user_{name}", "iat": moment, "exp": moment + timedelta(hours=1)}
    return User(server.url, jwt.encode({**claims, "email": email}, SECRET, algorithm="HS256"))


async def test_an_accepted_invitation_makes_a_member_and_is_gone(alice: User, bob: User) -> None:
    team_id = await alice.team()
    made = await invite(alice, team_id, " Bob@Example.com ")

    accepted = await accept(bob, made["token"])

    assert made["invitation"] | {"id": ""} == {"id": "", "email": "bob@example.com", "role": "EDITOR"}
    assert accepted == {"team": {"id": team_id, "role": "EDITOR"}, "userErrors": []}
    assert await seen(alice, team_id) == {
        "invitations": {"nodes": []},
        "members": {"nodes": [{"role": "EDITOR"}, {"role": "OWNER"}]},
    }


async def test_an_invitation_is_accepted_once(server: Server, alice: User) -> None:
    team_id = await alice.team()
    token = (await invite(alice, team_id))["token"]

    answers = await asyncio.gather(*(accept(server.user(), token) for _ in range(5)))

    assert sum(answer["team"] is not None for answer in answers) == 1
    assert len((await seen(alice, team_id))["members"]["nodes"]) == 2


async def test_a_token_that_is_none_is_refused(alice: User, bob: User) -> None:
    team_id = await alice.team()
    made = await invite(alice, team_id)

    for token in ("", "nonsense", made["invitation"]["id"], made["token"][:-1] + "x"):
        answer = await accept(bob, token)
        assert answer["team"] is None
        assert [error["field"] for error in answer["userErrors"]] == [["token"]]
    assert len((await seen(alice, team_id))["members"]["nodes"]) == 1


async def test_inviting_an_address_again_replaces_its_invitation(alice: User, bob: User) -> None:
    team_id = await alice.team()
    first = await invite(alice, team_id, role="VIEWER")
    second = await invite(alice, team_id, "BOB@example.com", role="ADMIN")

    refused = await accept(bob, first["token"])

    assert refused["userErrors"][0]["code"] == "BAD_USER_INPUT"
    assert (await seen(alice, team_id))["invitations"]["nodes"] == [second["invitation"]]
    assert (await accept(bob, second["token"]))["team"]["role"] == "ADMIN"


async def test_an_invitation_taken_back_is_worth_nothing(alice: User, bob: User) -> None:
    team_id = await alice.team()
    made = await invite(alice, team_id)

    await alice.ask(REVOKE, id=made["invitation"]["id"])

    assert (await accept(bob, made["token"]))["userErrors"][0]["field"] == ["token"]
    assert (await seen(alice, team_id))["invitations"]["nodes"] == []


async def test_an_invitation_is_for_the_address_where_it_is_known(server: Server, alice: User) -> None:
    team_id = await alice.team()
    token = (await invite(alice, team_id, "bob@example.com"))["token"]

    other = await accept(with_address(server, "eve@example.com"), token)
    invited = await accept(with_address(server, "Bob@Example.com"), token)

    assert other["userErrors"][0]["message"] == "The invitation is for another address than yours."
    assert invited["team"] == {"id": team_id, "role": "EDITOR"}


async def test_a_member_keeps_their_role_and_the_invitation_stays(alice: User) -> None:
    team_id = await alice.team()
    made = await invite(alice, team_id)

    answer = await accept(alice, made["token"])

    assert answer["team"] == {"id": team_id, "role": "OWNER"}
    assert [error["code"] for error in answer["userErrors"]] == ["CONFLICT"]
    assert (await seen(alice, team_id))["invitations"]["nodes"] == [made["invitation"]]


async def test_what_is_no_address_or_no_role_to_give_is_refused(alice: User) -> None:
    team_id = await alice.team()

    address = await alice.result(INVITE, input={"teamId": team_id, "email": "bob", "role": "EDITOR"})
    owner = await alice.result(INVITE, input={"teamId": team_id, "email": "bob@example.com", "role": "OWNER"})

    assert address["data"]["inviteMember"]["userErrors"][0]["field"] == ["email"]
    assert owner["data"]["inviteMember"]["userErrors"][0]["field"] == ["role"]
    assert (await seen(alice, team_id))["invitations"]["nodes"] == []


async def test_only_those_who_manage_members_see_and_make_invitations(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "EDITOR")
    made = await invite(alice, team_id, "carol@example.com")

    listed = await bob.result(OPEN, id=team_id)
    looked = await bob.result("query($id: ID!) { node(id: $id) { id } }", id=made["invitation"]["id"])
    invited = await bob.result(INVITE, input={"teamId": team_id, "email": "x@example.com"})
    revoked = await bob.result(REVOKE, id=made["invitation"]["id"])

    assert listed["data"]["team"]["invitations"] is None
    for answer in (listed, looked, invited, revoked):
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert (await seen(alice, team_id))["invitations"]["nodes"] == [made["invitation"]]
