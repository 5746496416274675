"""Who gets mail about what came of their work, and that they get it once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from cli.serving import provision_stage
from services.config import Config
from services.core.actor import Actor, Role
from services.core.ids import TeamId, UserId
from services.core.tls import trusted
from services.foundation.auth.tokens import Subject
from services.notifications.model import NotificationEvent
from services.notifications.notice import Notice
from services.settings import NotifiableEvent, SettingsChange
from tests.resolvers.test_teams_invitations import with_address
from tests.services.notifications.stage import Stage, Ticking, notice, staged
from tests.snapinfra import serving, settings

FAILED = (NotificationEvent.GENERATION_FINISHED, "FAILED")
INCOMPLETE = (NotificationEvent.GENERATION_FINISHED, "INCOMPLETE")
COMPLETED = (NotificationEvent.GENERATION_FINISHED, "COMPLETED")
CANCELED = (NotificationEvent.GENERATION_FINISHED, "CANCELED")
LIVE = (NotificationEvent.DEPLOYMENT_SUCCEEDED, "SUCCESS")
CRASHED = (NotificationEvent.DEPLOYMENT_FINISHED, "FAILED")
SUPERSEDED = (NotificationEvent.DEPLOYMENT_FINISHED, "SUPERSEDED")


def posting(emulator: str, data: str) -> Config:
    sender = f"{uuid.uuid4().hex}@snapinfra.example"
    return settings(emulator, SNAPINFRA_DATA=data, MAIL_FROM=sender, APP_URL="https://app.example.com")


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    made = posting(emulator, str(tmp_path_factory.mktemp("data")))
    provision_stage(made)
    return made


@pytest.fixture
async def stage(config: Config) -> AsyncIterator[Stage]:
    async with staged(config, Ticking()) as made:
        yield made


async def user(stage: Stage) -> tuple[Actor, str]:
    """Return somebody whose address is known."""
    name = uuid.uuid4().hex
    email = f"{name}@example.com"
    return await stage.services.users.actor(Subject(f"user_{name}", email)), email


def of(by: UserId, team_id: TeamId, what: tuple[NotificationEvent, str], **data: str) -> Notice:
    """Return a notice of what somebody had asked for."""
    event, status = what
    made = notice(team_id)
    told = {**made.data, "status": status, "projectId": "project_1", **data}
    return replace(made, event=event, subject="News", text="It ended.", user_id=by, data=told)


async def tell(stage: Stage, *notices: Notice) -> None:
    for each in notices:
        await stage.dispatcher.handle(msgspec.json.encode(each).decode(), group=each.team_id)


async def mails(emulator: str, to: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{emulator}/_ministack/ses/messages")
    everything = [mail for account in answer.json()["messages"].values() for mail in account]
    return [mail for mail in everything if mail["To"] == [to]]


async def test_at_first_somebody_is_told_of_failures_and_what_is_live(stage: Stage, emulator: str) -> None:
    by, email = await user(stage)
    every = (FAILED, INCOMPLETE, COMPLETED, CANCELED, LIVE, CRASHED, SUPERSEDED)

    await tell(stage, *(of(by.user_id, by.personal_team_id, what, url="https://live.example") for what in every))

    found = await mails(emulator, email)
    assert len(found) == 4
    assert {(mail["Source"], mail["Subject"]) for mail in found} == {(stage.services.config.mail_from, "News")}
    assert all("https://app.example.com/projects/project_1\n" in mail["BodyText"] for mail in found)
    assert ["https://live.example" in mail["BodyText"] for mail in found].count(True) == 1


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (NotifiableEvent.GENERATION_COMPLETED, 1),
        (NotifiableEvent.GENERATION_FAILED, 2),  # INCOMPLETE ones too
        (NotifiableEvent.DEPLOYMENT_LIVE, 1),
        (NotifiableEvent.DEPLOYMENT_FAILED, 1),
    ],
)
async def test_somebody_is_told_of_what_they_want_to_know_and_nothing_else(
    stage: Stage, emulator: str, wanted: NotifiableEvent, number: int
) -> None:
    by, email = await user(stage)
    await stage.services.settings.update_user(SettingsChange({"notify_on": (wanted,)}), by=by)
    every = [of(by.user_id, by.personal_team_id, each) for each in (COMPLETED, FAILED, INCOMPLETE, LIVE, CRASHED)]

    await tell(stage, *every)

    assert len(await mails(emulator, email)) == number


async def test_a_message_that_comes_again_sends_no_second_mail(stage: Stage, emulator: str) -> None:
    by, email = await user(stage)
    failed = of(by.user_id, by.personal_team_id, FAILED)

    await asyncio.gather(*(tell(stage, failed) for _ in range(5)))
    await tell(stage, failed)

    assert len(await mails(emulator, email)) == 1


async def test_who_is_no_longer_in_the_team_is_told_nothing(stage: Stage, emulator: str) -> None:
    owner, other = (await user(stage))[0], await user(stage)
    team = await stage.services.teams.create("Crew", by=owner)
    owner = await stage.services.users.actor(Subject(owner.user_id), anew=True)
    _, token = await stage.services.invitations.invite(team.id, other[1], Role.EDITOR, by=owner)
    assert token is not None
    await stage.services.invitations.accept(token, by=other[0])
    await tell(stage, of(other[0].user_id, team.id, FAILED))
    before = await mails(emulator, other[1])

    await stage.services.members.remove(team.id, other[0].user_id, by=owner)
    await tell(stage, of(other[0].user_id, team.id, FAILED))

    assert [mail["Subject"] for mail in before] == ["Invitation to the team Crew", "News"]
    assert await mails(emulator, other[1]) == before


async def test_the_end_of_a_generation_is_mailed_to_who_wants_to_know_it(
    emulator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    with serving(posting(emulator, str(tmp_path_factory.mktemp("data")))) as server:
        alice = with_address(server, email)
        await alice.ask(
            "mutation { updateSettings(input: {notifyOn: [GENERATION_COMPLETED]}) { userErrors { message } } }"
        )
        project = await alice.project()

        generation_id = await alice.generate(project["id"], "SCHEMA")

        async with asyncio.timeout(30):
            while not (found := await mails(emulator, email)):  # noqa: ASYNC110 - the emulator tells nobody of a mail
                await asyncio.sleep(0.1)
    (mail,) = found
    assert generation_id in mail["BodyText"]
    assert f"https://app.example.com/projects/{project['id']}\n" in mail["BodyText"]
