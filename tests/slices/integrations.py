"""What the tables of tests have of integrations."""

from typing import Final

from tests.slice import MANAGE, SEE, Create, Entry, Slice, Values

SLICE: Final = Slice(
    made={
        "integration": (
            (
                'createIntegration(input: {teamId: $team, type: OPENAI, credentials: {token: "sk-of-the-matrix"},'
                ' baseUrl: "http://127.0.0.1:9999/v1"})'
            ),
            "integration",
        ),
    },
    entries={
        "Query.integration": Entry("query($integration: ID!) { integration(id: $integration) { id } }", SEE),
        "Query.integrations": Entry(
            "query($team: ID!) { integrations(filter: {teamId: $team}) { nodes { id } } }", SEE
        ),
        "Mutation.createIntegration": Entry(
            "mutation($team: ID!) { createIntegration(input: {teamId: $team, type: GITHUB,"
            ' credentials: {token: "ghp_of_the_matrix"}}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.updateIntegration": Entry(
            "mutation($integration: ID!) {"
            ' updateIntegration(input: {integrationId: $integration, name: "x"}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.replaceIntegrationCredentials": Entry(
            "mutation($integration: ID!) { replaceIntegrationCredentials(input: {integrationId: $integration,"
            ' credentials: {token: "sk-another-one"}}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.rotateIntegrationKey": Entry(
            "mutation($integration: ID!) {"
            " rotateIntegrationKey(input: {integrationId: $integration}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.testIntegration": Entry(
            "mutation($integration: ID!) {"
            " testIntegration(input: {integrationId: $integration}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.deleteIntegration": Entry(
            "mutation($freshIntegration: ID!) {"
            " deleteIntegration(input: {integrationId: $freshIntegration}) { userErrors { code } } }",
            MANAGE,
        ),
    },
    creates={
        "createIntegration": Create(
            "integration",
            {"teamId": "{team}", "type": "VERCEL", "credentials": {"token": "some-token"}},
            {"credentials": {"token": "another-token"}},
            people_only=True,
        ),
    },
    makes_nothing=(
        "deleteIntegration",
        "replaceIntegrationCredentials",
        "rotateIntegrationKey",
        "testIntegration",
        "updateIntegration",
    ),
    values={
        "createIntegration": Values(
            {"type": "OPENAI", "credentials": {"token": "sk-some-token-1111"}, "baseUrl": "http://127.0.0.1:9999/v1"},
            {
                "type": "GITHUB",
                "credentials": {"token": "sk-some-token-2222"},
                "credentials.token": "sk-some-token-3333",
                "name": "B",
                "baseUrl": "http://127.0.0.1:9999/v2",
            },
        ),
        "updateIntegration": Values(
            {"integrationId": "{integration}"}, {"name": "B", "enabled": False, "expectedVersion": 999}
        ),
        "replaceIntegrationCredentials": Values(
            {"integrationId": "{integration}", "credentials": {"token": "sk-some-token-1111"}},
            {"credentials": {"token": "sk-some-token-2222"}, "baseUrl": "http://127.0.0.1:9999/v3"},
        ),
    },
    shown={
        "resolvers/test_inputs.py::test_each_part_of_an_access_key_is_kept": (
            "AwsCredentialsInput.accessKeyId",
            "AwsCredentialsInput.secretAccessKey",
            "AwsCredentialsInput.sessionToken",
        ),
        "resolvers/test_deployments_targets.py::test_a_role_that_trusts_the_team_is_assumed_for_it": (
            "AwsRoleInput.roleArn",
            "CredentialsInput.awsRole",
        ),
        "resolvers/test_inputs.py::test_a_token_is_kept_with_its_workspace": (
            "CredentialsInput.workspaceToken",
            "WorkspaceTokenInput.token",
            "WorkspaceTokenInput.workspace",
        ),
        "resolvers/test_integrations.py::test_exactly_one_form_of_credentials_is_taken": ("CredentialsInput.aws",),
        "resolvers/test_integrations.py::test_integrations_can_be_listed_by_service": ("IntegrationFilter.type",),
        "resolvers/test_inputs.py::test_integrations_are_those_of_the_team": ("IntegrationFilter.teamId",),
    },
)
