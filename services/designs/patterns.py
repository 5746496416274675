"""Regular expressions that fields may ask for: those that JavaScript tries out in no time, whatever the text is.

JavaScript tries the ways through an expression one after another, which for `(a+)+` are more than anybody can wait for.
A pattern is followed here through all texts at once: what is known of a text so far is how many ways lead to each of
the pattern's characters, and there are finitely many such states unless the ways grow. With as few ways as are allowed,
a text takes time in proportion to its length.

Source: Weideman, van der Merwe, Berglund, Watson: Analyzing Matching Time Behavior of Backtracking Regular Expression
Matchers by Using Ambiguity of NFA (2016). The automaton is Glushkov's, with the number of ways as weights.
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

from services.core.frozen import frozen
from services.designs.characters import Characters, has, samples
from services.designs.pattern_syntax import Choice, Node, Repeated, Sequence, Unfit, read

MOST_WAYS: Final = 200
"""To go on from a place of a text."""
MOST_POSITIONS: Final = 300
"""Characters of a pattern whose counted parts are written out."""
MOST_STEPS: Final = 20_000
"""Of following a pattern, which keeps it to about ten milliseconds."""

Ways = Counter[int]
"""How many ways lead to each position."""

_REPEATS_NOTHING: Final = "repeats a part that can be nothing: leave one of the two signs out, as 'a*' for '(a*)*'."
_AMBIGUOUS: Final = (
    "can match a text in so many ways that a long one would take ages: let parts that repeat, and choices of '|', begin"
    " with different characters, as '[a-z]+(-[a-z]+)*' does."
)


@frozen
class _Part:
    """A part of an expression: the ways that it can be nothing, and those to where it begins and from where it ends."""

    empty: int
    first: Ways
    last: Ways


@frozen
class Pattern:
    """A regular expression for the whole of a text."""

    positions: tuple[Characters, ...]
    whole: _Part
    follow: dict[int, Ways]

    @staticmethod
    def read(pattern: str) -> "Pattern":
        """Read one. Raises Unfit, with the end of a sentence."""
        known = _read(pattern)
        if isinstance(known, str):
            raise Unfit(known)
        return known

    def matches(self, text: str) -> bool:
        """Tell whether the whole of a text is one."""
        here = None
        for character in text:
            ahead = self.whole.first if here is None else {after for at in here for after in self.follow.get(at, ())}
            here = {at for at in ahead if has(self.positions[at], ord(character))}
        return bool(self.whole.empty) if here is None else not self.whole.last.keys().isdisjoint(here)

    def require_few_ways(self) -> None:
        """Raise Unfit where a text can be matched in too many ways."""
        points = samples(set(self.positions))
        reached = {point: {at for at, kind in enumerate(self.positions) if has(kind, point)} for point in points}
        seen: set[frozenset[tuple[int, int]]] = set()
        waiting: list[Ways | None] = [None]
        steps = 0
        while waiting:
            here = waiting.pop()
            ahead = self._ahead(here)
            steps += len(ahead) * len(points)
            if ahead.total() + self._ends(here) > MOST_WAYS or steps > MOST_STEPS:
                raise Unfit(_AMBIGUOUS)
            for point in points:
                there = Counter({at: count for at, count in ahead.items() if at in reached[point]})
                if there and (state := frozenset(there.items())) not in seen:
                    seen.add(state)
                    waiting.append(there)

    def _ahead(self, here: Ways | None) -> Ways:
        if here is None:
            return self.whole.first
        ahead: Ways = Counter()
        for at, count in here.items():
            for after, ways in self.follow.get(at, _NOWHERE).items():
                ahead[after] += count * ways
        return ahead

    def _ends(self, here: Ways | None) -> int:
        return self.whole.empty if here is None else sum(count * self.whole.last[at] for at, count in here.items())


@lru_cache(maxsize=200)
def _read(pattern: str) -> Pattern | str:
    """Return a pattern, or why it is none: the same ones are asked for again and again."""
    try:
        builder = _Builder()
        whole = builder.part(read(pattern))
        made = Pattern(tuple(builder.positions), whole, builder.follow)
        made.require_few_ways()
    except Unfit as unfit:
        return str(unfit)
    return made


class _Builder:
    """Writes an expression out as positions, each a character of a text, and the ways from one to the next."""

    def __init__(self) -> None:
        self.positions: list[Characters] = []
        self.follow: dict[int, Ways] = {}

    def part(self, node: Node) -> _Part:
        match node:
            case Sequence(parts):
                whole = _NOTHING
                for each in parts:
                    whole = self._after(whole, self.part(each))
                return whole
            case Choice(options):
                parts = [self.part(option) for option in options]
                empty = sum(part.empty for part in parts)
                return _Part(empty, _sum(part.first for part in parts), _sum(part.last for part in parts))
            case Repeated(part, least, most):
                return self._repeated(part, least, most)
            case _:
                return self._character(node)

    def _character(self, kind: Characters) -> _Part:
        at = len(self.positions)
        if at >= MOST_POSITIONS:
            raise Unfit(f"has more than {MOST_POSITIONS} characters once its counts are written out.")
        self.positions.append(kind)
        return _Part(0, Counter({at: 1}), Counter({at: 1}))

    def _repeated(self, node: Node, least: int, most: int | None) -> _Part:
        """Write out `x{2,4}` as `xx(x(x)?)?` and `x{2,}` as `xx+`."""
        copies = [self._copy(node) for _ in range(max(least, 1) if most is None else most)]
        for before, copy in pairwise(copies):
            self._link(before.last, copy.first)
        if most is None:
            self._link(copies[-1].last, copies[-1].first)
        ends = (copy.last for copy in copies[max(least, 1) - 1 :])
        return _Part(int(least == 0), copies[0].first, _sum(ends))

    def _copy(self, node: Node) -> _Part:
        part = self.part(node)
        if part.empty:
            raise Unfit(_REPEATS_NOTHING)
        return part

    def _after(self, before: _Part, part: _Part) -> _Part:
        self._link(before.last, part.first)
        return _Part(
            _bounded(before.empty * part.empty),
            before.first + _times(part.first, before.empty),
            _times(before.last, part.empty) + part.last,
        )

    def _link(self, last: Ways, first: Ways) -> None:
        for at, count in last.items():
            after = self.follow.setdefault(at, Counter())
            for to, more in first.items():
                after[to] = _bounded(after[to] + count * more)


_NOWHERE: Final = Ways()
_NOTHING: Final = _Part(1, _NOWHERE, _NOWHERE)


def _sum(parts: Iterable[Ways]) -> Ways:
    whole = Ways()
    for ways in parts:
        whole.update(ways)
    return whole


def _times(ways: Ways, times: int) -> Ways:
    return Counter({at: _bounded(count * times) for at, count in ways.items()}) if times else Counter()


def _bounded(ways: int) -> int:
    if ways > MOST_WAYS:
        raise Unfit(_AMBIGUOUS)
    return ways
