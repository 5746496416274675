"""The separation of a model's thoughts from its answer, where a server leaves both in one text.

Reasoning models think first, between tags: `<think>…</think>` and its like. Only a block that leads the answer is
thoughts: a tag further on is text, such as that of a file. The templates of some models (DeepSeek-R1, Qwen3-Thinking)
have the opening tag in the prompt, so that their answers bring the closing one alone, on a line of its own.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from services.llm.port import Text, TextVoided, Thought

_NAMES: Final = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think")
_CLOSINGS: Final = {
    **{f"<{name}>": f"</{name}>" for name in _NAMES},
    "[think]": "[/think]",  # Magistral
    "◁think▷": "◁/think▷",  # Kimi
    "<|channel|>analysis<|message|>": "<|start|>assistant<|channel|>final<|message|>",  # gpt-oss
}
"""The closing tag of each opening one, in lower case."""
_LONGEST: Final = max(map(len, _CLOSINGS))
_KEPT: Final = max(map(len, _CLOSINGS.values())) - 1
"""Characters of thoughts that may be the beginning of a closing tag."""
_OPENING: Final = re.compile("|".join(map(re.escape, _CLOSINGS)), re.IGNORECASE)
_LONE: Final = ("</think>", "</thinking>", "[/think]")
"""The closing tags that come alone."""
_FENCES: Final = ("```", "~~~")
_NOTABLE: Final = re.compile(r"[\n>\]\u25b7]")
"""What a line's end, or that of a tag, has."""

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
    _closing: re.Pattern[str] = field(default=_OPENING, init=False)
    _has_thought: bool = field(default=False, init=False)
    """Whether thoughts have come: the blank space between them and the answer goes with them."""
    _watches: bool = field(default=True, init=False)
    """Whether a closing tag may come alone: not once the answer itself has spoken of an opening one."""
    _in_code: bool = field(default=False, init=False)
    _line: str = field(default="", init=False)
    """The end of what has been said of the line under way."""
    _pieces: list[Piece] = field(default_factory=list[Piece], init=False)

    @property
    def has_answer(self) -> bool:
        """Whether the model is not in the middle of its thoughts."""
        return self._state is not _State.THINKING

    def feed(self, text: str) -> list[Piece]:
        """Take the next piece and return what can be told now."""
        self._held += text
        while self._held and self._step():
            pass
        return self._take()

    def end(self) -> list[Piece]:
        """Return what was held back, now that nothing follows."""
        if self._state is _State.OPENING:
            self._answer()
            self._say()
        if self._state is _State.THINKING:
            self._think(len(self._held))
        elif self._is_lone(self._held):
            self._void(0, len(self._held))
        self._tell(len(self._held))
        return self._take()

    def _take(self) -> list[Piece]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _step(self) -> bool:
        """Take what is held a step further; return whether another step may follow."""
        match self._state:
            case _State.OPENING:
                return self._open()
            case _State.THINKING:
                return self._close()
            case _:
                return self._say()

    def _open(self) -> bool:
        start = self._held.lstrip()
        tag = _OPENING.match(start)
        if tag is not None:
            self._state = _State.THINKING
            self._closing = re.compile(re.escape(_CLOSINGS[tag[0].lower()]), re.IGNORECASE)
            self._held = start[tag.end() :]
            return True
        if len(start) < _LONGEST and any(opening.startswith(start.lower()) for opening in _CLOSINGS):
            return False
        self._answer()
        return True

    def _answer(self) -> None:
        self._state = _State.ANSWERING
        if self._has_thought:
            self._held = self._held.lstrip()

    def _close(self) -> bool:
        tag = self._closing.search(self._held)
        if tag is None:
            self._think(max(len(self._held) - _KEPT, 0))
            return False
        self._think(tag.start())
        self._held = self._held[len(tag[0]) :]
        self._state, self._has_thought = _State.OPENING, True
        return True

    def _say(self) -> bool:
        """Tell what is held line by line, as far as it can be no closing tag that stands alone."""
        if self._line and _NOTABLE.search(self._held) is None:  # most pieces: some words of a line
            self._line = (self._line + self._held)[-_LONGEST:]
            self._tell(len(self._held))
            return False
        stop = 0
        while self._watches and stop < len(self._held):
            start, newline = stop, self._held.find("\n", stop)
            stop = newline + 1 or len(self._held)
            line = self._held[start:stop]
            if not self._line:
                if not newline + 1 and _may_become(line.strip().lower()):
                    self._tell(start)
                    return False
                if self._is_lone(line):
                    self._void(start, stop)
                    return True
                self._in_code ^= line.lstrip().startswith(_FENCES)
            self._watches = _OPENING.search(self._line + line) is None
            self._line = "" if newline + 1 else (self._line + line)[-_LONGEST:]
        self._tell(len(self._held))
        return False

    def _is_lone(self, line: str) -> bool:
        is_start = self._watches and not self._in_code and not self._line
        return is_start and line.strip().lower() in _LONE

    def _void(self, start: int, stop: int) -> None:
        """Take all that was said before `start` for thoughts, and what follows `stop` for the answer."""
        self._think(start)
        self._pieces.append(TextVoided())
        self._held = self._held[stop - start :]
        self._state, self._has_thought, self._line = _State.OPENING, True, ""

    def _think(self, size: int) -> None:
        if size:
            self._pieces.append(Thought(self._held[:size]))
        self._held = self._held[size:]

    def _tell(self, size: int) -> None:
        if size:
            self._pieces.append(Text(self._held[:size]))
        self._held = self._held[size:]


def _may_become(word: str) -> bool:
    """Return whether a line that begins so may become a closing tag, or a fence."""
    return any(each.startswith(word) for each in (*_LONE, *_FENCES))
