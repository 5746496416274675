"""What the schema promises of integrations."""

from typing import Any

import pytest

from tests.fakes.receiver import Receiver, Reply
from tests.snapinfra import User

FIELDS = "id type name enabled hint baseUrl testState testMessage version project { id }"
CREATE = f"""
mutation($input: CreateIntegrationInput!) {{
  createIntegration(input: $input) {{ integration {{ {FIELDS} }} userErrors {{ message code field }} }}
}}"""
REPLACE = f"""
mutation($input: ReplaceIntegrationCredentialsInput!) {{
  replaceIntegrationCredentials(input: $input) {{ integration {{ {FIELDS} }} userErrors {{ message field }} }}
}}"""
TEST = "mutation($id: ID!) { testIntegration(input: {integrationId: $id}) { integration { testState testMessage } } }"
LIST = "query($filter: IntegrationFilter) { integrations(filter: $filter) { nodes { name hint } } }"
TOKEN = "sk-0123456789-abcd"


async def create(user: User, kind: str = "OPENAI", **fields: Any) -> dict[str, Any]:
    answer = await user.result(CREATE, input={"type": kind, "credentials": {"token": TOKEN}, **fields})
    return answer["data"]["createIntegration"]


async def test_credentials_go_in_and_only_a_hint_comes_out(alice: User) -> None:
    answer = await alice.result(CREATE, input={"type": "VERCEL", "credentials": {"token": TOKEN}})

    made = answer["data"]["createIntegration"]["integration"]
    assert made == {
        "id": made["id"],
        "type": "VERCEL",
        "name": "VERCEL",
        "enabled": True,
        "hint": "abcd",
        "baseUrl": None,
        "testState": None,
        "testMessage": None,
        "version": 1,
        "project": None,
    }
    assert TOKEN not in str(answer)


async def test_a_retried_create_returns_the_first_integration(alice: User) -> None:
    first = await create(alice, clientMutationId="i1")
    again = await create(alice, clientMutationId="i1")

    assert again == first
    assert len((await alice.ask(LIST))["integrations"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        (
            {"type": "VERCEL", "credentials": {"token": "short"}},
            ["token must have 8 to 4,096 characters of ASCII without spaces."],
        ),
        (
            {"type": "VERCEL", "credentials": {"token": "with a space in it"}},
            ["token must have 8 to 4,096 characters of ASCII without spaces."],
        ),
        ({"type": "AWS", "credentials": {"token": TOKEN}}, ["AWS takes credentials of the form 'aws' or 'awsRole'."]),
        (
            {"type": "VERCEL", "credentials": {"workspaceToken": {"token": TOKEN, "workspace": "Team of Alice"}}},
            ["Workspaces are for RAILWAY and RENDER alone."],
        ),
        (
            {"type": "RENDER", "credentials": {"workspaceToken": {"token": "short", "workspace": "two\nlines"}}},
            [
                "token must have 8 to 4,096 characters of ASCII without spaces.",
                "workspace must be one line, without tabs.",
            ],
        ),
        (
            {"type": "AWS", "credentials": {"awsRole": {"roleArn": "arn:aws:iam::1:user/alice"}}},
            ["roleArn must be the ARN of a role, such as arn:aws:iam::123456789012:role/snapinfra."],
        ),
        (
            {"type": "GITHUB", "credentials": {"aws": {"accessKeyId": "x", "secretAccessKey": "y" * 40}}},
            [
                "GITHUB takes credentials of the form 'token'.",
                "accessKeyId must have 16 or more capital letters and digits.",
            ],
        ),
        (
            {"type": "VERCEL", "credentials": {"token": TOKEN}, "baseUrl": "https://example.com"},
            ["baseUrl is for OPENAI alone."],
        ),
        (
            {"type": "OPENAI", "credentials": {"token": TOKEN}, "baseUrl": "http://169.254.169.254/v1"},
            ["baseUrl must have a public address."],
        ),
    ],
)
async def test_what_is_wrong_with_an_integration_is_said_and_nothing_is_stored(
    alice: User, fields: dict[str, Any], messages: list[str]
) -> None:
    answer = (await alice.result(CREATE, input=fields))["data"]["createIntegration"]

    assert answer["integration"] is None
    assert [error["message"] for error in answer["userErrors"]] == messages
    assert fields["credentials"].get("token", "no token") not in str(answer)
    assert (await alice.ask(LIST))["integrations"]["nodes"] == []


async def test_the_space_around_a_workspace_is_not_kept(alice: User) -> None:
    credentials = {"workspaceToken": {"token": TOKEN, "workspace": f"Team of Alice{' ' * 500_000}"}}
    answer = (await alice.result(CREATE, input={"type": "RENDER", "credentials": credentials}))["data"]

    assert answer["createIntegration"]["userErrors"] == []


async def test_exactly_one_form_of_credentials_is_taken(alice: User) -> None:
    for credentials in ({}, {"token": TOKEN, "aws": {"accessKeyId": "A" * 20, "secretAccessKey": "s" * 40}}):
        answer = await alice.result(CREATE, input={"type": "AWS", "credentials": credentials})
        assert answer.get("errors"), credentials

    assert (await alice.ask(LIST))["integrations"]["nodes"] == []


