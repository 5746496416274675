"""What the schema promises of the activity around a team: its members, and what administrators set up."""

from typing import Any

from tests.resolvers.test_teams import LEAVE, REMOVE, ROLE, TRANSFER, my_id
from tests.snapinfra import Server, User

LIST = """
query($team: ID!, $type: ActivityEntityType!) {
  activity(teamId: $team, filter: {entityType: $type}, first: 100) {
    nodes { verb entityId title role userId member { id } }
  }
}"""
INVITE = """
mutation($team: ID!, $email: String!) {
  inviteMember(input: {teamId: $team, email: $email, role: VIEWER}) { invitation { id } token }
}"""


async def noted(user: User, team_id: str, entity_type: str) -> list[dict[str, Any]]:
    """Return what was done to a type of objects, oldest first."""
    page = await user.ask(LIST, team=team_id, type=entity_type)
    return list(reversed(page["activity"]["nodes"]))


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["verb"], entry["title"]) for entry in entries]


async def test_what_becomes_of_members_is_noted_with_their_roles(server: Server, alice: User, bob: User) -> None:
    carol, team_id = server.user(), await alice.team()
    alice_id, bob_id, carol_id = await my_id(alice), await my_id(bob), await my_id(carol)
    await alice.take_in(bob, team_id, "VIEWER")
    await alice.take_in(carol, team_id, "EDITOR")
    for _ in range(2):
        await alice.ask(ROLE, input={"teamId": team_id, "userId": bob_id, "role": "ADMIN"})
    await alice.ask(TRANSFER, input={"teamId": team_id, "userId": bob_id})
    await bob.ask(REMOVE, input={"teamId": team_id, "userId": carol_id})
    await alice.ask(LEAVE, id=team_id)

    entries = await noted(bob, team_id, "MEMBER")

    assert [(it["verb"], it["entityId"], it["role"], it["userId"]) for it in entries] == [
        ("JOINED", bob_id, "VIEWER", bob_id),
        ("JOINED", carol_id, "EDITOR", carol_id),
        ("UPDATED", bob_id, "ADMIN", alice_id),
        ("UPDATED", bob_id, "OWNER", alice_id),
        ("UPDATED", alice_id, "ADMIN", alice_id),
        ("REMOVED", carol_id, "EDITOR", bob_id),
        ("LEFT", alice_id, "ADMIN", alice_id),
    ]
    assert [it["member"]["id"] for it in entries] == [it["entityId"] for it in entries]


async def test_who_comes_back_is_noted_again(alice: User, bob: User) -> None:
    team_id = await alice.team()
    for _ in range(2):
        await alice.take_in(bob, team_id, "VIEWER")
        await bob.ask(LEAVE, id=team_id)

    entries = await noted(alice, team_id, "MEMBER")

    assert [entry["verb"] for entry in entries] == ["JOINED", "LEFT"] * 2


async def test_a_refused_change_of_members_is_not_noted(alice: User, bob: User) -> None:
    team_id = await alice.team()
    await alice.take_in(bob, team_id, "EDITOR")

    await bob.result(REMOVE, input={"teamId": team_id, "userId": await my_id(alice)})
    await alice.result(LEAVE, id=team_id)

    assert [entry["verb"] for entry in await noted(alice, team_id, "MEMBER")] == ["JOINED"]


async def test_invitations_are_noted_without_token_and_address(alice: User) -> None:
    team_id = await alice.team()
    made = (await alice.ask(INVITE, team=team_id, email="dora@example.com"))["inviteMember"]
    invitation_id = made["invitation"]["id"]
    await alice.ask(
        "mutation($id: ID!) { revokeInvitation(input: {invitationId: $id}) { userErrors { code } } }", id=invitation_id
    )

    entries = await noted(alice, team_id, "INVITATION")

    assert [(it["verb"], it["entityId"], it["role"], it["member"]) for it in entries] == [
        ("CREATED", invitation_id, "VIEWER", None),
        ("DELETED", invitation_id, "VIEWER", None),
    ]
    assert "dora" not in str(entries)
    assert made["token"].rpartition("_")[2] not in str(entries)


async def test_what_administrators_set_up_is_noted_without_secrets(alice: User) -> None:
    team_id = await alice.team()
    made = await alice.ask(
        """
        mutation($team: ID!) {
          createApiKey(input: {teamId: $team, name: "ci", scopes: [READ]}) { apiKey { id } text }
          createWebhook(input: {teamId: $team, url: "https://hooks.example.com/T0K3N"}) { webhook { id } secret }
          createIntegration(input: {teamId: $team, type: VERCEL, name: "Ours", credentials: {token: "T0K3N-of-vercel"}})
          { integration { id } }
          createNotificationTarget(input: {teamId: $team, channel: EMAIL, address: "ops@example.com"}) { target { id } }
        }""",
        team=team_id,
    )
    ids = {
        "key": made["createApiKey"]["apiKey"]["id"],
        "webhook": made["createWebhook"]["webhook"]["id"],
        "integration": made["createIntegration"]["integration"]["id"],
        "target": made["createNotificationTarget"]["target"]["id"],
    }
    await alice.ask(
        """
        mutation($key: ID!, $webhook: ID!, $integration: ID!, $target: ID!) {
          updateWebhook(input: {webhookId: $webhook, enabled: false}) { userErrors { code } }
          rotateWebhookSecret(input: {webhookId: $webhook}) { secret }
          updateIntegration(input: {integrationId: $integration, name: "Theirs"}) { userErrors { code } }
          replaceIntegrationCredentials(input: {integrationId: $integration, credentials: {token: "T0K3N-another"}})
          { userErrors { code } }
          rotateIntegrationKey(input: {integrationId: $integration}) { userErrors { code } }
          revokeApiKey(input: {apiKeyId: $key}) { userErrors { code } }
          again: revokeApiKey(input: {apiKeyId: $key}) { userErrors { code } }
          deleteWebhook(input: {webhookId: $webhook}) { userErrors { code } }
          deleteIntegration(input: {integrationId: $integration}) { userErrors { code } }
          deleteNotificationTarget(input: {targetId: $target}) { userErrors { code } }
        }""",
        **ids,
    )

    keys = await noted(alice, team_id, "API_KEY")
    webhooks = await noted(alice, team_id, "WEBHOOK")
    integrations = await noted(alice, team_id, "INTEGRATION")
    targets = await noted(alice, team_id, "NOTIFICATION_TARGET")

    assert told(keys) == [("CREATED", "ci"), ("DELETED", "ci")]
    host = "hooks.example.com"
    assert told(webhooks) == [("CREATED", host), ("UPDATED", host), ("UPDATED", host), ("DELETED", host)]
    assert told(integrations) == [("CREATED", "Ours"), *[("UPDATED", "Theirs")] * 3, ("DELETED", "Theirs")]
    assert told(targets) == [("CREATED", "EMAIL"), ("DELETED", "EMAIL")]
    everything = str([keys, webhooks, integrations, targets])
    for secret in ("T0K3N", "ops@example.com", made["createApiKey"]["text"][-32:], made["createWebhook"]["secret"][6:]):
        assert secret not in everything
    assert {entry["entityId"] for entry in [*keys, *webhooks, *integrations, *targets]} == set(ids.values())
