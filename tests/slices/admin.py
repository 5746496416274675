"""What the tables of tests have of what administrators do."""

from typing import Final

from tests.slice import ADMINISTRATE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.deadJobs": Entry("{ deadJobs { jobId } }", ADMINISTRATE),
        "Query.queueStatus": Entry("{ queueStatus { name } }", ADMINISTRATE),
        "Mutation.redriveJob": Entry(
            "mutation($generation: ID!) { redriveJob(input: {generationId: $generation}) { userErrors { code } } }",
            ADMINISTRATE,
        ),
    },
    makes_nothing=("redriveJob",),
    shown={
        "resolvers/test_admin.py": ("RedriveJobInput.generationId",),
    },
)