async def test_a_test_shows_the_credentials_to_the_service_and_records_its_answer(alice: User) -> None:
    with Receiver(usual=Reply(200, body=b'{"data":[]}')) as receiver:
        made = (await create(alice, baseUrl=f"http://127.0.0.1:{receiver.port}/v1"))["integration"]
        passed = await alice.ask(TEST, id=made["id"])
        receiver.usual = Reply(401, body=b"no such key: " + TOKEN.encode())
        refused = await alice.ask(TEST, id=made["id"])
        shown = await alice.ask(
            "query($id: ID!) { integration(id: $id) { testState testMessage testedAt } }", id=made["id"]
        )

    assert [(asked.path, asked.headers["authorization"]) for asked in receiver.received] == [
        ("/v1/models", f"Bearer {TOKEN}")
    ] * 2
    assert passed["testIntegration"]["integration"]["testState"] == "PASSED"
    assert refused["testIntegration"]["integration"] == {
        "testState": "REFUSED",
        "testMessage": "OPENAI does not accept these credentials.",
    }
    assert shown["integration"]["testState"] == "REFUSED"
    assert shown["integration"]["testedAt"] is not None


async def test_replaced_credentials_are_untested_and_go_where_they_were_entered_for(alice: User) -> None:
    with Receiver(usual=Reply(200)) as old, Receiver(usual=Reply(200)) as new:
        made = (await create(alice, baseUrl=f"http://127.0.0.1:{old.port}/v1"))["integration"]
        await alice.ask(TEST, id=made["id"])
        replaced = await alice.ask(
            REPLACE,
            input={
                "integrationId": made["id"],
                "credentials": {"token": "sk-another-key-wxyz"},
                "baseUrl": f"http://127.0.0.1:{new.port}/v1",
            },
        )
        await alice.ask(TEST, id=made["id"])

    shown = replaced["replaceIntegrationCredentials"]["integration"]
    assert (shown["hint"], shown["testState"]) == ("wxyz", None)
    assert [asked.headers["authorization"] for asked in old.received] == [f"Bearer {TOKEN}"]
    assert [asked.headers["authorization"] for asked in new.received] == ["Bearer sk-another-key-wxyz"]


async def test_a_rotated_key_leaves_the_credentials_as_they_are(alice: User) -> None:
    rotate = (
        "mutation($id: ID!) { rotateIntegrationKey(input: {integrationId: $id}) { integration { encryptedAt hint } } }"
    )
    with Receiver(usual=Reply(200)) as receiver:
        made = (await create(alice, baseUrl=f"http://127.0.0.1:{receiver.port}/v1"))["integration"]
        before = await alice.ask("query($id: ID!) { integration(id: $id) { encryptedAt } }", id=made["id"])
        rotated = (await alice.ask(rotate, id=made["id"]))["rotateIntegrationKey"]["integration"]
        await alice.ask(TEST, id=made["id"])

    assert rotated["encryptedAt"] > before["integration"]["encryptedAt"]
    assert rotated["hint"] == "abcd"
    assert receiver.received[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_an_integration_can_be_renamed_disabled_and_deleted(alice: User) -> None:
    made = (await create(alice))["integration"]
    update = (
        "mutation($input: UpdateIntegrationInput!) { updateIntegration(input: $input)"
        " { integration { name enabled version } userErrors { code } } }"
    )

    changed = await alice.ask(update, input={"integrationId": made["id"], "name": " Ours ", "enabled": False})
    stale = await alice.result(update, input={"integrationId": made["id"], "name": "Mine", "expectedVersion": 1})
    await alice.ask(
        "mutation($id: ID!) { deleteIntegration(input: {integrationId: $id}) { deletedIntegrationId } }", id=made["id"]
    )

    shown = {"name": "Ours", "enabled": False, "version": 2}
    assert changed["updateIntegration"]["integration"] == shown
    assert stale["data"]["updateIntegration"] == {"integration": shown, "userErrors": [{"code": "CONFLICT"}]}
    assert (await alice.ask("query($id: ID!) { node(id: $id) { id } }", id=made["id"]))["node"] is None
    assert (await alice.ask(LIST))["integrations"]["nodes"] == []


async def test_integrations_can_be_listed_by_service(alice: User) -> None:
    await create(alice, "GROQ", name="Models")
    await create(alice, "RENDER", name="Host")

    listed = await alice.ask(LIST, filter={"type": "RENDER"})

    assert [node["name"] for node in listed["integrations"]["nodes"]] == ["Host"]


async def test_a_project_of_another_user_gets_no_credentials(alice: User, bob: User) -> None:
    project = await bob.project()

    answer = await alice.result(
        CREATE, input={"type": "VERCEL", "credentials": {"token": TOKEN}, "projectId": project["id"]}
    )

    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await alice.ask(LIST))["integrations"]["nodes"] == []
