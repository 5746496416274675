r"""How a pattern is read: a part of ECMA-262's regular expressions with the flag `u`, which mean the same everywhere.

It has characters, `.`, sets, `\d`, `\w`, `\s`, `\p{L}` and other general categories, groups, `|` and repetitions.
"""

import re
from typing import Final

from services.core.frozen import frozen
from services.core.text import is_storable
from services.designs import characters
from services.designs.bounds import MAX_PATTERN
from services.designs.characters import Characters

MAX_NESTED: Final = 20


class Unfit(Exception):
    """A pattern is no pattern of ours. The message is the end of a sentence that says why."""


@frozen
class Sequence:
    parts: "tuple[Node, ...]"


@frozen
class Choice:
    options: "tuple[Node, ...]"


@frozen
class Repeated:
    part: "Node"
    least: int
    most: int | None
    """None means any number."""


Node = Characters | Sequence | Choice | Repeated

_ESCAPED: Final = frozenset("^$\\.*+?()[]{}|/")
_CONTROLS: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_CLASSES: Final = {"d": characters.DIGITS, "w": characters.WORD, "s": characters.SPACE}
_CODE: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{0*([0-9A-Fa-f]{1,6})\}")
_CATEGORY: Final = re.compile(r"p\{([A-Za-z]{1,2})\}", re.IGNORECASE)
_COUNT: Final = re.compile(r"\{([0-9]{1,4})(,?)([0-9]{0,4})\}")


def read(pattern: str) -> Node:
    """Read a pattern; `^` at its start and `$` at its end say what holds anyway. Raises Unfit."""
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise Unfit(f"has 1 to {MAX_PATTERN} characters.")
    if not is_storable(pattern):
        raise Unfit("has NUL or half of a surrogate pair.")
    return _Reader(pattern).whole()


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.level = 0

    def whole(self) -> Node:
        begins = self.text.startswith("^")
        self.at = int(begins)
        node = self.choice()
        ends = self.text.startswith("$", self.at)
        self.at += int(ends)
        if self.at < len(self.text):
            raise Unfit(f"has '{self.text[self.at]}' at character {self.at + 1}, {self._why()}.")
        if isinstance(node, Choice) and (begins or ends):
            raise Unfit("is for the whole text anyway: leave out '^' and '$', which belong to one choice of '|' only.")
        return node

    def _why(self) -> str:
        match self.text[self.at]:
            case ")":
                return "which closes no group"
            case "^" | "$":
                return "but a pattern is always for the whole text: leave it out, or write it with '\\' before it"
            case _:
                return "which repeats nothing, or needs '\\' before it"

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.text.startswith("|", self.at):
            self.at += 1
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)^$*+?{}]":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, part: Node) -> Node:
        match self.text[self.at : self.at + 1]:
            case "*":
                least, most, end = 0, None, self.at + 1
            case "+":
                least, most, end = 1, None, self.at + 1
            case "?":
                least, most, end = 0, 1, self.at + 1
            case "{":
                least, most, end = self._count()
            case _:
                return part
        self.at = end + int(self.text.startswith("?", end))
        return Repeated(part, least, most)

    def _count(self) -> tuple[int, int | None, int]:
        counted = _COUNT.match(self.text, self.at)
        if counted is None:
            raise Unfit(
                f"has '{{' at character {self.at + 1}, which needs '\\' before it unless it counts, as '{{2,5}}'."
            )
        least = int(counted[1])
        most = int(counted[3]) if counted[3] else None if counted[2] else least
        if most is not None and not least <= most > 0:
            raise Unfit(f"repeats '{counted[0]}' times, which is never or the wrong way round.")
        return least, most, counted.end()

    def atom(self) -> Node:
        character = self.text[self.at]
        self.at += 1
        match character:
            case ".":
                return characters.all_but(characters.BREAKS)
            case "(":
                return self._group()
            case "[":
                return self._set()
            case "\\":
                return self._escape("")
            case _:
                return characters.of((ord(character), ord(character)))

    def _group(self) -> Node:
        opened = self.at
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self.text.startswith("?", self.at):
            raise Unfit(f"has '(?' at character {opened}: of groups there are '(…)' and '(?:…)' only.")
        self.level += 1
        if self.level > MAX_NESTED:
            raise Unfit(f"nests groups more than {MAX_NESTED} deep.")
        inner = self.choice()
        self.level -= 1
        if not self.text.startswith(")", self.at):
            raise Unfit(f"opens a group at character {opened} that is not closed with ')'.")
        self.at += 1
        return inner

    def _set(self) -> Characters:
        opened = self.at
        negated = self.text.startswith("^", self.at)
        self.at += int(negated)
        ranges: list[tuple[int, int]] = []
        while not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise Unfit(f"opens a set at character {opened} that is not closed with ']'.")
            first = self._member()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                ranges.append(self._range(first, self._member() if self.at < len(self.text) else ()))
            else:
                ranges += first
        self.at += 1
        chosen = characters.of(*ranges)
        found = characters.all_but(chosen) if negated else chosen
        if not ranges or not found:
            raise Unfit(f"has a set at character {opened} that no character is in, or that every one is in.")
        return found

    def _range(self, first: Characters, last: Characters) -> tuple[int, int]:
        ends = [end for (end, other) in (*first, *last) if end == other]
        if len(first) != 1 or len(last) != 1 or len(ends) != 2 or ends[0] > ends[1]:  # noqa: PLR2004 - from and to
            raise Unfit(
                f"has a range before character {self.at + 1} that does not go from one character up to another."
            )
        return ends[0], ends[1]

    def _member(self) -> Characters:
        character = self.text[self.at]
        self.at += 1
        return self._escape("-") if character == "\\" else characters.of((ord(character), ord(character)))

    def _escape(self, more: str) -> Characters:
        name = self.text[self.at : self.at + 1]
        if code := _CODE.match(self.text, self.at):
            point = int(code[1] or code[2] or code[3], 16)
            if point > characters.LAST or 0xD800 <= point <= 0xDFFF:  # noqa: PLR2004 - surrogates
                raise Unfit(f"has '\\{code[0]}', which is no character.")
            self.at = code.end()
            return characters.of((point, point))
        if kind := _CATEGORY.match(self.text, self.at):
            self.at = kind.end()
            if chosen := characters.category(kind[1]):
                return characters.all_but(chosen) if name == "P" else chosen
        elif name and (name in _ESCAPED or name in more):
            self.at += 1
            return characters.of((ord(name), ord(name)))
        elif name in _CONTROLS:
            self.at += 1
            return characters.of((_CONTROLS[name], _CONTROLS[name]))
        elif name.lower() in _CLASSES:
            self.at += 1
            chosen = _CLASSES[name.lower()]
            return characters.all_but(chosen) if name.isupper() else chosen
        raise Unfit(
            f"has '\\{name}', which is none of \\d, \\w, \\s, \\p{{L}} and other general categories, a character's"
            " code, or one that means something else without '\\'."
        )
