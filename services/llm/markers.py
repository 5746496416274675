"""The markers of the file protocol, and how they are found in a text that comes in pieces.

A boundary is random text: nothing but a marker can hold it. So its line is a marker however it is decorated, written in
lower case, or glued to what stands before it.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from services.core.frozen import frozen

_DECORATION: Final = r"[ \t>*_`#|=/!<-]{0,64}"
_DECORATED: Final = re.compile(
    rf"(?={_DECORATION}\Z)[ \t]*(?:[*_`]{{1,3}}|(?:[>|*-]|#{{1,6}}|//|/\*|--|<!--)[ \t]+)*(?:=[ \t]*)*"
)
_SIGNS: Final = r"(?:=[ \t]{0,4}){1,12}"
"""What stands before a boundary; twice, where a piece of a stream came twice."""
_LONGEST_SIGNS: Final = 60
_TRAILING: Final = re.compile(rf"{_SIGNS}\Z")
_LONGEST_HELD: Final = 80
"""Characters that may be the beginning of a marker, up to the whole boundary."""


class Word(Enum):
    MANIFEST = "manifest"
    FILE = "file"
    DELETE = "delete"
    END = "end"
    UNKNOWN = ""


_WORDS: Final = {word.value: word for word in Word if word is not Word.UNKNOWN}


@frozen
class Marker:
    word: Word
    argument: str
    """What follows the word; of a marker without a known one, all that follows the boundary."""
    has_signs: bool
    """Whether an equals sign stands before the boundary."""


@dataclass(slots=True)
class Markers:
    """The markers with one boundary."""

    boundary: str
    _line: re.Pattern[str] = field(init=False)
    _begun: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        some = "".join(f"(?:{re.escape(character)}" for character in self.boundary) + ")?" * len(self.boundary)
        first = re.escape(self.boundary[0])
        self._line = re.compile(rf"{_DECORATION}{re.escape(self.boundary)}[ \t:|>-]*(\w*)[ \t:]*(.*)", re.DOTALL)
        self._begun = re.compile(rf"(?<=\n){_DECORATION}{some}\Z|(?:{_SIGNS})?(?={first}){some}\Z|{_SIGNS}\Z")

    def find(self, buffer: str, position: int, *, at_line_start: bool) -> int:
        """Return where the next marker starts from `position` on, or what may become one; else the buffer's end."""
        place = buffer.find(self.boundary, position)
        if place < 0:
            return self._may_begin(buffer, position, at_line_start=at_line_start)
        line = buffer.rfind("\n", position, place) + 1 or position
        if (line > position or at_line_start) and _DECORATED.fullmatch(buffer, line, place):
            return line
        signs = _TRAILING.search(buffer, max(position, place - _LONGEST_SIGNS), place)
        return place if signs is None else signs.start()

    def _may_begin(self, buffer: str, position: int, *, at_line_start: bool) -> int:
        start = max(position, len(buffer) - _LONGEST_HELD)
        tail = "\n" + buffer[start:] if start == position and at_line_start else buffer[start:]
        begun = self._begun.search(tail)
        return len(buffer) if begun is None else len(buffer) - len(tail) + begun.start()

    def has(self, line: str) -> bool:
        """Return whether a line, or its beginning, has the boundary."""
        return self.boundary in line

    def read(self, line: str) -> Marker:
        """Read a line from where its marker starts."""
        match = self._line.match(line)
        if match is None:
            return Marker(Word.UNKNOWN, line, has_signs=False)
        word = _WORDS.get(match[1].lower(), Word.UNKNOWN)
        argument = match[2] if word is not Word.UNKNOWN else line[match.start(1) :]
        return Marker(
            word, argument.strip(" \t\r").rstrip(" \t=*|"), has_signs="=" in line[: line.index(self.boundary)]
        )
