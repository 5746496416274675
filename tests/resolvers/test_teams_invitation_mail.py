"""What the schema promises of invitations by mail, with the SES of the emulator."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.core.tls import trusted
from services.foundation.aws.clients import connect
from tests.resolvers.test_activity_of_teams import noted
from tests.resolvers.test_teams_invitations import accept, invite, seen
from tests.snapinfra import Server, User, serving, settings

INVITE = """
mutation($input: InviteMemberInput!) {
  inviteMember(input: $input) { invitation { id mailState expiresAt } token userErrors { code field } }
}"""
RESEND = """
mutation($id: ID!) {
  resendInvitation(input: {invitationId: $id}) {
    invitation { id email role mailState expiresAt } token userErrors { code }
  }
}"""
STATES = "query($id: ID!) { team(id: $id) { invitations { nodes { id email mailState } } } }"


@pytest.fixture(scope="module")
def posting(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that sends mail."""
    data = str(tmp_path_factory.mktemp("data"))
    sender = f"{uuid.uuid4().hex}@snapinfra.example"
    config = settings(emulator, SNAPINFRA_DATA=data, MAIL_FROM=sender, APP_URL="https://app.example.com/")
    with serving(config) as running:
        yield running


def address() -> str:
    """Return an address that nobody was invited by before."""
    return f"{uuid.uuid4().hex}@example.com"


async def mails(server: Server, to: str) -> list[dict[str, Any]]:
    """Return the mails that went out to an address, oldest first."""
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{server.config.aws_endpoint_url}/_ministack/ses/messages")
    everything = [mail for account in answer.json()["messages"].values() for mail in account]
    return [mail for mail in everything if to in mail["To"]]


async def test_an_invitation_goes_out_once_with_its_link(posting: Server) -> None:
    alice, to = posting.user(), address()
    team_id = await alice.team("Crew")

    made = (await alice.ask(INVITE, input={"teamId": team_id, "email": f" {to.upper()}", "role": "VIEWER"}))[
        "inviteMember"
    ]

    (mail,) = await mails(posting, to)
    assert made["invitation"]["mailState"] == "SENT"
    assert (mail["Source"], mail["To"], mail["CC"], mail["BCC"]) == (posting.config.mail_from, [to], [], [])
    assert mail["Subject"] == "Invitation to the team Crew"
    assert f"https://app.example.com/invitations/{made['token']}\n" in mail["BodyText"]
    assert "VIEWER" in mail["BodyText"]
    assert (await accept(posting.user(), made["token"]))["team"] == {"id": team_id, "role": "VIEWER"}


async def test_an_invitation_sent_again_has_another_token_and_the_old_one_ends(posting: Server) -> None:
    alice, bob, to = posting.user(), posting.user(), address()
    team_id = await alice.team()
    first = (await alice.ask(INVITE, input={"teamId": team_id, "email": to}))["inviteMember"]

    again = (await alice.ask(RESEND, id=first["invitation"]["id"]))["resendInvitation"]

    assert again["invitation"] | {"expiresAt": ""} == {
        "id": first["invitation"]["id"],
        "email": to,
        "role": "EDITOR",
        "mailState": "SENT",
        "expiresAt": "",
    }
    assert again["invitation"]["expiresAt"] >= first["invitation"]["expiresAt"]
    links = [mail["BodyText"].partition("/invitations/")[2].split()[0] for mail in await mails(posting, to)]
    assert links == [first["token"], again["token"]]
    assert (await accept(bob, first["token"]))["userErrors"][0]["field"] == ["token"]
    assert (await accept(bob, again["token"]))["team"]["id"] == team_id
    assert [entry["verb"] for entry in await noted(alice, team_id, "INVITATION")] == ["CREATED", "UPDATED"]


async def test_an_accepted_invitation_is_not_sent_again(posting: Server) -> None:
    alice, to = posting.user(), address()
    team_id = await alice.team()
    made = await invite(alice, team_id, to)
    await accept(posting.user(), made["token"])

    answer = await alice.result(RESEND, id=made["invitation"]["id"])

    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert len(await mails(posting, to)) == 1


async def test_a_mail_that_does_not_go_out_loses_no_invitation(emulator: str, tmp_path_factory: Any) -> None:
    sender = f"{uuid.uuid4().hex}@snapinfra.example"
    data = str(tmp_path_factory.mktemp("data"))
    with serving(
        settings(emulator, SNAPINFRA_DATA=data, MAIL_FROM=sender, APP_URL="https://app.example.com")
    ) as server:
        aws = connect(region="us-east-1", endpoint=emulator)
        aws.ses.delete_email_identity(EmailIdentity=sender)  # SES refuses mail from those whom it does not know
        alice, to = server.user(), address()
        team_id = await alice.team()

        made = (await alice.ask(INVITE, input={"teamId": team_id, "email": to}))["inviteMember"]

        assert made["invitation"]["mailState"] == "FAILED"
        assert await mails(server, to) == []
        listed = (await alice.ask(STATES, id=team_id))["team"]["invitations"]["nodes"]
        assert listed == [{"id": made["invitation"]["id"], "email": to, "mailState": "FAILED"}]
        aws.ses.create_email_identity(EmailIdentity=sender)
        aws.close()
        again = (await alice.ask(RESEND, id=made["invitation"]["id"]))["resendInvitation"]
        assert again["invitation"]["mailState"] == "SENT"
        assert len(await mails(server, to)) == 1
        assert (await accept(server.user(), again["token"]))["team"]["id"] == team_id


async def test_without_a_sender_no_mail_is_sent_and_the_token_is_shown(server: Server, alice: User, bob: User) -> None:
    team_id, to = await alice.team(), address()

    made = (await alice.ask(INVITE, input={"teamId": team_id, "email": to}))["inviteMember"]
    again = (await alice.ask(RESEND, id=made["invitation"]["id"]))["resendInvitation"]

    assert (made["invitation"]["mailState"], again["invitation"]["mailState"]) == ("OFF", "OFF")
    assert await mails(server, to) == []
    assert (await accept(bob, again["token"]))["team"]["id"] == team_id


async def test_nobody_causes_more_than_twenty_mails_a_minute(posting: Server) -> None:
    alice, to = posting.user(), address()
    team_id = await alice.team()
    fields = {"teamId": team_id, "email": to}

    answers = await asyncio.gather(*(alice.result(INVITE, input=fields) for _ in range(3)))
    made = await invite(alice, team_id, to)
    answers += [await alice.result(RESEND, id=made["invitation"]["id"]) for _ in range(20)]

    limited = [
        answer["errors"][0]["extensions"]
        for answer in answers
        if answer.get("errors") and answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    ]
    assert limited
    assert all(0 < it["retryAfterMs"] <= timedelta(minutes=1) / timedelta(milliseconds=1) for it in limited)
    assert len(await mails(posting, to)) <= 20
    assert len((await seen(alice, team_id))["invitations"]["nodes"]) == 1


@pytest.mark.parametrize("bad", ["a,b@example.com", "a@b.example>", "Bob <bob@example.com>", "a@b\r\nBcc: c@d.example"])
async def test_what_is_more_than_one_address_is_refused(posting: Server, bad: str) -> None:
    alice = posting.user()
    team_id = await alice.team()

    answer = await alice.result(INVITE, input={"teamId": team_id, "email": bad})

    assert answer["data"]["inviteMember"]["userErrors"] == [{"code": "BAD_USER_INPUT", "field": ["email"]}]
    assert (await seen(alice, team_id))["invitations"]["nodes"] == []
