"""What the tables of tests have of environments."""

from typing import Final

from tests.slice import DELETE, EDIT, SEE, Create, Entry, Slice, Values

SLICE: Final = Slice(
    made={
        "environment": (
            "createEnvironment(input: {projectId: $project, name: $name, kind: PREVIEW, platform: LOCAL})",
            "environment",
        ),
    },
    entries={
        "Query.environment": Entry("query($environment: ID!) { environment(id: $environment) { id } }", SEE),
        "Mutation.createEnvironment": Entry(
            "mutation($project: ID!, $name: String!) { createEnvironment(input: {projectId: $project,"
            " name: $name, kind: PREVIEW, platform: LOCAL}) { userErrors { code } } }",
            EDIT,
        ),
        "Mutation.updateEnvironment": Entry(
            "mutation($environment: ID!) {"
            " updateEnvironment(input: {environmentId: $environment, kind: PREVIEW}) { userErrors { code } } }",
            EDIT,
        ),
        "Mutation.deleteEnvironment": Entry(
            "mutation($freshEnvironment: ID!) {"
            " deleteEnvironment(input: {environmentId: $freshEnvironment}) { userErrors { code } } }",
            DELETE,
        ),
        "Mutation.setVariables": Entry(
            "mutation($environment: ID!) { setVariables(input: {environmentId: $environment,"
            ' variables: [{name: "A", value: "1"}]}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.deleteVariables": Entry(
            "mutation($environment: ID!) {"
            ' deleteVariables(input: {environmentId: $environment, names: ["B"]}) { userErrors { code } } }',
            EDIT,
        ),
    },
    creates={
        "createEnvironment": Create(
            "environment",
            {"projectId": "{project}", "name": "preview", "kind": "PREVIEW", "platform": "LOCAL"},
            {"name": "another"},
        ),
    },
    makes_nothing=(
        "deleteEnvironment",
        "deleteVariables",
        "setVariables",
        "updateEnvironment",
    ),
    values={
        "createEnvironment": Values(
            {"projectId": "{project}", "name": "{name}", "kind": "PREVIEW", "platform": "LOCAL"},
            {"name": "other", "kind": "PRODUCTION", "platform": "HEROKU", "healthPath": "/up"},
        ),
        "updateEnvironment": Values(
            {"environmentId": "{environment}"},
            {"name": "renamed", "kind": "PRODUCTION", "healthPath": "/up", "expectedVersion": 999},
        ),
        "setVariables": Values(
            {"environmentId": "{environment}", "variables": [{"name": "A", "value": "a-value-that-is-long"}]},
            {
                "variables": [{"name": "C", "value": "one-more-value"}],
                "variables.0.name": "B",
                "variables.0.value": "a-value-of-another-end",
            },
            "environment { variables { name hint version } }",
        ),
    },
    shown={
        "resolvers/test_environments.py::test_where_and_how_much_runs_is_chosen_by_what_the_platform_takes": (
            "CreateEnvironmentInput.region",
            "CreateEnvironmentInput.size",
            "CreateEnvironmentInput.instances",
            "UpdateEnvironmentInput.region",
            "UpdateEnvironmentInput.size",
            "UpdateEnvironmentInput.instances",
        ),
        "resolvers/test_environments.py::test_a_variable_that_is_deleted_is_not_found_by_what_is_deployed": (
            "DeleteVariablesInput.names",
        ),
    },
)
