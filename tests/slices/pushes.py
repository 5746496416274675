"""What the tables of tests have of pushes."""

from typing import Final

from tests.slice import EDIT, Create, Entry, Slice, told

SLICE: Final = Slice(
    entries={
        "Mutation.pushToGitHub": Entry(
            "mutation($generation: ID!) { pushToGitHub(input: {generationId: $generation,"
            ' repository: "octocat/users"}) { userErrors { code } } }',
            EDIT,
            told("BAD_USER_INPUT"),
        ),
    },
    creates={
        "pushToGitHub": Create(
            "push",
            {"generationId": "{code}", "repository": "octocat/users"},
            {"repository": "octocat/others"},
        ),
    },
    shown={
        "resolvers/test_pushes.py::test_the_next_push_needs_only_the_generation": (
            "PushToGitHubInput.generationId",
            "PushToGitHubInput.repository",
            "PushToGitHubInput.branch",
            "PushToGitHubInput.message",
        ),
        "resolvers/test_pushes.py::test_which_integration_is_used_can_be_said": ("PushToGitHubInput.integrationId",),
    },
)
