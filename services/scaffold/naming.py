"""What tables are called in the words of a description, and which of them a name is about."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from services.scaffold.names import words_of
from services.scaffold.plurals import is_plural, plural, singular
from services.scaffold.vocabulary import Vocabulary, vocabulary


def table_name(words: Sequence[str]) -> str:
    """Name a table in words of either number: `coffee_shops` for `coffee shop`, `book_copies` for `copies of books`."""
    if "of" in words[1:-1]:
        at = words.index("of")
        return table_name([*(singular(word) for word in words[at + 1 :]), *words[:at]])
    return "_".join([*words[:-1], plural(singular(words[-1]))])


def is_implying(words: Sequence[str], lexicon: Vocabulary) -> bool:
    """Whether words ask for an entity and name no rows of it: `lending`, but not `lendings`."""
    return not is_plural(words[-1]) and tuple(map(singular, words)) in lexicon.implied_by


def concept_of(table: str, lexicon: Vocabulary | None = None) -> str:
    """Return the entity of the vocabulary that a table is like, by the longest ending of its name that is known.

    A table of which nothing is known is like no other: its own name is returned.
    """
    return _known_ending(table) if lexicon is None else _ending(table, lexicon)


@lru_cache(maxsize=4096)
def _known_ending(table: str) -> str:
    return _ending(table, vocabulary())


def _ending(table: str, lexicon: Vocabulary) -> str:
    words = [singular(word.lower()) for word in words_of(table)]
    endings = (lexicon.phrases.get(tuple(words[at:])) for at in range(len(words)))
    return next((name for name in endings if name is not None and name in lexicon.entities), table)


def meant_by(name: str, concepts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tables that a name is about, of those with their concepts.

    They are called so, whole or by their last word; where none is, they are like what has that name.
    """
    called = tuple(table for table in concepts if table == name or _last(table) == singular(name))
    return called or tuple(table for table, concept in concepts.items() if concept == concept_of(name))


def _last(table: str) -> str:
    return singular(table.rpartition("_")[2])
