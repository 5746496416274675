"""What providers answer to one run: what to tell subscribers of each piece, and what has come so far."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.generations import events
from services.generations.artifact import Artifact, FileContent
from services.generations.model import MOST_NOT_FOLLOWED, GeneratedFile, NotFollowed
from services.generations.redaction import Redactor
from services.llm import file_items as items
from services.llm import files as protocol
from services.llm import port
from services.llm.paths import DiscardReason

USAGE_EVERY: Final = 1.0
"""Seconds between two counts that are told of one answer, some of which say theirs with each chunk."""

_ASKED_AGAIN: Final = frozenset({DiscardReason.DUPLICATE, DiscardReason.UNSEEN})
"""Whichever of the two is the right one, and what was written blindly."""


@frozen
class _State:
    """What has come at some moment."""

    text: str = ""
    files: Mapping[str, FileContent] = field(default_factory=dict[str, FileContent])
    awaited: Mapping[str, None] = field(default_factory=dict[str, None])
    refused: frozenset[str] = frozenset()
    has_files: bool = False


@dataclass(slots=True)
class Answer:
    """Collects the answers of one run. Call `expect` before each request, then `take` its items, `lost` if it fails."""

    attempt: int
    new_redactor: Callable[[], Redactor]
    monotonic: Callable[[], float] = time.monotonic
    files: dict[str, FileContent] = field(default_factory=dict[str, FileContent], init=False)
    """The files that are whole, by path."""
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]], init=False)
    """Why files do not parse, by path, as far as they were checked."""
    has_files: bool = field(default=False, init=False)
    """Whether this run's answers have completed or removed a file since the last reset."""
    provider: str | None = field(default=None, init=False)
    model: str | None = field(default=None, init=False)
    finish: port.FinishReason | None = field(default=None, init=False)
    """How the last answer ended; None where its provider failed."""
    failure: str | None = field(default=None, init=False)
    """What the last failure in the middle of an answer was."""
    not_followed: list[NotFollowed] = field(default_factory=list[NotFollowed], init=False)
    """What the provider has said that it does not do."""
    has_started: bool = field(default=False, init=False)
    """Whether a provider has begun to give the answer that is expected."""
    _base: Mapping[str, FileContent] = field(default_factory=dict[str, FileContent], init=False)
    _base_text: str = field(default="", init=False)
    _base_missing: Sequence[str] = field(default=(), init=False)
    _awaited: dict[str, None] = field(default_factory=dict[str, None], init=False)
    """The paths that answers have announced and not brought, in order."""
    _refused: set[str] = field(default_factory=set[str], init=False)
    """Those of them that can never be brought."""
    _left_out: tuple[str, ...] = field(default=(), init=False)
    """What of the prompt whoever gives the answer was not given."""
    _listed: int = field(default=0, init=False)
    """How much of what the parser has seen announced has been looked at."""
    _before: _State = field(default_factory=_State, init=False)
    """What had come before the answer that is expected."""
    _usage: port.Usage | None = field(default=None, init=False)
    """The last count, where it is still to be told."""
    _usage_due: float = field(default=0.0, init=False)
    """When the next count may be told, by the monotonic clock."""
    _redactor: Redactor = field(default_factory=Redactor, init=False)
    _resets: bool = field(default=True, init=False)
    _text: list[str] = field(default_factory=list[str], init=False)
    _length: int = field(default=0, init=False)
    _boundary: str | None = field(default=None, init=False)
    _parser: protocol.FileParser | None = field(default=None, init=False)
    _parts: list[str] = field(default_factory=list[str], init=False)

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def contents(self) -> dict[str, str]:
        """The content of each whole file, by path."""
        return {path: file.content for path, file in self.files.items()}

    @property
    def artifact(self) -> Artifact:
        return Artifact(self.text, tuple(self.files.values()))

    @property
    def listing(self) -> tuple[GeneratedFile, ...]:
        """The whole files, in the order they came."""
        return tuple(
            msgspec.structs.replace(file.listing, faults=self.faults.get(path, ())) for path, file in self.files.items()
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Files that were announced and have not come whole since, also those that are refused."""
        return tuple(self._awaited)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Those of the missing files that another answer may bring."""
        return tuple(path for path in self._awaited if path not in self._refused)

    @property
    def wants_unseen(self) -> bool:
        """Whether the last answer was to bring a file that the model was not shown."""
        return any(path in self._left_out for path in self.wanted)

    @property
    def whole(self) -> bool:
        """Whether the last answer came to its own end: as files, to its END with all files that were announced.

        Whatever becomes of the provider after that END, nothing is lost.
        """
        if self._parser is None:
            return self.finish is port.FinishReason.STOP
        return self._parser.ended and not self.missing

    @property
    def is_empty(self) -> bool:
        """Whether the answers have brought nothing, and announced nothing."""
        return not (self.missing or (self.text if self._parser is None else self.files))

    def start_from(self, base: Iterable[FileContent], *, text: str = "", missing: Sequence[str] = ()) -> None:
        """Begin with what an earlier generation made, to be changed or gone on with, and what it lacked."""
        self._base, self._base_text, self._base_missing = {file.path: file for file in base}, text, missing
        self._reset()

    def expect(self, request: port.Request, *, resets: bool) -> None:
        """Prepare for the answer to a request. With `resets`, nothing counts that this run's answers have brought."""
        task = request.task
        self._resets = resets
        self.finish, self.has_started, self._left_out = None, False, ()
        if resets:
            self._reset()
        self._boundary = task.boundary if isinstance(task, port.FilesTask) else None
        text = self._base_text if resets else self.text
        self._before = _State(text, dict(self.files), dict(self._awaited), frozenset(self._refused), self.has_files)
        self._listen()

    def take(self, item: port.Item) -> Iterator[events.GenerationEvent]:
        """Take the next item of the provider's stream and yield what subscribers are to be told."""
        match item:
            case port.Started():
                yield from self._start(item)
            case port.Text():
                yield from self._say(self._redactor.feed(item.text))
            case port.Thought():
                pass
            case port.TextVoided():
                yield from self._start_over()
            case port.Usage():
                self._usage = item
                if self.monotonic() >= self._usage_due:
                    yield from self._tell_usage()
            case port.NotFollowed():
                self._note_unfollowed(NotFollowed(item.text, item.reason))
            case port.Failed():
                yield events.AttemptFailed(item.code, item.message, will_retry=True)
            case port.Finished():
                self.finish = item.reason
                yield from self._end()

    def lost(self) -> Iterator[events.GenerationEvent]:
        """Take note that the provider has failed, and yield what is still to be told of what came."""
        if self.has_started:
            yield from self._end()

    def _note_unfollowed(self, request: NotFollowed) -> None:
        """Keep what is not followed, once however many answers it takes to bring all files."""
        if request not in self.not_followed and len(self.not_followed) < MOST_NOT_FOLLOWED:
            self.not_followed.append(request)

    def _reset(self) -> None:
        self.files, self.has_files = dict(self._base), False
        self._awaited = dict.fromkeys(self._base_missing)
        self.not_followed = []

    def _listen(self) -> None:
        """Prepare for the first piece of an answer."""
        self._redactor = self.new_redactor()
        sizes = {path: file.listing.bytes for path, file in self.files.items()}
        self._parser = None
        if self._boundary is not None:
            self._parser = protocol.FileParser(self._boundary, sizes, unseen=self._left_out)
        self._listed = 0

    def _start(self, started: port.Started) -> Iterator[events.GenerationEvent]:
        self.provider, self.model = started.provider, started.model
        self._usage, self._usage_due = None, 0.0
        self.has_started, self._left_out = True, started.left_out
        self._listen()
        if self._resets:
            yield from self._tell_again()
        else:
            yield self._attempt_started(resets_text=False)

    def _attempt_started(self, *, resets_text: bool) -> events.GenerationEvent:
        return events.AttemptStarted(
            self.attempt, self.provider or "", self.model or "", resets_text=resets_text, left_out=self._left_out
        )

    def _start_over(self) -> Iterator[events.GenerationEvent]:
        """Take all that this answer has said so far for nothing."""
        self._listen()
        yield from self._restore()

    def _restore(self) -> Iterator[events.GenerationEvent]:
        """Return to what had come before this answer, and tell it."""
        before = self._before
        self.files, self._awaited, self.has_files = dict(before.files), dict(before.awaited), before.has_files
        self._refused, self._listed = set(before.refused), 0
        yield from self._tell_again()

    def _tell_again(self) -> Iterator[events.GenerationEvent]:
        """Tell all that had come before this answer, after a reset."""
        yield self._attempt_started(resets_text=True)
        self._text, self._length = [], 0
        if self._parser is None:
            yield from self._say(self._redactor.feed(self._before.text))  # which may end within a secret
        elif self._before.text:
            yield self._note(self._before.text)
        for path, file in self.files.items():
            if self._base.get(path) is file:
                yield events.FileKept(path, file.sha256, file.listing.bytes)
            else:
                yield events.FileStarted(path)
                if file.content:
                    yield events.FileDelta(path, file.content)
                yield events.FileCompleted(path, file.sha256, file.listing.bytes)

    def _say(self, text: str) -> Iterator[events.GenerationEvent]:
        if not text:
            return
        if self._parser is None:
            yield self._note(text)
        else:
            yield from self._file_events(self._parser.feed(text))

    def _end(self) -> Iterator[events.GenerationEvent]:
        yield from self._say(self._redactor.end())
        if self._parser is not None:
            yield from self._file_events(self._parser.end())
        yield from self._tell_usage()

    def _tell_usage(self) -> Iterator[events.GenerationEvent]:
        """Tell the last count, unless it was told: at its answer's end, if not before."""
        if self._usage is not None:
            yield events.UsageUpdated(self._usage.input_tokens, self._usage.output_tokens)
            self._usage, self._usage_due = None, self.monotonic() + USAGE_EVERY

    def _note(self, text: str) -> events.GenerationEvent:
        offset = self._length
        self._text.append(text)
        self._length += len(text)
        return events.TokenDelta(text, offset)

    def _file_events(self, file_items: Iterable[items.FileItem]) -> Iterator[events.GenerationEvent]:
        for item in file_items:
            if isinstance(item, items.Voided):
                yield from self._restore()
            else:
                self._await_listed()
                yield self._file_event(item)
        self._await_listed()

    def _await_listed(self) -> None:
        """Take what a manifest announces, once a marker has ended it: before, nobody knows what is still to come.

        That holds for an answer that stops by itself, too: who goes on with half a list takes it for all of it.
        """
        if self._parser is not None and not self._parser.is_listing:
            new = self._parser.announced[self._listed :]
            self._listed += len(new)
            self._awaited.update(dict.fromkeys(new))
            self._refused.update(filter(self._parser.refuses, new))

    def _file_event(self, item: items.FileEvent) -> events.GenerationEvent:
        match item:
            case items.Note():
                return self._note(item.text)
            case items.FileStarted():
                self._parts = []
                return events.FileStarted(item.path)
            case items.FileDelta():
                self._parts.append(item.text)
                return events.FileDelta(item.path, item.text)
            case items.FileCompleted():
                self.files[item.path] = FileContent(item.path, item.sha256, "".join(self._parts))
                self._awaited.pop(item.path, None)
                self.has_files = True
                return events.FileCompleted(item.path, item.sha256, item.bytes)
            case items.FileDiscarded():
                if item.reason in _ASKED_AGAIN:
                    self._awaited[item.path] = None
                return events.FileDiscarded(item.path, item.reason.value)
            case items.FileRemoved():
                del self.files[item.path]
                self._awaited.pop(item.path, None)
                self.has_files = True
                return events.FileRemoved(item.path)
