"""What the webhook of the identity provider promises."""

import base64
import hmac
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from services.core.tls import trusted
from services.foundation.auth.tokens import DEV_ISSUER
from tests.snapinfra import SECRET, Server, User, serving, settings

KEY = b"k" * 24
VIEWER = "{ viewer { email username firstName lastName imageUrl } }"


@pytest.fixture(scope="module")
def told(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api that Clerk tells of users."""
    secret = f"whsec_{base64.b64encode(KEY).decode()}"
    data = str(tmp_path_factory.mktemp("told"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, CLERK_WEBHOOK_SECRET=secret)) as running:
        yield running


async def tell(
    server: Server, kind: str, data: dict[str, Any], *, message: str | None = None, key: bytes = KEY, raw: str = ""
) -> int:
    """Send a message as Clerk does; return the status of the answer."""
    body = (raw or json.dumps({"object": "event", "type": kind, "data": data})).encode()
    message_id, timestamp = message or uuid.uuid4().hex, str(int(datetime.now(UTC).timestamp()))  # noqa: TID251 - the sender's clock
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")).decode()
    headers = {"svix-id": message_id, "svix-timestamp": timestamp, "svix-signature": f"v1,{signature}"}
    async with httpx.AsyncClient(verify=trusted()) as http:
        return (await http.post(f"{server.origin}/api/webhooks/clerk", content=body, headers=headers)).status_code


def clerk_user(user_id: str, updated_at: int, *, verified: bool = True, **names: str) -> dict[str, Any]:
    return {
        "id": user_id,
        "object": "user",
        "updated_at": updated_at,
        "image_url": "https://img.example/1",
        "primary_email_address_id": "idn_2",
        "email_addresses": [
            {"id": "idn_1", "email_address": "old@example.com", "verification": {"status": "verified"}},
            {
                "id": "idn_2",
                "email_address": "ann@example.com",
                "verification": {"status": "verified" if verified else "unverified"},
            },
        ],
        **names,
    }


@pytest.fixture
def ann(told: Server) -> tuple[User, str]:
    name = uuid.uuid4().hex
    return told.user(name), f"user_{name}"


async def test_news_of_a_user_who_was_never_here_are_there_when_they_come(told: Server, ann: tuple[User, str]) -> None:
    user, user_id = ann

    status = await tell(told, "user.created", clerk_user(user_id, 1, first_name="Ann", last_name="Lee"))

    assert status == 204
    assert (await user.ask(VIEWER))["viewer"] == {
        "email": "ann@example.com",
        "username": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Lee",
        "imageUrl": "https://img.example/1",
    }


async def test_older_news_change_nothing_in_whatever_order_they_come(told: Server, ann: tuple[User, str]) -> None:
    user, user_id = ann
    await tell(told, "user.updated", clerk_user(user_id, 2000, first_name="New"))

    late = await tell(told, "user.created", clerk_user(user_id, 1000, first_name="Old"))

    assert late == 204
    assert (await user.ask(VIEWER))["viewer"]["firstName"] == "New"


async def test_a_message_that_comes_twice_happens_once(told: Server, ann: tuple[User, str]) -> None:
    user, user_id = ann
    for updated_at in (1000, 2000):
        await tell(told, "user.updated", clerk_user(user_id, updated_at, first_name=str(updated_at)), message="msg_1")

    assert (await user.ask(VIEWER))["viewer"]["firstName"] == "1000"


@pytest.mark.parametrize("length", [257, 2_048, 5_000])
async def test_a_message_whose_id_is_no_id_is_refused_although_it_is_signed(
    told: Server, ann: tuple[User, str], length: int
) -> None:
    user, user_id = ann
    data = clerk_user(user_id, 1, first_name="Ann")

    assert await tell(told, "user.created", data, message="m" * length) == 401
    assert (await user.ask(VIEWER))["viewer"]["firstName"] is None
    assert await tell(told, "user.created", data, message=user_id.ljust(256, "m")) == 204


@pytest.mark.parametrize("kind", ["user.created", "user.deleted", "session.ended"])
async def test_news_of_somebody_with_an_endless_id_make_no_sense(told: Server, kind: str) -> None:
    assert await tell(told, kind, clerk_user("user_" + "a" * 5_000, 1)) == 400


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity"])
async def test_a_compressed_message_is_not_taken(told: Server, coding: str) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        url, headers = f"{told.origin}/api/webhooks/clerk", {"content-encoding": coding}
        answer = await http.post(url, content=b"{}", headers=headers)

    assert answer.status_code == 415


async def test_an_address_that_is_not_verified_is_none(told: Server, ann: tuple[User, str]) -> None:
    user, user_id = ann

    await tell(told, "user.created", clerk_user(user_id, 1, verified=False))

    assert (await user.ask(VIEWER))["viewer"]["email"] is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": b"x" * 24}, 401),
        ({"raw": "not JSON"}, 400),
        ({"raw": '{"type": "user.created", "data": {"id": 5}}'}, 400),
        ({"raw": '{"type": "user.created"' + " " * 1_000_000 + "}"}, 413),
    ],
)
async def test_what_is_not_from_clerk_or_makes_no_sense_is_refused(
    told: Server, ann: tuple[User, str], change: dict[str, Any], status: int
) -> None:
    user, user_id = ann

    answer = await tell(told, "user.created", clerk_user(user_id, 1, first_name="Eve"), **change)

    assert answer == status
    assert (await user.ask(VIEWER))["viewer"]["firstName"] is None


async def test_events_that_we_do_not_know_are_taken_and_ignored(told: Server) -> None:
    assert await tell(told, "organization.created", {"id": "org_1"}) == 204


async def test_without_a_secret_there_is_no_webhook(server: Server) -> None:
    assert await tell(server, "user.created", clerk_user("user_x", 1)) == 404


async def test_names_that_a_user_chose_here_stay_and_the_address_is_taken_over(
    told: Server, ann: tuple[User, str]
) -> None:
    user, user_id = ann
    changed = await user.ask(
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { firstName lastName } } }",
        input={"firstName": " Annie ", "lastName": ""},
    )

    await tell(told, "user.updated", clerk_user(user_id, 1, first_name="Ann", last_name="Lee"))

    assert changed["updateProfile"]["user"] == {"firstName": "Annie", "lastName": None}
    seen = (await user.ask(VIEWER))["viewer"]
    assert (seen["firstName"], seen["lastName"], seen["email"]) == ("Annie", None, "ann@example.com")


async def test_a_profile_keeps_what_a_faulty_or_stale_change_would_change(told: Server, ann: tuple[User, str]) -> None:
    user, _ = ann
    update = """
    mutation($input: UpdateProfileInput!) {
      updateProfile(input: $input) { user { firstName version } userErrors { code field } }
    }"""
    await user.ask(update, input={"firstName": "Ann", "expectedVersion": 1})

    long = await user.result(update, input={"firstName": "x" * 101})
    stale = await user.result(update, input={"firstName": "Eve", "expectedVersion": 1})

    assert long["data"]["updateProfile"] == {
        "user": None,
        "userErrors": [{"code": "BAD_USER_INPUT", "field": ["firstName"]}],
    }
    assert stale["data"]["updateProfile"] == {
        "user": {"firstName": "Ann", "version": 2},
        "userErrors": [{"code": "CONFLICT", "field": None}],
    }


async def test_a_deleted_account_stays_deleted_and_leaves_nothing_open(told: Server, ann: tuple[User, str]) -> None:
    user, user_id = ann
    project = await user.project()
    made = await user.ask(
        'mutation { createApiKey(input: {name: "ci", scopes: [READ]}) { text } }',
    )
    key = User(told.url, made["createApiKey"]["text"])

    async with user.socket() as socket:
        statuses = [
            await tell(told, "user.deleted", {"id": user_id, "object": "user", "deleted": True}),
            await tell(told, "user.updated", clerk_user(user_id, 9_999_999_999_999, first_name="Ann")),
        ]
        await socket.wait_closed()

    assert statuses == [204, 204]
    assert (socket.close_code, socket.close_reason) == (4403, "This account has been deleted.")
    for client, message in ((user, "This account has been deleted."), (key, "The API key is not one of ours.")):
        refused = await client.result("query($id: ID!) { project(id: $id) { id } }", id=project["id"])
        assert refused["errors"][0] == {"message": message, "extensions": {"code": "UNAUTHENTICATED"}}


async def test_the_sockets_of_a_session_end_with_it_and_those_of_another_do_not(told: Server) -> None:
    moment = datetime.now(UTC)  # noqa: TID251 - a token's times
    claims = {"iss": DEV_ISSUER, "sub": "user_twice", "iat": moment, "exp": moment + timedelta(hours=1)}
    one, other = (
        User(told.url, jwt.encode({**claims, "sid": session}, SECRET, algorithm="HS256"))
        for session in ("sess_1", "sess_2")
    )

    async with one.socket() as ends, other.socket() as stays:
        status = await tell(told, "session.ended", {"id": "sess_1", "object": "session", "status": "ended"})
        await ends.wait_closed()
        await stays.send('{"type": "ping"}')

        assert json.loads(await stays.recv())["type"] == "pong"
    assert status == 204
    assert (ends.close_code, ends.close_reason) == (4403, "The session has ended.")


async def test_what_a_deleted_account_owned_passes_to_the_highest_member_or_goes_with_it(
    told: Server, ann: tuple[User, str]
) -> None:
    user, user_id = ann
    editor, admin = told.user(), told.user()
    team_id = await user.team()
    await user.take_in(editor, team_id, "EDITOR")
    await user.take_in(admin, team_id, "ADMIN")
    shared = await user.project(teamId=team_id)

    for _ in range(2):  # with another message id: also the deletion itself may be done again
        assert await tell(told, "user.deleted", {"id": user_id, "object": "user", "deleted": True}) == 204

    seen = (
        await editor.ask(
            "query($id: ID!) { team(id: $id) { members { nodes { role name } } projects { nodes { id } } } }",
            id=team_id,
        )
    )["team"]
    assert sorted(member["role"] for member in seen["members"]["nodes"]) == ["EDITOR", "OWNER"]
    assert seen["projects"]["nodes"] == [{"id": shared["id"]}]
    role = await admin.ask("query($id: ID!) { team(id: $id) { role } }", id=team_id)
    assert role == {"team": {"role": "OWNER"}}
    noted = await admin.ask(
        "query($id: ID!) { activity(teamId: $id, filter: {entityType: MEMBER}, first: 2) { nodes { verb role } } }",
        id=team_id,
    )
    assert noted["activity"]["nodes"] == [{"verb": "LEFT", "role": "OWNER"}, {"verb": "UPDATED", "role": "OWNER"}]


ODD: list[Any] = [10**17, -1, 10**400, "soon", None, [], 1.5, True]


@pytest.mark.parametrize("moment", ODD)
async def test_a_moment_that_is_none_is_the_senders_mistake(told: Server, ann: tuple[User, str], moment: Any) -> None:
    user, user_id = ann
    before = await user.ask(VIEWER)

    status = await tell(told, "user.updated", clerk_user(user_id, moment, first_name="Changed"))

    assert status == 400
    assert await user.ask(VIEWER) == before


@pytest.mark.parametrize(
    "raw", ["[" * 50_000, "{" * 3_000, '"\\ud83d"', '{"type": "user.updated", "data": "\\ud83d"}', "5", "", "\x00"]
)
async def test_a_body_that_is_none_is_the_senders_mistake(told: Server, raw: str) -> None:
    assert await tell(told, "user.updated", {}, raw=raw or " ") == 400


async def test_names_that_the_identity_provider_tells_are_taken_as_we_would_take_them(
    told: Server, ann: tuple[User, str]
) -> None:
    user, user_id = ann
    later = int(datetime.now(UTC).timestamp() * 1000) + 60_000  # noqa: TID251 - the sender's clock

    status = await tell(
        told, "user.updated", clerk_user(user_id, later, first_name="An\r\nn\x1b\u202e", last_name="\u200b")
    )

    assert status == 204
    viewer = (await user.ask(VIEWER))["viewer"]
    assert (viewer["firstName"], viewer["lastName"]) == ("Ann", None)
