"""The port of the LLM providers: what is asked of a model and what its stream brings.

Adapters: groq, openai (their SDKs, any compatible base URL) and scaffold (deterministic, no key). `router` is a
provider over the others. All pass tests/services/llm/test_providers.py.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Final, Protocol

from services.core.frozen import frozen
from services.designs.architecture import ArchitectureModel
from services.designs.schema import SchemaModel


@frozen
class SchemaTask:
    """Derive a database schema from a description. The text that comes back is the JSON of a SchemaModel."""

    description: str


@frozen
class ArchitectureTask:
    """Draw the architecture of a backend. The text that comes back is the JSON of an ArchitectureModel."""

    project_name: str
    description: str
    schema: SchemaModel | None


@frozen
class FilesTask:
    """Write files: the text that comes back is in the protocol of services/llm/files.py.

    `written` are files that exist already. With `change` they are to be changed as it says; otherwise the answer is to
    bring the `missing` ones. Either way it brings whole files, and of those that exist only the ones that change.
    """

    project_name: str
    description: str
    schema: SchemaModel
    boundary: str
    """Random text made for this request; marks where files begin, so that no content can end a file early."""
    written: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: Sequence[str] = ()
    change: str | None = None
    architecture: ArchitectureModel | None = None
    """The parts that the backend is drawn with, where it is."""


@frozen
class CodeTask(FilesTask):
    """Write a backend for a schema and an architecture."""


@frozen
class DocumentationTask(FilesTask):
    """Write the documentation of a backend, as Markdown pages in a folder for each category."""


@frozen
class Turn:
    """One question of a conversation, and what was answered."""

    question: str
    answer: str


@frozen
class ChatTask:
    """Answer a question about a project. `earlier` are the turns before it, oldest first."""

    project_name: str
    description: str
    schema: SchemaModel | None
    question: str
    earlier: Sequence[Turn] = ()


Task = SchemaTask | ArchitectureTask | CodeTask | DocumentationTask | ChatTask


@frozen
class Options:
    """How to ask. None means the setting's default for the provider and the kind of task."""

    model: str | None = None
    temperature: float | None = None
    """0 to 2."""
    max_tokens: int | None = None
    """The most tokens the model may write."""
    top_p: float | None = None
    """0 to 1."""


@frozen
class Message:
    role: str
    """`system`, `user` or `assistant`."""
    content: str
    part: str = ""
    """Of what may be left out where a model's window has no room for it: a file by its path, an earlier turn by its
    question. Messages of the same part go together."""


@frozen
class Request:
    """One request to a model. `messages` is the rendered prompt, of which neighbours of the same role are one; the
    scaffold reads `task` instead.
    """

    task: Task
    messages: Sequence[Message]
    template: str
    """Name and version of the prompt template, such as `schema/1`."""
    options: Options
    avoid: frozenset[str] = frozenset()
    """Names of providers to ask last, since they have just failed in the middle of this answer."""
    begun: str = ""
    """For text: what an earlier answer has said already, to be gone on with and not repeated."""


class FinishReason(Enum):
    STOP = "STOP"
    LENGTH = "LENGTH"
    CONTENT_FILTER = "CONTENT_FILTER"


@frozen
class Started:
    """A provider has begun to answer (its first chunk has arrived). Comes once, before everything but `Failed`."""

    provider: str
    model: str
    left_out: tuple[str, ...] = ()
    """The parts of the prompt that the model was not given."""


@frozen
class Text:
    """Some of the answer, never empty."""

    text: str


@frozen
class Thought:
    """Some of what a model says to itself, never empty: it has its cost, and is no part of the answer."""

    text: str


@frozen
class TextVoided:
    """All text so far was thought aloud, as only its end has told: the answer begins now."""


@frozen
class Usage:
    """Tokens that this attempt has used so far, as the provider counts them."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@frozen
class Failed:
    """From the router only: a provider failed before it began to answer, and the next one is asked.

    `code` is a FailureCode's value.
    """

    provider: str
    model: str
    code: str
    message: str


@frozen
class NotFollowed:
    """Something of what was asked for that the provider knows it does not do. Models say nothing of the kind."""

    text: str
    """In the words of whoever asked."""
    reason: str
    """A sentence."""


@frozen
class Finished:
    """The provider has ended its answer, always the last item."""

    reason: FinishReason


Item = Started | Text | Thought | TextVoided | Usage | NotFollowed | Failed | Finished


class FailureCode(Enum):
    UNAUTHORIZED = "UNAUTHORIZED"
    """The provider refuses our key."""
    INSUFFICIENT_QUOTA = "INSUFFICIENT_QUOTA"
    """The account has nothing left to pay with."""
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    REGION_NOT_SUPPORTED = "REGION_NOT_SUPPORTED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    """More than the model's context, or than the provider takes."""
    RATE_LIMITED = "RATE_LIMITED"
    BAD_REQUEST = "BAD_REQUEST"
    """The provider refuses this request; asking again is useless."""
    UNAVAILABLE = "UNAVAILABLE"
    """5xx, no connection, or a connection lost."""
    TIMED_OUT = "TIMED_OUT"
    """Silence for longer than the inter-chunk timeout."""
    TOO_LONG = "TOO_LONG"
    """An answer far longer than its limit of tokens: it might never end."""
    CONTENT_REFUSED = "CONTENT_REFUSED"


_PASSING: Final = frozenset(
    {FailureCode.RATE_LIMITED, FailureCode.UNAVAILABLE, FailureCode.TIMED_OUT, FailureCode.TOO_LONG}
)
"""Others stay the same however often the provider is asked."""


class ProviderFailure(Exception):
    """A provider could not answer, or stopped in the middle. `message` is safe to show: no key, no raw body."""

    def __init__(
        self, provider: str, code: FailureCode, message: str, *, model: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.model = model
        """Empty where none was chosen."""
        self.code = code
        self.message = message
        self.retry_after = retry_after
        """Seconds, where the provider said. From the router: until one of its providers is to be asked again."""
        self.may_pass = code in _PASSING
        """Whether it is of use to ask again, maybe later. From the router: one of its providers."""


class Provider(Protocol):
    """A source of streamed text."""

    @property
    def name(self) -> str: ...

    def stream(self, request: Request) -> AsyncGenerator[Item]:
        """Ask, and yield `Started`, then text as it arrives, usage when known, then `Finished`.

        Raises ProviderFailure, before `Started` when nothing was received, and as TOO_LONG for an answer that goes on
        far beyond its limit of tokens. Closing the iterator (or cancelling the task
        that reads it) closes the connection to the provider at once.
        """
        ...
