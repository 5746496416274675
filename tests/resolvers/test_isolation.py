"""The promise that another user's things are invisible, by every path that exists."""

import uuid

import pytest

from tests.snapinfra import GENERATION, User, events

INVISIBLE = {
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "nodes": "query($id: ID!) { nodes(ids: [$id]) { id } }",
}

SAVE_SCHEMA = """
mutation($id: ID!) {
  saveSchema(input: {
    projectId: $id, tables: [{name: "t", fields: [{name: "id", type: STRING, primaryKey: true}]}]
  }) { schema { id } }
}"""

REPLACE_CREDENTIALS = """
mutation($id: ID!) {
  replaceIntegrationCredentials(input: {integrationId: $id, credentials: {token: "another-token"}}) {
    integration { id }
  }
}"""

SAVE_ARCHITECTURE = """
mutation($id: ID!) {
  saveArchitecture(input: {projectId: $id, nodes: [{id: "a", kind: API, name: "A"}]}) { architecture { id } }
}"""

UPDATE_ARCHITECTURE = """
mutation($id: ID!) {
  updateArchitecture(input: {architectureId: $id, nodes: [{id: "a", kind: API, name: "A"}]}) { architecture { id } }
}"""

CREATE_PAGE = """
mutation($id: ID!) {
  createDocumentationPage(input: {projectId: $id, title: "t", content: "c"}) { page { id } }
}"""

