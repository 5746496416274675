"""How a description says that rows stay as they are: `immutable`, `append-only`, `deleting posts is forbidden`."""

from collections.abc import Mapping
from typing import Final

from services.core.frozen import frozen
from services.scaffold.rights.wording import LINKS, Wording
from services.scaffold.vocabulary import vocabulary

_BOTH: Final = frozenset({"update", "delete"})
UNCHANGING: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(["immutable", "unalterable", "unchangeable", "unmodifiable", "tamper-proof", "tamperproof"], _BOTH),
    **dict.fromkeys(["append-only", "insert-only", "add-only", "write-once"], _BOTH),
    **dict.fromkeys(["uneditable", "non-editable"], frozenset({"update"})),
    **dict.fromkeys(["undeletable", "non-deletable"], frozenset({"delete"})),
}
"""What nobody does to rows that a description calls so."""
_LISTS: Final = frozenset(
    ["log", "ledger", "list", "record", "register", "journal", "history", "trail", "store", "chain"]
)
_FORBIDDEN: Final = frozenset(["forbidden", "prohibited", "impossible", "disallowed", "disabled", "banned"])
_POSSIBLE: Final = frozenset(["allowed", "possible", "permitted"])
_BE: Final = frozenset(["is", "are", "be", "must", "should", "shall", "will", "strictly", "always"])
_ONCE: Final = frozenset(["once", "after", "when"])
_BEFORE_MADE: Final = frozenset(["they", "it", "are", "is", "have", "has", "been", "being", "were", "was"])
_MADE: Final = frozenset(
    [
        *("created", "written", "made", "saved", "added", "recorded", "entered", "inserted", "logged", "stored"),
        *("creation", "insertion"),
    ]
)
_EVER: Final = frozenset(["ever", "again", "afterwards", "later", "anymore", "whatsoever"])
_EVER_PAIRS: Final = frozenset([("at", "all"), ("any", "more"), ("any", "longer")])


@frozen
class Staying:
    """That nobody does something to things, which begin at a position."""

    actions: frozenset[str]
    things: int
    is_said: bool = True
    """Whether it is said before the things, and not behind them."""


def staying_at(wording: Wording, start: int) -> Staying | None:
    """Read as far as its things `an append-only log of events`, `deleting records` and `it is forbidden to delete`."""
    actions = UNCHANGING.get(wording.word(start), frozenset())
    if actions:
        is_list = wording.word(start + 1) in _LISTS and wording.word(start + 2) == "of"
        return Staying(actions, start + 3 if is_list else start + 1)
    actions, at = _gerunds(wording, start)
    if actions:
        return Staying(actions, at, is_said=False)
    after = after_forbidden(wording, start + 1) if wording.word(start) == "it" else start
    actions = vocabulary().actions.get(wording.word(after + 1), frozenset[str]())
    return Staying(actions, after + 2) if actions and after > start + 1 and wording.word(after) == "to" else None


def after_forbidden(wording: Wording, at: int) -> int:
    """Return where `is not possible` ends that begins at a position: there, if nothing such does."""
    place = wording.skip(at, _BE)
    if place == at:
        return at
    if wording.word(place) in _FORBIDDEN:
        return place + 1
    return place + 2 if wording.word(place) == "not" and wording.word(place + 1) in _POSSIBLE else at


def _gerunds(wording: Wording, at: int) -> tuple[frozenset[str], int]:
    actions, end = frozenset[str](), at
    while gerund := _meant_by_gerund(wording.word(at)):
        actions, end = actions | gerund, at + 1
        at = wording.skip(end, LINKS)
    return actions, end


def _meant_by_gerund(word: str) -> frozenset[str]:
    stem = word.removesuffix("ing")
    verbs = (stem, f"{stem}e", stem[:-1]) if stem != word else ()
    return next((vocabulary().actions[verb] for verb in verbs if verb in vocabulary().actions), frozenset[str]())


def after_ever(wording: Wording, at: int) -> int:
    """Return where it ends that something is so at all times: `ever`, `at all`, and `once created`, as every row is."""
    while (end := _after_time(wording, at)) > at:
        at = end
    return at


def _after_time(wording: Wording, at: int) -> int:
    end = wording.skip(at + 1, _BEFORE_MADE)
    if wording.word(at) in _ONCE and wording.word(end) in _MADE:
        return end + 1
    return at + 2 * (wording.words(at, 2) in _EVER_PAIRS) + (wording.word(at) in _EVER)
