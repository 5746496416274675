"""The activity in the schema: who did what to which object."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.projects import Project
from resolvers.scalars import Long
from resolvers.shown import shown, shows
from resolvers.streams import StreamEvent, StreamGap
from resolvers.users import User
from services.core.actor import Role
from services.core.ids import ProjectId, TeamId, UserId
from services.core.pages import PageRequest
from services.foundation.events import stream
from services.foundation.events.follow import Following
from services.journal import model
from services.journal.model import EntityType, Verb

ActivityEntityType = strawberry.enum(EntityType, name="ActivityEntityType")
ActivityVerb = strawberry.enum(Verb, name="ActivityVerb")


@shows(model.ActivityEntry, prefix="activity", get=lambda services: services.activity.get)
@strawberry.type
class Activity(Node):
    """Somebody did something to an object, or something that they had asked for happened. Kept for 90 days."""

    verb: Verb
    """What was done."""
    entity_type: EntityType
    """What kind of object it was done to."""
    entity_id: strawberry.ID
    """The object, for `node`; it may be gone meanwhile."""
    title: str
    """What the object was called then, such as a project's name, a generation's kind or a webhook's host; may be empty,
    as for members and invitations."""
    user_id: strawberry.ID
    """Who did it; if it happened by itself, who had asked for it."""
    role: Role | None
    """Of a MEMBER or an INVITATION: the role from then on; of a member who is gone, the last one. Null for others."""
    at: datetime
    """When it was done."""
    entry: strawberry.Private[model.ActivityEntry]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it was done in; null where it concerns the team, or the project is gone."""
        project = await info.context.loaders.project(self.entry.project_id, self.entry.project_owner_id)
        return shown(project)

    @strawberry.field
    async def member(self, info: Info) -> User | None:
        """The user that it was done to, if that is a MEMBER; otherwise null."""
        if self.entity_type is not EntityType.MEMBER:
            return None
        user = await info.context.loaders.user(UserId(self.entity_id))
        return shown(user)

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        """Who did it, as `userId`."""
        user = await info.context.loaders.user(self.entry.user_id)
        return shown(user)

    @classmethod
    def of(cls, entry: model.ActivityEntry) -> Self:
        return cls(
            id=strawberry.ID(entry.id),
            verb=entry.verb,
            entity_type=entry.entity_type,
            entity_id=strawberry.ID(entry.entity_id),
            title=entry.title,
            user_id=strawberry.ID(entry.user_id),
            role=entry.role,
            at=entry.created_at,
            entry=entry,
        )


@strawberry.type
class ActivityNoted(StreamEvent):
    """Something was done."""

    activity: Activity
    """What, to which object, and by whom."""


ActivityEvent = Annotated[
    ActivityNoted | StreamGap,
    strawberry.union("ActivityEvent", description="What is done in a team or project, in order."),
]


def shown_event(happened: Following[model.ActivityEntry]) -> ActivityNoted | StreamGap:
    if isinstance(happened, stream.StreamGap):
        return StreamGap.of(happened)
    return ActivityNoted(
        cursor=happened.cursor, seq=Long(happened.seq), at=happened.at, activity=Activity.of(happened.event)
    )


@strawberry.input(one_of=True)
class ActivityFilter:
    """Which activity to list: exactly one of these."""

    project_id: strawberry.Maybe[strawberry.ID]
    """In this project."""
    user_id: strawberry.Maybe[strawberry.ID]
    """By this user, in the team."""
    entity_type: strawberry.Maybe[EntityType]
    """To objects of this type, in the team."""


TeamArgument = Annotated[strawberry.ID | None, strawberry.argument(description="The team; null: your personal one.")]
LiveAfter = Annotated[
    str | None,
    strawberry.argument(description="Cursor of the last event you handled: go on after it. Null: from now on."),
]


@strawberry.type
class ActivityQuery:
    @strawberry.field
    async def activity(
        self,
        info: Info,
        filter: Annotated[ActivityFilter, strawberry.argument(description="Which one.")],
        team_id: TeamArgument = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Activity]:
        """List what was done in the last 90 days, newest first."""
        activity, page, by = info.context.services.activity, PageRequest(first, after), info.context.actor
        team = None if team_id is None else TeamId(team_id)
        if filter.project_id is not None:
            project = await info.context.services.projects.get(ProjectId(filter.project_id.value), by=by)
            entries = await activity.of_project(project, page)
        elif filter.user_id is not None:
            entries = await activity.of_user(UserId(filter.user_id.value), page, team_id=team, by=by)
        else:
            asked = filter.entity_type
            assert asked is not None  # noqa: S101 - GraphQL has checked that one of the three is given
            entries = await activity.of_type(asked.value, page, team_id=team, by=by)
        return connection(entries, Activity.of, after=after)


@strawberry.type
class ActivitySubscription:
    @strawberry.subscription
    async def activity_feed(
        self,
        info: Info,
        team_id: TeamArgument = None,
        project_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this project, whosever team it is in.")
        ] = None,
        after: LiveAfter = None,
    ) -> AsyncGenerator[ActivityEvent, None]:
        """Watch what is done in a team or project, from now on. To miss nothing, subscribe first, then list."""
        feed = info.context.services.activity.follow(
            team_id=None if team_id is None else TeamId(team_id),
            project_id=None if project_id is None else ProjectId(project_id),
            after=after,
            by=info.context.actor,
        )
        async with feed as followed:
            async for happened in followed:
                yield shown_event(happened)
