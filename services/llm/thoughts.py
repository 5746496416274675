"""The separation of a model's thoughts from its answer, where a server leaves both in one text.

Reasoning models think first, between tags (`tags`). Only a block that leads the answer is thoughts: a tag further on is
text, such as that of a file. The templates of some models (DeepSeek-R1, Qwen3-Thinking) have the opening tag in the
prompt, so that their answers bring the closing one alone: at a line's start or end, or right before the answer.

Once a marker of the file protocol has come, tags are text: its reader knows what is a draft (`files`).
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from services.llm.port import Text, TextVoided, Thought
from services.llm.tags import ANSWER, EMPTY, LONGEST, LONGEST_CLOSING, OPENING, TAG, closing_of, may_become_tag

_MOST_VOIDED: Final = 8
"""Closing tags that may come alone; each has the text start over."""
_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_MARKER: Final = re.compile(r"^=== [0-9a-f]{16} (?:MANIFEST|FILE)", re.MULTILINE)
_TAG_SIGN: Final = re.compile(r"[<\[◁](?=[\s/|a-z]|\Z)", re.IGNORECASE)
_NOTABLE: Final = re.compile(r"[\n<\[◁=`~]")
"""What a line's end, a tag, a marker or a fence has."""
_BLANK: Final = re.compile(r"\s+")
_QUOTES: Final = "`\"'([\u201c\u2018"
_LINE_END: Final = re.compile(r"[ \t\r]{0,8}\n")
_MAYBE_LINE_END: Final = re.compile(r"[ \t\r]{0,8}\Z")
_GOES_ON: Final = re.compile(r"[^\s.,;:!?)\]`'\"\u201d\u2019]")
_HEAD: Final = 40
"""Characters of a line's beginning that tell what it is: a fence, or a marker."""

Piece = Text | Thought | TextVoided


class _State(Enum):
    OPENING = auto()
    """What has come may still become an opening tag."""
    THINKING = auto()
    ANSWERING = auto()


