"""How nouns change between singular and plural in Spanish, French and German, as far as their endings tell."""

import re
from typing import Final

_SAME_IN_GERMAN: Final = ("er", "el", "en")
_GERMAN_EN: Final = re.compile(r"(?:ung|heit|keit|schaft|ion|tat|ur|ei|typ)$")
_LONG: Final = 5


def plural_in(language: str, word: str) -> str:
    """Return the plural of a noun in the singular; `language` is the English name of its language."""
    match language:
        case "spanish":
            return f"{word}s" if word[-1] in "aeiou" else f"{re.sub('z$', 'c', word)}es"
        case "french":
            return (
                word
                if word[-1] in "sxz"
                else f"{word}x"
                if word.endswith("eau")
                else re.sub("al$", "au", word) + ("x" if word.endswith("al") else "s")
            )
        case _:
            return _in_german(word)


def _in_german(word: str) -> str:
    if _GERMAN_EN.search(word):
        return f"{word}en"
    if word.endswith(_SAME_IN_GERMAN):
        return word
    return f"{word}n" if word.endswith("e") else f"{word}e"


def stem_in(language: str, word: str) -> str:
    """Return what the singular and the plural of a noun have in common, which need be no word of the language."""
    match language:
        case "spanish":
            return re.sub(r"(?<=[^aeious])es$|(?<=.)s$", "", word)
        case "french":
            return re.sub(r"(?<=.)[sx]$", "", re.sub(r"(?<!e)aux$", "al", word))
        case _:
            return re.sub(r"(?:ern|en|er|eln|el|e|n|s)$", "", word) if len(word) > _LONG else word


def german_dative(word: str) -> str:
    """Return a German noun in the plural behind `mit` or `von` as it is elsewhere: `Mitgliedern` are `Mitglieder`."""
    if word.endswith(("ern", "eln")):
        return word[:-1]
    return re.sub(r"ieren$", "iere", word)
