"""How a description says that things are other people's: `each other's posts`, `posts of others`."""

from typing import Final

from services.scaffold.plurals import singular
from services.scaffold.rights.subjects import is_person
from services.scaffold.rights.wording import Wording

_OTHERS: Final = frozenset(["other's", "others", "others'", "else"])


def of_others(wording: Wording, start: int, end: int) -> tuple[bool, int]:
    """Return whether `each other's` or a following `of others` says whose things are, and where it ends."""
    if any(wording.word(at) in _OTHERS or is_of_other(wording, at) for at in range(start, end)):
        return True, end
    if wording.words(end, 2) == ("of", "others"):
        return True, end + 2
    is_of_person = wording.word(end) == "of" and wording.word(end + 1) in {"other", "another"}
    is_of_person = is_of_person and is_person(singular(wording.word(end + 2)))
    return is_of_person, end + 3 if is_of_person else end


def is_of_other(wording: Wording, at: int) -> bool:
    """Whether it is the `users'` of `other users' posts` that stands at a position."""
    word = wording.word(at)
    is_possessive = word.endswith(("'", "'s")) and wording.word(at - 1) in {"other", "another"}
    return is_possessive and is_person(singular(word.removesuffix("s").removesuffix("'")))
