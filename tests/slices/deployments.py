"""What the tables of tests have of deployments."""

from typing import Final

from tests.slice import DELETE, EDIT, SEE, Create, Entry, Slice, told

SLICE: Final = Slice(
    entries={
        "Query.deployment": Entry("query($deployment: ID!) { deployment(id: $deployment) { id } }", SEE),
        "Query.deployments": Entry(
            "query($project: ID!) { deployments(filter: {projectId: $project}) { nodes { id } } }", SEE
        ),
        "Query.deploymentTargets": Entry("query($team: ID!) { deploymentTargets(teamId: $team) { platform } }", SEE),
        "Mutation.createDeployment": Entry(
            "mutation($project: ID!, $generation: ID!) { createDeployment(input: {projectId: $project,"
            " generationId: $generation, platform: LOCAL}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.cancelDeployment": Entry(
            "mutation($deployment: ID!) {"
            " cancelDeployment(input: {deploymentId: $deployment}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT"),
        ),
        "Mutation.promoteDeployment": Entry(
            "mutation($deployment: ID!, $environment: ID!) { promoteDeployment(input: {deploymentId: $deployment,"
            " environmentId: $environment}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT", "BAD_USER_INPUT"),
        ),
        "Mutation.scaleDeployment": Entry(
            "mutation($deployment: ID!) {"
            " scaleDeployment(input: {deploymentId: $deployment, instances: 2}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.stopDeployment": Entry(
            "mutation($deployment: ID!) { stopDeployment(input: {deploymentId: $deployment}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT"),
        ),
        "Mutation.deleteDeployment": Entry(
            "mutation($freshDeployment: ID!) {"
            " deleteDeployment(input: {deploymentId: $freshDeployment}) { userErrors { code } } }",
            DELETE,
        ),
        "Mutation.redeploy": Entry(
            "mutation($deployment: ID!) { redeploy(input: {deploymentId: $deployment}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.restartDeployment": Entry(
            "mutation($deployment: ID!) {"
            " restartDeployment(input: {deploymentId: $deployment}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT", "BAD_USER_INPUT"),
        ),
        "Mutation.rollbackDeployment": Entry(
            "mutation($deployment: ID!, $freshDeployment: ID!) { rollbackDeployment(input: {deploymentId: $deployment,"
            " toDeploymentId: $freshDeployment}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT"),
        ),
        "Subscription.deploymentEvents": Entry(
            "subscription($deployment: ID!) { deploymentEvents(id: $deployment) { __typename } }", SEE
        ),
    },
    creates={
        "createDeployment": Create(
            "deployment",
            {"projectId": "{project}", "generationId": "{code}", "platform": "LOCAL"},
            {"config": {"startCommand": "node other.js"}},
        ),
        "redeploy": Create("deployment", {"deploymentId": "{deployment}"}, {"deploymentId": "{deployment2}"}),
        "promoteDeployment": Create(
            "deployment",
            {"deploymentId": "{deployment}", "environmentId": "{staging}"},
            {"deploymentId": "{deployment2}"},
        ),
        "restartDeployment": Create("deployment", {"deploymentId": "{live}"}, {"deploymentId": "{live2}"}),
        "rollbackDeployment": Create(
            "deployment",
            {"deploymentId": "{deployment}", "toDeploymentId": "{deployment2}"},
            {"deploymentId": "{deployment2}", "toDeploymentId": "{deployment}"},
        ),
    },
    makes_nothing=(
        "cancelDeployment",
        "deleteDeployment",
        "scaleDeployment",
        "stopDeployment",
    ),
    shown={
        "resolvers/test_inputs.py::test_a_line_is_shown_that_has_all_that_is_asked_for": ("LogFilter.levels",),
        "resolvers/test_deployments.py::test_a_deployment_ends_in_a_url_that_answers": (
            "CreateDeploymentInput.config",
            "CreateDeploymentInput.platform",
            "DeploymentConfigInput.environmentVariables",
            "EnvironmentVariableInput.name",
            "EnvironmentVariableInput.value",
        ),
        "resolvers/test_deployments.py::test_a_build_that_fails_says_why_and_leaves_what_runs_alone": (
            "DeploymentConfigInput.buildCommand",
        ),
        "resolvers/test_environments.py::test_an_environments_variables_are_found_by_what_is_deployed_there": (
            "CreateDeploymentInput.environmentId",
        ),
        "resolvers/test_deployments.py::test_deployments_can_be_listed_by_environment_and_status": (
            "DeploymentFilter.environment",
            "DeploymentFilter.projectId",
            "DeploymentFilter.status",
        ),
        "resolvers/test_deployments_targets.py::test_what_runs_there_is_scaled_and_a_redeploy_has_as_much": (
            "ScaleDeploymentInput.instances",
            "ScaleDeploymentInput.size",
        ),
        "resolvers/test_deployments.py::test_log_lines_can_be_filtered": ("LogFilter.contains", "LogFilter.streams"),
        "resolvers/test_deployments.py::test_a_log_can_be_asked_by_a_query_and_between_two_moments": (
            "LogFilter.query",
            "LogFilter.since",
            "LogFilter.until",
        ),
        "services/platforms/test_local.py": ("DeploymentConfigInput.startCommand",),
    },
)
