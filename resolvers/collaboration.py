"""Working on a project together, in the schema."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers.activity import ActivityNoted, LiveAfter, shown_event
from resolvers.context import Info
from resolvers.lists import SHOWN, AtMost
from resolvers.shown import shown
from resolvers.streams import StreamGap
from resolvers.users import User
from services.core.ids import ProjectId, UserId
from services.presence import Present


@strawberry.type
class PresentUser:
    """Somebody who is there."""

    user_id: strawberry.ID
    """Who it is."""

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        """The same with names."""
        user = await info.context.loaders.user(UserId(self.user_id))
        return shown(user)


@strawberry.type
class PresenceChanged:
    """Who is there now, replacing the previous list. Comes first, and after each change; needs no cursor."""

    present: Annotated[list[PresentUser], AtMost(SHOWN)]
    """Who follows the project, yourself included, each once."""


ProjectEvent = Annotated[
    ActivityNoted | PresenceChanged | StreamGap,
    strawberry.union("ProjectEvent", description="What is done in a project, and who is there."),
]


@strawberry.type
class CollaborationSubscription:
    @strawberry.subscription
    async def project_events(
        self,
        info: Info,
        project_id: Annotated[strawberry.ID, strawberry.argument(description="The project.")],
        after: LiveAfter = None,
    ) -> AsyncGenerator[ProjectEvent, None]:
        """Watch a project that others work on, and be present in it: who is there, and what anybody does, live.

        Those who leave are gone at once; those whose connection or server dies, after 30 seconds.
        """
        collaboration, by = info.context.services.collaboration, info.context.actor
        async with collaboration.follow(ProjectId(project_id), after=after, by=by) as happenings:
            async for happening in happenings:
                if isinstance(happening, Present):
                    yield PresenceChanged(
                        present=[PresentUser(user_id=strawberry.ID(user_id)) for user_id in happening.user_ids]
                    )
                else:
                    yield shown_event(happening)
