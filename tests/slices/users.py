"""What the tables of tests have of users."""

from typing import Final

from tests.slice import ALL, PEOPLE, Entry, Slice, Values

SLICE: Final = Slice(
    entries={
        "Query.viewer": Entry("{ viewer { id } }", ALL),
        "Mutation.updateProfile": Entry(
            'mutation { updateProfile(input: {lastName: "x"}) { userErrors { code } } }', PEOPLE
        ),
    },
    makes_nothing=("updateProfile",),
    values={
        "updateProfile": Values(
            {"username": "a", "firstName": "a", "lastName": "a"},
            {"username": "b", "firstName": "b", "lastName": "b", "expectedVersion": 999},
        ),
    },
)
