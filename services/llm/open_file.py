"""The file that the reader of the file protocol is in, and what can be told of its content so far."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from services.llm.fences import LONGEST_BEGUN, last_line_of_fence, may_stand_in_fence, unfenced
from services.llm.paths import DiscardReason


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class OpenFile:
    path: str
    limit: int
    limit_reason: DiscardReason
    repeats: str | None = None
    """The digest of a file of this path that is whole already, and stays; nothing is told of its repetition."""
    size: int = 0
    """Bytes that have come."""
    content_size: int = 0
    """Bytes of its content that were passed on."""
    digest: _Digest = field(default_factory=hashlib.sha256)
    is_plain: bool = False
    """Whether no fence can be around it, so that its content passes at once."""
    begun: str = ""
    """Its first characters that are not blank, as many as tell whether it may stand in a fence."""
    held: list[str] = field(default_factory=list[str])
    """What has come, while it may stand in a fence."""
    tail: str = ""
    """The last of what has come, while it may be the last line of a fence; and the character before it."""

    def take(self, text: str, *, ends: bool = False) -> str:
        """Return what can be told of the file now that this part has come."""
        if self.is_plain:
            return self._pass(text, ends=ends)
        self.held.append(text)
        self.begun = (self.begun + (text if self.begun else text.lstrip()))[:LONGEST_BEGUN]
        if not ends and may_stand_in_fence(self.path, self.begun):
            return ""
        whole, self.held, self.is_plain = "".join(self.held), [], True
        return self._pass(unfenced(self.path, whole) if ends else whole, ends=ends)

    def _pass(self, text: str, *, ends: bool) -> str:
        """Return a text but for a last line that only ends a fence, which goes if it stays the last one."""
        before, text = self.tail[:1], self.tail + text
        stop = last_line_of_fence(self.path, text)
        if ends and len(text) - stop < 3:  # noqa: PLR2004 - the marks that a fence has at least
            stop = len(text)
        self.tail = text[max(stop - 1, 0) :]
        return text[len(before) : stop]