@dataclass(slots=True)
class Thoughts:
    """Takes text as it comes and tells thoughts from answer; holds back only what may be, or become, a tag.

    However the text is cut, the same comes out.
    """

    _state: _State = field(default=_State.OPENING, init=False)
    _held: str = field(default="", init=False)
    _place: int = field(default=0, init=False)
    """How much of what is held has been told."""
    _blanks: list[str] = field(default_factory=list[str], init=False)
    """The blank space before what may become an opening tag."""
    _closing: re.Pattern[str] = field(default=OPENING, init=False)
    _has_thought: bool = field(default=False, init=False)
    """Whether thoughts have come: the blank space between them and the answer goes with them."""
    _is_wrapped: bool = field(default=False, init=False)
    """Whether a token has said that the answer begins, as another says that it has ended."""
    _voids: int = field(default=0, init=False)
    _watches: bool = field(default=True, init=False)
    """Whether a closing tag may come alone: not once the answer itself has spoken of an opening one."""
    _in_code: bool = field(default=False, init=False)
    _line: str = field(default="", init=False)
    """The beginning of the line under way, of what has been said of it."""
    _last: str = field(default="\n", init=False)
    """The last character that has been said."""
    _is_blank_line: bool = field(default=True, init=False)
    """Whether nothing has been said of the line under way but blanks."""
    _pieces: list[Piece] = field(default_factory=list[Piece], init=False)

    @property
    def has_answer(self) -> bool:
        """Whether the model is not in the middle of its thoughts."""
        return self._state is not _State.THINKING

    def feed(self, text: str) -> list[Piece]:
        """Take the next piece and return what can be told now."""
        self._held += text
        return self._read(is_end=False)

    def end(self) -> list[Piece]:
        """Return what was held back, now that nothing follows."""
        return self._read(is_end=True)

    def _read(self, *, is_end: bool) -> list[Piece]:
        while self._step(is_end=is_end):
            pass
        self._held, self._place = self._held[self._place :], 0
        pieces, self._pieces = self._pieces, []
        return pieces

    def _step(self, *, is_end: bool) -> bool:
        """Take what is held a step further; return whether another step may follow."""
        match self._state:
            case _State.OPENING:
                return self._open(is_end=is_end)
            case _State.THINKING:
                return self._close(is_end=is_end)
            case _:
                return self._say(is_end=is_end)

    def _open(self, *, is_end: bool) -> bool:
        blank = _BLANK.match(self._held, self._place)
        if blank is not None and blank.end() > self._place:
            self._blanks.append(blank[0])
            self._place = blank.end()
        empty = EMPTY.match(self._held, self._place) or ANSWER.match(self._held, self._place)
        if empty is not None:
            self._is_wrapped = self._is_wrapped or empty.re is ANSWER
            self._place, self._has_thought, self._blanks = empty.end(), True, []
            return True
        tag = OPENING.match(self._held, self._place)
        if tag is not None:
            self._state, self._closing = _State.THINKING, closing_of(tag)
            self._place, self._blanks = tag.end(), []
            return True
        rest = self._held[self._place : self._place + LONGEST]
        if not is_end and (not rest or may_become_tag(rest)):
            return False
        blanks, self._blanks = "".join(self._blanks), []
        self._state = _State.ANSWERING
        if blanks and not self._has_thought:
            self._pieces.append(Text(blanks))
            self._note(blanks)
        return True

    def _close(self, *, is_end: bool) -> bool:
        tag = self._closing.search(self._held, self._place)
        if tag is None:
            kept = 0 if is_end else LONGEST_CLOSING
            self._think(max(len(self._held) - kept, self._place))
            return False
        self._think(tag.start())
        self._place = tag.end()
        self._state, self._has_thought = _State.OPENING, True
        return True

    def _think(self, stop: int) -> None:
        if stop > self._place:
            self._pieces.append(Thought(self._held[self._place : stop]))
        self._place = stop

    def _say(self, *, is_end: bool) -> bool:
        """Tell what is held up to the next tag, and judge that; return whether another step may follow."""
        if not self._watches:
            self._tell(len(self._held))
            return False
        if self._is_within_words():  # most pieces
            words = self._held[self._place :]
            self._line, self._last = (self._line + words)[:_HEAD], words[-1:] or self._last
            self._tell(len(self._held), notes=False)
            return False
        tag = TAG.search(self._held, self._place)
        self._tell((len(self._held) if is_end else self._may_begin()) if tag is None else tag.start())
        if tag is None or not self._watches:
            return tag is not None
        if tag["lone"] is None and tag["end"] is None:
            self._watches = False
            return True
        if tag["lone"] is not None and not is_end and _MAYBE_LINE_END.match(self._held, tag.end()) is not None:
            return False
        if tag["lone"] is not None and self._is_lone(tag):
            self._void()
        elif tag["end"] is None or not self._is_wrapped:
            self._tell(tag.end())
        self._place = tag.end()
        return True

    def _is_within_words(self) -> bool:
        """Return whether what is held goes on a line that is no marker, and has nothing in it that would be noted."""
        if self._is_blank_line or self._line.startswith("="):
            return False
        return _NOTABLE.search(self._held, self._place) is None

    def _may_begin(self) -> int:
        """Return where what is held may begin to be a tag; else its end."""
        start = max(self._place, len(self._held) - LONGEST)
        places = (match.start() for match in _TAG_SIGN.finditer(self._held, start))
        return next((place for place in places if may_become_tag(self._held[place:])), len(self._held))

    def _is_lone(self, tag: re.Match[str]) -> bool:
        """Return whether a closing tag ends thoughts, and is not spoken of: in code, in quotes, within a sentence."""
        if self._in_code or self._last in _QUOTES:
            return False
        is_end = tag.end() == len(self._held) or _LINE_END.match(self._held, tag.end()) is not None
        return self._is_blank_line or is_end or _GOES_ON.match(self._held, tag.end()) is not None

    def _void(self) -> None:
        """Take all that was said so far for thoughts."""
        pieces = (Thought(piece.text) if isinstance(piece, Text) else piece for piece in self._pieces)
        self._pieces = [*pieces, TextVoided()]
        self._state, self._has_thought = _State.OPENING, True
        self._line, self._last, self._is_blank_line, self._in_code = "", "\n", True, False
        self._voids += 1
        self._watches = self._voids < _MOST_VOIDED

    def _tell(self, stop: int, *, notes: bool = True) -> None:
        """Tell what is held up to a place as the answer."""
        text = self._held[self._place : stop]
        self._place = stop
        if not text:
            return
        self._pieces.append(Text(text))
        if self._watches and notes:
            self._note(text)

    def _note(self, text: str) -> None:
        """Take note of what tells tags from text in what has been said."""
        seen = self._line + text
        self._watches = _MARKER.search(seen) is None
        newline = seen.rfind("\n")
        if newline >= 0:
            self._in_code ^= len(_FENCE.findall(seen, 0, newline)) % 2 == 1
        self._is_blank_line = (newline >= 0 or self._is_blank_line) and not text[text.rfind("\n") + 1 :].strip()
        self._line = seen[newline + 1 : newline + 1 + _HEAD]
        self._last = text[-1]
