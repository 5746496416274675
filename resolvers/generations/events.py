"""The events of a generation's stream in the schema."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import strawberry

from resolvers.context import Info
from resolvers.generations.objects import MOST_FILES, Generation
from resolvers.lists import AtMost
from resolvers.scalars import Long
from resolvers.streams import StreamEvent, StreamGap
from services.checks.port import CheckState
from services.core.ids import GenerationId
from services.foundation.events import stream
from services.foundation.events.follow import Following
from services.generations import events
from services.generations.model import GenerationReason, GenerationStatus
from services.llm.paths import DiscardReason


@strawberry.type
class AttemptStarted(StreamEvent):
    """A provider begins to answer."""

    attempt: int
    """Which attempt of the job this is, from 1."""
    provider: str
    """Who answers: `groq`, `openai` or `scaffold`."""
    model: str
    """The model that answers."""
    resets_text: bool
    """Whether all text and files before this are void: drop them."""
    left_out: Annotated[list[str], AtMost(MOST_FILES)]
    """
    What the model is not given, since its context window has no room for it: files by their paths, which it can't
    change unread, and earlier questions of a CHAT. What matters most for the prompt is given first.
    """


@strawberry.type
class TokenDelta(StreamEvent):
    """More text."""

    text: str
    """The text to append."""
    offset: Long
    """How many characters of text came before it since the last reset."""


@strawberry.type
class FileStarted(StreamEvent):
    """A file begins. It replaces one of this path once it is completed."""

    path: str
    """Relative, with forward slashes."""


@strawberry.type
class FileDelta(StreamEvent):
    """More of a file."""

    path: str
    """The file, started before."""
    text: str
    """The text to append to it."""


@strawberry.type
class FileCompleted(StreamEvent):
    """A file is whole."""

    path: str
    """The file."""
    sha256: str
    """SHA-256 of its content, in hex."""
    bytes: Long
    """Size of its UTF-8 content."""


@strawberry.type
class FileDiscarded(StreamEvent):
    """A file is not kept: drop what came since its FileStarted. A file of this path that was whole before stays."""

    path: str
    """The file."""
    discard_reason: DiscardReason
    """Why."""


@strawberry.type
class FileKept(StreamEvent):
    """A file of the generation that this one starts from is kept unchanged, until it is written again or removed."""

    path: str
    """The file; its content is in the generation's `files`."""
    sha256: str
    """SHA-256 of its content, in hex."""
    bytes: Long
    """Size of its UTF-8 content."""


@strawberry.type
class FileRemoved(StreamEvent):
    """A file that was kept is to go."""

    path: str
    """The file."""


@strawberry.type
class CheckFinished(StreamEvent):
    """A check of the files has ended."""

    name: str
    """What was checked: `json`, `syntax`, `types` or `security`."""
    check_state: CheckState
    """How it ended."""
    output: str
    """What it found, as lines of `path:line:column message`."""


@strawberry.type
class UsageUpdated(StreamEvent):
    """The provider has counted tokens."""

    input_tokens: Long
    """Tokens of the prompt."""
    output_tokens: Long
    """Tokens of the answer so far."""


@strawberry.type
class AttemptFailed(StreamEvent):
    """A provider or a worker failed."""

    code: str
    """What failed, as a code such as `RATE_LIMITED` or `UNAVAILABLE`."""
    message: str
    """The same as a sentence."""
    will_retry: bool
    """Whether another attempt follows by itself."""


@strawberry.type
class GenerationFinished(StreamEvent):
    """The end: nothing follows."""

    status: GenerationStatus
    """COMPLETED, INCOMPLETE, FAILED or CANCELED."""
    reason: GenerationReason | None
    """Why it is INCOMPLETE or FAILED."""
    message: str
    """The end as a sentence."""
    generation_id: strawberry.Private[GenerationId]

    @strawberry.field
    async def generation(self, info: Info) -> Generation | None:
        """The generation as it ended."""
        generation = await info.context.services.generations.get(self.generation_id, by=info.context.actor)
        return Generation.of(generation)


GenerationEvent = Annotated[
    AttemptStarted
    | TokenDelta
    | FileStarted
    | FileDelta
    | FileCompleted
    | FileDiscarded
    | FileKept
    | FileRemoved
    | CheckFinished
    | UsageUpdated
    | AttemptFailed
    | GenerationFinished
    | StreamGap,
    strawberry.union("GenerationEvent", description="What happens to a generation, in order."),
]


def shown_event(happened: Following[events.GenerationEvent], generation_id: GenerationId) -> GenerationEvent:
    if isinstance(happened, stream.StreamGap):
        return StreamGap.of(happened)
    where: dict[str, Any] = {"cursor": happened.cursor, "seq": Long(happened.seq), "at": happened.at}
    match happened.event:
        case events.GenerationFinished(status=status, reason=reason, message=message):
            sentence = message or f"The generation is {status.value}."
            return GenerationFinished(
                **where, status=status, reason=reason, message=sentence, generation_id=generation_id
            )
        case events.FileDiscarded(path=path, reason=reason):
            return FileDiscarded(**where, path=path, discard_reason=DiscardReason(reason))
        case events.CheckFinished(name=name, state=state, output=output):
            return CheckFinished(**where, name=name, check_state=CheckState(state), output=output)
        case event:
            return _BY_KIND[type(event)](**where, **{name: getattr(event, name) for name in event.__struct_fields__})


_BY_KIND: Final[dict[type[Any], Callable[..., Any]]] = {
    events.AttemptStarted: AttemptStarted,
    events.TokenDelta: TokenDelta,
    events.FileStarted: FileStarted,
    events.FileDelta: FileDelta,
    events.FileCompleted: FileCompleted,
    events.FileKept: FileKept,
    events.FileRemoved: FileRemoved,
    events.UsageUpdated: UsageUpdated,
    events.AttemptFailed: AttemptFailed,
}
