"""What the tables of tests have of settings."""

from typing import Final

from tests.slice import MANAGE, PEOPLE, Entry, Slice, Values

SLICE: Final = Slice(
    entries={
        "Mutation.updateSettings": Entry(
            "mutation { updateSettings(input: {theme: DARK}) { userErrors { code } } }", PEOPLE
        ),
        "Mutation.updateTeamSettings": Entry(
            "mutation($team: ID!) { updateTeamSettings(input: {teamId: $team}) { userErrors { code } } }", MANAGE
        ),
    },
    makes_nothing=(
        "updateSettings",
        "updateTeamSettings",
    ),
    values={
        "updateSettings": Values(
            {"theme": "LIGHT", "timezone": "UTC", "notifyOn": []},
            {
                "theme": "DARK",
                "timezone": "Europe/Berlin",
                "notifyOn": ["DEPLOYMENT_LIVE"],
                "expectedVersion": 999,
            },
        ),
        "updateTeamSettings": Values(
            {"teamId": "{team}"}, {"defaultPlatform": "LOCAL", "defaultModel": "scaffold-1", "expectedVersion": 999}
        ),
    },
)