BY_KIND = {
    "project": [
        "query($id: ID!) { project(id: $id) { id } }",
        'mutation($id: ID!) { updateProject(input: {projectId: $id, name: "x"}) { project { id } } }',
        "mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId } }",
        "mutation($id: ID!) { restoreProject(input: {projectId: $id}) { project { id } } }",
        'mutation($id: ID!) { generate(input: {projectId: $id, kind: SCHEMA, prompt: "x"}) { generation { id } } }',
        SAVE_SCHEMA,
        SAVE_ARCHITECTURE,
        CREATE_PAGE,
        "mutation($id: ID!) { reorderDocumentation(input: {projectId: $id, pageIds: []}) { project { id } } }",
        "query($id: ID!) { activity(filter: {projectId: $id}) { nodes { id } } }",
        "query($id: ID!) { generations(filter: {projectId: $id}) { nodes { id } } }",
        "query($id: ID!) { deployments(filter: {projectId: $id}) { nodes { id } } }",
        "query($id: ID!) { metricsOverview(projectId: $id) { start } }",
        "query($id: ID!) { sessions(projectId: $id) { nodes { id } } }",
        "query($id: ID!) { events(filter: {projectId: $id}) { nodes { eventId } } }",
        "mutation($id: ID!) { exportEvents(input: {filter: {projectId: $id}}) { export { downloadUrl } } }",
    ],
    "schema": ["query($id: ID!) { schema(id: $id) { id } }"],
    "architecture": [
        "query($id: ID!) { architecture(id: $id) { id } }",
        UPDATE_ARCHITECTURE,
        "mutation($id: ID!) { deleteArchitecture(input: {architectureId: $id}) { deletedArchitectureId } }",
    ],
    "page": [
        "query($id: ID!) { documentationPage(id: $id) { id } }",
        'mutation($id: ID!) { updateDocumentationPage(input: {pageId: $id, title: "x"}) { page { id } } }',
        "mutation($id: ID!) { deleteDocumentationPage(input: {pageId: $id}) { deletedPageId } }",
    ],
    "generation": [
        "query($id: ID!) { generation(id: $id) { id downloadUrl } }",
        "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { id } } }",
        "mutation($id: ID!) { deleteGeneration(input: {generationId: $id}) { deletedGenerationId } }",
    ],
    "deployment": [
        "query($id: ID!) { deployment(id: $id) { id } }",
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { deployment { id } } }",
        "mutation($id: ID!) { deleteDeployment(input: {deploymentId: $id}) { deletedDeploymentId } }",
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id } } }",
    ],
    "team": [
        "query($id: ID!) { projects(filter: {teamId: $id}) { nodes { id } } }",
        "query($id: ID!) { deletedProjects(teamId: $id) { nodes { id } } }",
        "query($id: ID!) { dashboard(teamId: $id) { projectCount } }",
        "query($id: ID!) { activity(teamId: $id, filter: {entityType: PROJECT}) { nodes { id } } }",
        'query($id: ID!) { activity(teamId: $id, filter: {userId: "user_x"}) { nodes { id } } }',
        "mutation($id: ID!) { updateTeamSettings(input: {teamId: $id}) { settings { version } } }",
        "query($id: ID!) { usage(teamId: $id) { cost budget { resetsAt } } }",
        "query($id: ID!) { team(id: $id) { id } }",
        'mutation($id: ID!) { renameTeam(input: {teamId: $id, name: "x"}) { team { id } } }',
        "mutation($id: ID!) { deleteTeam(input: {teamId: $id}) { deletedTeamId } }",
        "mutation($id: ID!) { leaveTeam(input: {teamId: $id}) { leftTeamId } }",
        'mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com"}) { token } }',
        'mutation($id: ID!) { removeMember(input: {teamId: $id, userId: "user_x"}) { team { id } } }',
        'mutation($id: ID!) { createApiKey(input: {teamId: $id, name: "x", scopes: [READ]}) { text } }',
        'mutation($id: ID!) { createProject(input: {teamId: $id, name: "x"}) { project { id } } }',
        "query($id: ID!) { metricsOverview(teamId: $id) { start } }",
        "query($id: ID!) { sessions(teamId: $id) { nodes { id } } }",
        "query($id: ID!) { events(teamId: $id, filter: {type: REQUEST}) { nodes { eventId } } }",
        'query($id: ID!) { events(teamId: $id, filter: {userId: "u"}) { nodes { eventId } } }',
        "mutation($id: ID!) { exportEvents(input: {teamId: $id, filter: {type: REQUEST}}) { userErrors { code } } }",
        "query($id: ID!) { webhooks(teamId: $id) { nodes { id } } }",
        "query($id: ID!) { notificationTargets(teamId: $id) { nodes { id } } }",
        "query($id: ID!) { integrations(filter: {teamId: $id}) { nodes { id } } }",
        'mutation($id: ID!) { createWebhook(input: {teamId: $id, url: "https://example.com"}) { secret } }',
    ],
    "invitation": [
        "mutation($id: ID!) { resendInvitation(input: {invitationId: $id}) { token } }",
        "mutation($id: ID!) { revokeInvitation(input: {invitationId: $id}) { revokedInvitationId } }",
    ],
    "key": ["mutation($id: ID!) { revokeApiKey(input: {apiKeyId: $id}) { apiKey { id } } }"],
    "webhook": [
        "query($id: ID!) { webhook(id: $id) { id } }",
        "mutation($id: ID!) { updateWebhook(input: {webhookId: $id, enabled: false}) { webhook { id } } }",
        "mutation($id: ID!) { deleteWebhook(input: {webhookId: $id}) { deletedWebhookId } }",
        "mutation($id: ID!) { rotateWebhookSecret(input: {webhookId: $id}) { secret } }",
        "mutation($id: ID!) { testWebhook(input: {webhookId: $id}) { delivery { id } } }",
    ],
    "integration": [
        "query($id: ID!) { integration(id: $id) { id } }",
        "mutation($id: ID!) { updateIntegration(input: {integrationId: $id, enabled: false}) { integration { id } } }",
        "mutation($id: ID!) { rotateIntegrationKey(input: {integrationId: $id}) { integration { id } } }",
        "mutation($id: ID!) { testIntegration(input: {integrationId: $id}) { integration { id } } }",
        "mutation($id: ID!) { deleteIntegration(input: {integrationId: $id}) { deletedIntegrationId } }",
        REPLACE_CREDENTIALS,
    ],
    "target": [
        "mutation($id: ID!) { deleteNotificationTarget(input: {targetId: $id}) { deletedTargetId } }",
        'mutation($id: ID!) { confirmNotificationTarget(input: {targetId: $id, code: "1"}) { target { id } } }',
    ],
    "delivery": ["mutation($id: ID!) { redeliverWebhook(input: {deliveryId: $id}) { delivery { id } } }"],
    "activity": [],
    "user": [],
}


