"""What the schema promises to those who work on a project together."""

import asyncio
from contextlib import aclosing

from tests.snapinfra import User

WATCH = """
subscription($id: ID!) {
  projectEvents(projectId: $id) {
    __typename
    ... on PresenceChanged { present { userId } }
    ... on ActivityNoted { cursor activity { verb title userId } }
  }
}"""


async def test_whoever_watches_a_project_is_present_and_sees_what_is_done(alice: User) -> None:
    viewer = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]
    project_id = (await alice.project())["id"]
    async with asyncio.timeout(30), aclosing(alice.follow(WATCH, id=project_id)) as watched:
        first = (await anext(watched))["data"]["projectEvents"]
        await alice.ask(
            'mutation($id: ID!) { updateProject(input: {projectId: $id, name: "Shop"}) { userErrors { code } } }',
            id=project_id,
        )
        second = (await anext(watched))["data"]["projectEvents"]

    assert first == {"__typename": "PresenceChanged", "present": [{"userId": viewer}]}
    assert second == {
        "__typename": "ActivityNoted",
        "cursor": second["cursor"],
        "activity": {"verb": "UPDATED", "title": "Shop", "userId": viewer},
    }
