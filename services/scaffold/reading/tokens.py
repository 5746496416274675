"""The sentences of a description as tokens: words in lowercase ASCII, numbers and punctuation."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from services.core.frozen import frozen

LONGEST_READ: Final = 20_000
"""Characters of a description that are looked at."""
_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_ABBREVIATIONS: Final = re.compile(r"\b(?:e\.g|i\.e|etc|incl|no|approx)\.", re.IGNORECASE)
_CONTRACTION: Final = re.compile(r"\b(i|it|that|who|there|what)'(?:s|m)\b", re.IGNORECASE)
_SHORT: Final = {"w/": " with ", "w/o": " without ", "+": ", ", "\u00e0": " au "}
"""What is written for words; the French `\u00e0` is not to become the verb `a`."""
_SHORTHAND: Final = re.compile(r"(?<!\S)w/o?|\s\+\s|(?<!\S)[\u00e0\u00c0](?!\S)")
_MOMENT: Final = re.compile(
    r"\b(?!(?:a|an|the|from|to|and|or|with|of)\b)([a-z]+) (before|from|until|in|out|by|on|off|up) (dates?|times?)\b",
    re.IGNORECASE,
)
"""Two words that are one before a date: `check in date`, `best before date`."""
_IDIOM: Final = re.compile(
    r"\b(?:at a glance|at the moment|at the same time|in order(?! (?:to|of|for))|in the end|in real time|in one place|"
    r"on the go|on time|by hand|and the like|so to speak|keep (?:it|things) simple|for the time being)\b",
    re.IGNORECASE,
)
"""Nouns that name nothing."""
_TRACK: Final = re.compile(r"\bkeep(s|ing)? track of\b", re.IGNORECASE)
_STATEMENT: Final = re.compile(r"\b(?:create|drop|alter)\s+table\b", re.IGNORECASE)
_BULLET: Final = re.compile(r"^\s*(?:[-*\u2022\u2013]|\d{1,3}[.)])\s+")
_TOKEN: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:['-][A-Za-z0-9]+)*'?|\d+(?:[.,]\d+)*%?|[.,;:!?()/&\u2013\u2014]|[\[\]]"
)
_ELIDED: Final = frozenset({"l", "d", "s", "n", "j", "c", "qu"})
_ENDS: Final = frozenset(".;!?")
_PARENTHESES: Final = {"[": "(", "]": ")", "\u2013": "\u2014"}


@frozen
class Token:
    word: str
    is_possessive: bool = False
    is_capital: bool = False

    @property
    def is_word(self) -> bool:
        return self.word[0].isalpha()

    @property
    def is_number(self) -> bool:
        return self.word[0].isdigit()


def sentences(description: str) -> Iterator[list[Token]]:
    """Yield the sentences; an item of a list on lines of its own is one."""
    for line in _lines(description[:LONGEST_READ]):
        tokens: list[Token] = []
        for token in _tokens(line):
            if token.word in _ENDS:
                yield from [tokens] if tokens else []
                tokens = []
            else:
                tokens.append(token)
        if tokens:
            yield tokens


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that end a sentence: those before an item or a capital, and after a full stop or a colon."""
    text = _ABBREVIATIONS.sub(" ", _TAG.sub(" . ", text)).replace(" - ", " \u2013 ")
    text = _TRACK.sub(r"record\1", _IDIOM.sub(" ", _STATEMENT.sub(" . ", text)))
    text = _MOMENT.sub(r"\1-\2 \3", text)
    text = _SHORTHAND.sub(lambda match: _SHORT[match[0].strip().lower()], text)
    open_line = ""
    for line in (line for line in text.splitlines() if line.strip()):
        is_new = _BULLET.match(line) is not None or line.lstrip()[:1].isupper() or open_line.endswith((".", ":"))
        if is_new and open_line:
            yield open_line
            open_line = ""
        open_line = f"{open_line} {_BULLET.sub('', line).strip()}".strip()
    if open_line:
        yield open_line


def _tokens(line: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(_CONTRACTION.sub(r"\1 is", folded(line))):
        written = match[0].lower()
        word: str = _PARENTHESES.get(written, written)
        is_capital = match[0][0].isupper()
        elided, _, rest = word.partition("'")
        if rest and elided in _ELIDED:
            yield Token(elided)
            yield Token(rest.replace("'", ""), is_capital=is_capital)
            continue
        stem = word.removesuffix("'s").removesuffix("'")
        yield Token(stem.replace("'", ""), is_possessive=stem != word, is_capital=is_capital)


def folded(text: str) -> str:
    """Return a text without accents, with dashes and quotes of one kind."""
    text = text.replace("\u2019", "'").replace("\u00df", "ss").replace("\u2014", "\u2013")
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def words_of(tokens: Sequence[Token]) -> list[str]:
    return [token.word for token in tokens]
