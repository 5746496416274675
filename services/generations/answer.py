"""This file is a model's answer while it arrives: what to tell subscribers of each piece, and what has come so far."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.generations import events
from services.generations.artifact import Artifact, FileContent
from services.generations.model import Usage
from services.llm import files, port


@dataclass(slots=True)
class Answer:
    """Collects one run's answer. `new_parser` is for CODE, whose text is files; None where text is text."""

    attempt: int
    new_parser: Callable[[], files.FileParser] | None
    provider: str | None = None
    model: str | None = None
    usage: Usage | None = None
    reason: port.FinishReason | None = None
    completed: dict[str, FileContent] = field(default_factory=dict[str, FileContent])
    _text: list[str] = field(default_factory=list[str])
    _length: int = 0
    _parser: files.FileParser | None = None
    _parts: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def artifact(self) -> Artifact:
        return Artifact(self.text, tuple(self.completed.values()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Files that the answer promised and did not bring whole."""
        return () if self._parser is None else self._parser.missing

    @property
    def whole(self) -> bool:
        """Whether the answer came to its own end."""
        return self._parser is None or (self._parser.ended and not self._parser.missing)

    def take(self, item: port.Item) -> Iterator[events.GenerationEvent]:
        """Take the next item of the provider's stream and yield what subscribers are to be told."""
        match item:
            case port.Started():
                yield self._start(item)
            case port.Text():
                yield from self._say(item.text)
            case port.Usage():
                self.usage = Usage(item.input_tokens, item.output_tokens, item.cached_tokens, item.reasoning_tokens)
                yield events.UsageUpdated(item.input_tokens, item.output_tokens)
            case port.Failed():
                yield events.AttemptFailed(item.code, item.message, will_retry=True)
            case port.Finished():
                self.reason = item.reason
                yield from self._end()

    def _start(self, started: port.Started) -> events.GenerationEvent:
        self.provider, self.model = started.provider, started.model
        self._text, self._length = [], 0
        self.completed.clear()
        self._parser = self.new_parser() if self.new_parser else None
        return events.AttemptStarted(self.attempt, started.provider, started.model, resets_text=True)

    def _say(self, text: str) -> Iterator[events.GenerationEvent]:
        if self._parser is None:
            yield self._note(text)
        else:
            yield from map(self._file_event, self._parser.feed(text))

    def _end(self) -> Iterator[events.GenerationEvent]:
        if self._parser is not None:
            yield from map(self._file_event, self._parser.end())

    def _note(self, text: str) -> events.GenerationEvent:
        offset = self._length
        self._text.append(text)
        self._length += len(text)
        return events.TokenDelta(text, offset)

    def _file_event(self, item: files.FileItem) -> events.GenerationEvent:
        match item:
            case files.Note():
                return self._note(item.text)
            case files.FileStarted():
                self._parts = []
                return events.FileStarted(item.path)
            case files.FileDelta():
                self._parts.append(item.text)
                return events.FileDelta(item.path, item.text)
            case files.FileCompleted():
                self.completed[item.path] = FileContent(item.path, item.sha256, "".join(self._parts))
                return events.FileCompleted(item.path, item.sha256, item.bytes)
            case files.FileDiscarded():
                return events.FileDiscarded(item.path, item.reason.value)
