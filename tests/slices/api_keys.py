"""What the tables of tests have of API keys."""

from typing import Final

from tests.slice import MANAGE, Create, Entry, Slice, Values

SLICE: Final = Slice(
    made={
        "key": ('createApiKey(input: {teamId: $team, name: "ci", scopes: [READ]})', "apiKey"),
    },
    entries={
        "Team.apiKeys": Entry("query($team: ID!) { team(id: $team) { apiKeys { nodes { id } } } }", MANAGE),
        "Mutation.createApiKey": Entry(
            "mutation($team: ID!) {"
            ' createApiKey(input: {teamId: $team, name: "x", scopes: [READ]}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.revokeApiKey": Entry(
            "mutation($freshKey: ID!) { revokeApiKey(input: {apiKeyId: $freshKey}) { userErrors { code } } }", MANAGE
        ),
    },
    creates={
        "createApiKey": Create(
            "apiKey", {"teamId": "{team}", "name": "ci", "scopes": ["READ"]}, {"scopes": ["WRITE"]}, people_only=True
        ),
    },
    makes_nothing=("revokeApiKey",),
    values={
        "createApiKey": Values(
            {"name": "A", "scopes": ["READ"]},
            {"name": "B", "scopes": ["WRITE"], "expiresAt": "2099-01-01T00:00:00Z"},
        ),
    },
)
