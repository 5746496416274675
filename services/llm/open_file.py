"""The file that the reader of the file protocol is in, and what can be told of its content so far."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from services.llm.fences import may_become_fence, unfenced
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
    told: int = 0
    """Bytes of its content, as far as it was told."""
    digest: _Digest = field(default_factory=hashlib.sha256)
    is_plain: bool = False
    """Whether no fence can be around it, so that its content passes at once."""
    begun: str = ""
    """Its first characters that are not blank, as many as tell whether a fence begins it."""
    held: list[str] = field(default_factory=list[str])
    """What has come, while it may stand in a fence."""

    def take(self, text: str, *, ends: bool = False) -> str:
        """Return what can be told of the file now that this part has come."""
        if self.is_plain:
            return text
        self.held.append(text)
        self.begun = (self.begun + (text if self.begun else text.lstrip()))[:3]
        if not ends and may_become_fence(self.begun):
            return ""
        whole, self.held, self.is_plain = "".join(self.held), [], True
        return unfenced(self.path, whole) if ends else whole
