"""The phrases of a sentence by position, and what a position leads to."""

from collections.abc import Collection, Sequence
from typing import Final

from services.core.frozen import frozen
from services.scaffold.reading.phrases import Kind, Phrase

FINITE: Final = frozenset({Kind.VERB, Kind.BE})
JOINTS: Final = frozenset({Kind.COMMA, Kind.CONJUNCTION})
_LONGEST_CHAIN: Final = 6
"""Noun phrases that are each of the next."""
_NOTHING: Final = Phrase(Kind.END, "")


@frozen
class Line:
    """Beyond either end there are phrases of the kind END."""

    phrases: Sequence[Phrase]

    def __len__(self) -> int:
        return len(self.phrases)

    def at(self, at: int) -> Phrase:
        return self.phrases[at] if 0 <= at < len(self.phrases) else _NOTHING

    def kind(self, at: int) -> Kind:
        return self.at(at).kind

    def word(self, at: int) -> str:
        return self.at(at).word

    def is_noun(self, at: int) -> bool:
        return self.kind(at) is Kind.NOUN

    def nouns(self, start: int) -> list[Phrase]:
        return [phrase for phrase in self.phrases[start:] if phrase.kind is Kind.NOUN]

    def nouns_outside_parentheses(self, start: int) -> list[Phrase]:
        depth, nouns = 0, list[Phrase]()
        for phrase in self.phrases[start:]:
            depth += (phrase.kind is Kind.OPEN) - (phrase.kind is Kind.CLOSE)
            nouns += [phrase] if phrase.kind is Kind.NOUN and depth == 0 else []
        return nouns

    def has(self, kinds: Collection[Kind], *, start: int = 0, end: int | None = None) -> bool:
        return any(phrase.kind in kinds for phrase in self.phrases[start:end])

    def find(self, kind: Kind, start: int = 0) -> int | None:
        places = (at for at in range(start, len(self.phrases)) if self.phrases[at].kind is kind)
        return next(places, None)

    def skip(self, at: int, kinds: Collection[Kind]) -> int:
        while self.kind(at) in kinds:
            at += 1
        return at

    def after_nouns(self, at: int) -> int:
        """Return the position after a noun phrase and all that it is of, in, for."""
        at += 1
        for _ in range(_LONGEST_CHAIN):
            behind = at + (self.kind(at) is Kind.PASSIVE)
            if self.kind(behind) is not Kind.PREPOSITION or not self.is_noun(behind + 1):
                break
            at = behind + 2
        return at

    def begins_clause(self, at: int) -> bool:
        """Return whether a noun phrase has a verb, behind no more than what it is of."""
        place = self.after_nouns(at)
        if at == 0 or self.kind(at - 1) is Kind.COLON:
            place = max(place, self.after_list(at))
        return self.kind(place) in FINITE

    def after_list(self, at: int) -> int:
        """Return the position behind noun phrases that are listed: `records, receipts and reminders`."""
        at += 1
        while self.kind(self.skip(at, JOINTS)) is Kind.NOUN and self.kind(at) in JOINTS:
            at = self.skip(at, JOINTS) + 1
        return at
