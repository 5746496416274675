"""Texts that match a pattern, so that tests have values for fields with one."""

import string
from collections.abc import Iterator

from services.designs.characters import Characters, has
from services.designs.pattern_syntax import Choice, Node, Repeated, Sequence, Unfit, read
from services.designs.patterns import Pattern

DIGIT, LOWER, UPPER = "\ue000", "\ue001", "\ue002"
"""Stand in a shape where any digit, small letter or capital may be."""

_ALPHABETS = {DIGIT: string.digits, LOWER: string.ascii_lowercase, UPPER: string.ascii_uppercase}
_ENOUGH = 8
"""Places that a shape varies in, where the pattern leaves it so many."""


def shape(pattern: str, *, longest: int) -> str | None:
    """Return a text of the pattern with places that vary; None where none is known of at most `longest` characters."""
    try:
        node = read(pattern)
    except Unfit:
        return None
    for places in range(_ENOUGH, -1, -1):
        text = "".join(_letters(node, places))
        if len(text) <= longest and all(matches(pattern, fill(text, number)) for number in (0, 1, 98765)):
            return text
    return None


def matches(pattern: str, text: str) -> bool:
    """Say whether the whole of a text is of a pattern."""
    return Pattern.read(pattern).matches(text)


def fill(text: str, number: int) -> str:
    """Fill the places of a shape with a number, counted in each place by its own alphabet, the last place fastest."""
    filled: list[str] = []
    for letter in reversed(text):
        alphabet = _ALPHABETS.get(letter)
        if alphabet is None:
            filled.append(letter)
            continue
        number, digit = divmod(number, len(alphabet))
        filled.append(alphabet[digit])
    return "".join(reversed(filled))


def capacity(text: str) -> int:
    """Return how many different texts a shape has."""
    total = 1
    for letter in text:
        total *= len(_ALPHABETS.get(letter, " "))
    return total


def _letters(node: Node, places: int) -> Iterator[str]:
    match node:
        case Sequence(parts):
            for part in parts:
                yield from _letters(part, places)
        case Choice(options):
            yield from _letters(options[0], places)
        case Repeated(part, least, most):
            is_class = not isinstance(part, Sequence | Choice | Repeated)
            wanted = max(least, places) if is_class and least else least
            for _ in range(wanted if most is None else min(wanted, most)):
                yield from _letters(part, places)
        case _:
            yield _letter(node)


def _letter(characters: Characters) -> str:
    """Return the place that a set leaves, or a character of it where it leaves none."""
    for place, alphabet in _ALPHABETS.items():
        if all(has(characters, ord(letter)) for letter in alphabet):
            return place
    printable = (letter for letter in string.ascii_letters + string.digits + " -_." if has(characters, ord(letter)))
    return next(printable, chr(characters[0][0]))
