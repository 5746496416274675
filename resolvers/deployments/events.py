"""The events of a deployment's stream in the schema."""

from typing import Annotated, Any, assert_never

import strawberry

from resolvers.context import Info
from resolvers.deployments.objects import Deployment, LogLine
from resolvers.lists import AtMost
from resolvers.scalars import URL
from resolvers.streams import StreamEvent, StreamGap
from services.core.ids import DeploymentId
from services.deployments import events
from services.deployments.model import DeploymentStatus
from services.foundation.events import stream
from services.foundation.events.follow import Following
from services.platforms.port import StepState


@strawberry.type
class DeploymentStatusChanged(StreamEvent):
    """The deployment goes on to its next status."""

    status: DeploymentStatus
    """The new status."""
    url: URL | None
    """With SUCCESS: where it answers."""


@strawberry.type
class StepChanged(StreamEvent):
    """A step of the build begins or ends."""

    step: str
    """Its name, such as `install`, `build`, `tables` or `health`."""
    state: StepState
    """Whether it runs, succeeded or failed."""


@strawberry.type
class LogLines(StreamEvent):
    """Lines of output, one or more."""

    lines: Annotated[list[LogLine], AtMost(2_000, weighs=20)]  # of a whole batch of a hub; usually few
    """The lines, in order."""


@strawberry.type
class DeploymentFinished(StreamEvent):
    """The end: nothing of this deployment runs any more, and nothing follows."""

    status: DeploymentStatus
    """FAILED, CANCELED, STOPPED or SUPERSEDED."""
    reason: str | None
    """Why it FAILED, as a code."""
    message: str | None
    """The reason as a sentence."""
    deployment_id: strawberry.Private[DeploymentId]

    @strawberry.field
    async def deployment(self, info: Info) -> Deployment | None:
        """The deployment as it ended."""
        deployment = await info.context.services.deployments.get(self.deployment_id, by=info.context.actor)
        return Deployment.of(deployment)


DeploymentEvent = Annotated[
    DeploymentStatusChanged | StepChanged | LogLines | DeploymentFinished | StreamGap,
    strawberry.union("DeploymentEvent", description="What happens to a deployment, in order."),
]


def shown_event(happened: Following[events.DeploymentEvent], deployment_id: DeploymentId) -> DeploymentEvent:
    if isinstance(happened, stream.StreamGap):
        return StreamGap.of(happened)
    where: dict[str, Any] = {"cursor": happened.cursor, "seq": happened.seq, "at": happened.at}
    match happened.event:
        case events.DeploymentStatusChanged(status=status, url=url):
            return DeploymentStatusChanged(**where, status=status, url=None if url is None else URL(url))
        case events.StepChanged(step=step, state=state):
            return StepChanged(**where, step=step, state=state)
        case events.LogLines(lines=lines):
            return LogLines(**where, lines=[LogLine.of(line) for line in lines])
        case events.DeploymentFinished(status=status, reason=reason, message=message):
            return DeploymentFinished(
                **where, status=status, reason=reason, message=message, deployment_id=deployment_id
            )
        case _:
            assert_never(happened.event)