async def own(user: User) -> dict[str, str]:
    """Make one of everything and return the ids."""
    project_id = (await user.project())["id"]
    generation_id = await user.generate(project_id, "SCHEMA")
    await events(user, generation_id)
    code_id = await user.generate(project_id, "CODE")
    await events(user, code_id)
    deployment_id = await user.deploy(project_id, code_id)
    await user.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { message } } }",
        id=deployment_id,
    )
    team_id = await user.team()
    made = await user.ask(
        'mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com"}) { invitation { id } }'
        ' createApiKey(input: {teamId: $id, name: "ci", scopes: [READ]}) { apiKey { id } } }',
        id=team_id,
    )
    drawn = await user.ask(SAVE_ARCHITECTURE, id=project_id)
    written = await user.ask(CREATE_PAGE, id=project_id)
    webhook = await user.ask(
        'mutation { createWebhook(input: {url: "http://127.0.0.1:9999/"}) { webhook { id } userErrors { message } } }'
    )
    webhook_id = webhook["createWebhook"]["webhook"]["id"]
    tested = await user.ask(
        "mutation($id: ID!) { testWebhook(input: {webhookId: $id}) { delivery { id } } }", id=webhook_id
    )
    target = await user.ask(
        "mutation($address: String!) { createNotificationTarget(input: {channel: EMAIL, address: $address})"
        " { target { id } } }",
        address=f"{uuid.uuid4().hex}@example.com",
    )
    integration = await user.ask(
        'mutation { createIntegration(input: {type: VERCEL, credentials: {token: "some-token"}})'
        " { integration { id } } }"
    )
    seen = await user.ask(
        "query($id: ID!) { viewer { id } project(id: $id) { schema { id } activity(first: 1) { nodes { id } } } }",
        id=project_id,
    )
    return {
        "project": project_id,
        "schema": seen["project"]["schema"]["id"],
        "architecture": drawn["saveArchitecture"]["architecture"]["id"],
        "page": written["createDocumentationPage"]["page"]["id"],
        "generation": code_id,
        "deployment": deployment_id,
        "team": team_id,
        "invitation": made["inviteMember"]["invitation"]["id"],
        "key": made["createApiKey"]["apiKey"]["id"],
        "activity": seen["project"]["activity"]["nodes"][0]["id"],
        "user": seen["viewer"]["id"],
        "webhook": webhook_id,
        "target": target["createNotificationTarget"]["target"]["id"],
        "integration": integration["createIntegration"]["integration"]["id"],
        "delivery": tested["testWebhook"]["delivery"]["id"],
    }


async def test_another_users_things_look_like_missing_ones_by_every_path(alice: User, bob: User) -> None:
    theirs = await own(alice)
    missing = {kind: f"{object_id[:-4]}0000" for kind, object_id in theirs.items()}

    for kind, object_id in theirs.items():
        assert (await bob.ask(INVISIBLE["node"], id=object_id))["node"] is None
        assert (await bob.ask(INVISIBLE["nodes"], id=object_id))["nodes"] == [None]
        for operation in BY_KIND[kind]:
            refused = await bob.result(operation, id=object_id)
            absent = await bob.result(operation, id=missing[kind])
            assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND", operation
            assert str(refused).replace(object_id, "ID") == str(absent).replace(missing[kind], "ID")
    assert (await alice.ask("{ projects { nodes { name version } } }"))["projects"]["nodes"][0]["name"] == "Users"


@pytest.mark.parametrize(
    ("kind", "subscription"),
    [
        ("generation", GENERATION),
        ("deployment", "subscription($id: ID!) { deploymentEvents(id: $id) { __typename } }"),
        ("project", "subscription($id: ID!) { activityFeed(projectId: $id) { __typename } }"),
        ("project", "subscription($id: ID!) { projectEvents(projectId: $id) { __typename } }"),
        ("team", "subscription($id: ID!) { activityFeed(teamId: $id) { __typename } }"),
    ],
)
async def test_another_users_streams_are_invisible(alice: User, bob: User, kind: str, subscription: str) -> None:
    theirs = await own(alice)

    results = [result async for result in bob.follow(subscription, id=theirs[kind])]

    assert [result["errors"][0]["extensions"]["code"] for result in results] == ["NOT_FOUND"]


async def test_a_foreign_schema_is_no_base_of_a_diff(alice: User, bob: User) -> None:
    theirs, mine = await own(alice), await own(bob)

    answer = await bob.result(
        "query($id: ID!, $from: ID!) { schema(id: $id) { diff(from: $from) { path } } }",
        id=mine["schema"],
        **{"from": theirs["schema"]},
    )

    assert answer["data"]["schema"]["diff"] is None
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_foreign_generation_can_not_be_deployed(alice: User, bob: User) -> None:
    theirs, mine = await own(alice), await own(bob)

    answer = await bob.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input) { deployment { id } } }",
        input={"projectId": mine["project"], "generationId": theirs["generation"], "platform": "LOCAL"},
    )

    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
