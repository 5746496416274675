"""What the tables of tests have of generations."""

from typing import Final

from tests.slice import DELETE, EDIT, SEE, Create, Entry, Slice, Values, told

SLICE: Final = Slice(
    entries={
        "Query.generation": Entry("query($generation: ID!) { generation(id: $generation) { id downloadUrl } }", SEE),
        "Query.generations": Entry(
            "query($project: ID!) { generations(filter: {projectId: $project}) { nodes { id } } }", SEE
        ),
        "Mutation.generate": Entry(
            "mutation($project: ID!) {"
            ' generate(input: {projectId: $project, kind: SCHEMA, prompt: "Shop"}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.cancelGeneration": Entry(
            "mutation($generation: ID!) {"
            " cancelGeneration(input: {generationId: $generation}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT"),
        ),
        "Mutation.deleteGeneration": Entry(
            "mutation($freshGeneration: ID!) {"
            " deleteGeneration(input: {generationId: $freshGeneration}) { userErrors { code } } }",
            DELETE,
        ),
        "Mutation.continueGeneration": Entry(
            "mutation($generation: ID!) {"
            " continueGeneration(input: {generationId: $generation}) { userErrors { code } } }",
            EDIT,
            told("CONFLICT", "BAD_USER_INPUT"),
        ),
        "Subscription.generationEvents": Entry(
            "subscription($generation: ID!) { generationEvents(id: $generation) { __typename } }", SEE
        ),
    },
    creates={
        "generate": Create(
            "generation", {"projectId": "{project}", "kind": "SCHEMA", "prompt": "a shop"}, {"prompt": "a zoo"}
        ),
        "continueGeneration": Create("generation", {"generationId": "{incomplete}"}, {"generationId": "{incomplete2}"}),
    },
    makes_nothing=(
        "cancelGeneration",
        "deleteGeneration",
    ),
    values={
        "generate": Values(
            {"projectId": "{project}", "kind": "SCHEMA", "prompt": "a", "options": {}},
            {
                "kind": "CHAT",
                "prompt": "b",
                "architectureId": "{architecture}",
                "options": {"model": "no-such-model"},
                "options.model": "no-such-model",
            },
        ),
    },
    shown={
        "resolvers/test_generations.py::test_generations_can_be_listed_by_project_kind_and_status": (
            "GenerationFilter.kind",
            "GenerationFilter.projectId",
            "GenerationFilter.status",
        ),
        "services/llm/test_parameters.py": (
            "GenerationOptions.maxTokens",
            "GenerationOptions.temperature",
            "GenerationOptions.topP",
        ),
    },
)
