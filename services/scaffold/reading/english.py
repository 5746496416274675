"""The classes that an English word may be of: those that the lexicon of `lemminflect` has, else what its ending says.

Only that package's list of words is read, and none of its code: `requirements/take-words` puts it into `lexicon/`.
"""

import gzip
from enum import Flag, auto
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import is_plural, singular
from services.scaffold.reading.grammar import grammar

WORDS: Final = Path(__file__).parent / "lexicon" / "english.csv.gz"


class WordClass(Flag):
    NOUN = auto()
    VERB = auto()
    ADJECTIVE = auto()
    ADVERB = auto()


_CLASSES: Final = {
    "noun": WordClass.NOUN,
    "propn": WordClass.NOUN,
    "verb": WordClass.VERB,
    "adj": WordClass.ADJECTIVE,
    "adv": WordClass.ADVERB,
}
_SHORTEST: Final = 4
_ENDINGS: Final = (
    (("ing", "ed", "ise", "ize", "ify"), WordClass.VERB),
    (("ly",), WordClass.ADVERB),
    (("able", "ible", "ful", "less", "ous", "ive", "ical", "ish"), WordClass.ADJECTIVE),
)


@frozen
class Word:
    """What a lowercase word may be; `verb` is its base form where it may be a verb."""

    classes: WordClass
    verb: str | None = None
    is_plural: bool = False
    is_known: bool = True
    """Whether the lexicon has it, and it is not guessed."""

    @property
    def is_adverb(self) -> bool:
        return self.classes is WordClass.ADVERB

    def may_be(self, word_class: WordClass) -> bool:
        return word_class in self.classes


@lru_cache(maxsize=8192)
def look_up(word: str) -> Word:
    classes, verb = _lexicon().get(word, (None, None))
    is_known = classes is not None or singular(word) in _lexicon()
    if word in grammar().nouns:
        classes = (classes or WordClass.NOUN) | WordClass.NOUN
    if classes is None:
        classes = _guess(word)
        verb = _base(word) if WordClass.VERB in classes else None
    plural = (WordClass.NOUN in classes or not word.endswith("ed")) and is_plural(word)
    if plural:
        classes |= look_up(singular(word)).classes & WordClass.NOUN
        plural = WordClass.NOUN in classes
    return Word(classes, verb, plural, is_known)


def _guess(word: str) -> WordClass:
    return next(
        (kind for endings, kind in _ENDINGS if len(word) > _SHORTEST and word.endswith(endings)), WordClass.NOUN
    )


def _base(word: str) -> str:
    return word.removesuffix("ing").removesuffix("ed")


@cache
def _lexicon() -> dict[str, tuple[WordClass, str | None]]:
    kinds = {name: word_class.value for name, word_class in _CLASSES.items()}
    classes: dict[str, int] = {}
    verbs: dict[str, str] = {}
    for line in gzip.decompress(WORDS.read_bytes()).decode().splitlines():
        form, kind, lemmas = line.split(",")
        classes[form] = classes.get(form, 0) | kinds.get(kind, 0)
        if kind == "verb":
            verbs[form] = lemmas.partition("/")[0]
    flags = [WordClass(value) for value in range(16)]
    return {form: (flags[value], verbs.get(form)) for form, value in classes.items() if value}
