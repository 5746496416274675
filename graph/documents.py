"""Documents: bounded, parsed and validated. A valid one that came lately is neither parsed nor validated again."""

import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Source,
    TokenKind,
    parse,
    specified_rules,
)
from graphql.language.lexer import Lexer
from strawberry.schema.schema import validate_document

from graph.limits import PARSING

KEPT: Final = 256
"""Valid documents that are kept, those used last."""

MOST_KEPT: Final = 4_096
"""Characters of a document that is kept: all of them together take less than 100 MB, whoever sends what."""


MOST_DIGITS: Final = 300
"""Characters of a number: no type takes more, and Python reads at most 4,300 of them."""

_MANY_DIGITS: Final = re.compile(f"[0-9]{{{MOST_DIGITS // 3}}}")
"""In a number of more than MOST_DIGITS characters: it has three parts at most, the last an exponent."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, and where it breaks the schema's rules."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]


_kept: Final[OrderedDict[str, Checked]] = OrderedDict()


def kept(query: str) -> Checked | None:
    """Return a document that is kept."""
    if (checked := _kept.get(query)) is not None:
        with suppress(KeyError):  # another thread has just let go of it
            _kept.move_to_end(query)
    return checked


def check(schema: GraphQLSchema, query: str) -> Checked:
    """Parse a document and validate it. Raises GraphQLError for one that can't be parsed.

    Of faulty ones none is kept, so that nobody's mistakes push others' documents out.
    """
    if (checked := kept(query)) is not None:
        return checked
    document = parse(query, **PARSING)
    _check_numbers(query)
    checked = Checked(document, tuple(_clear(error) for error in validate_document(schema, document, specified_rules)))
    if not checked.errors and len(query) <= MOST_KEPT:
        _kept[query] = checked
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return checked


def _check_numbers(query: str) -> None:
    """Raise GraphQLError where a document has a number that is too long to be read."""
    if _MANY_DIGITS.search(query) is None:
        return
    source = Source(query)
    lexer = Lexer(source)
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        if token.kind in {TokenKind.INT, TokenKind.FLOAT} and token.end - token.start > MOST_DIGITS:
            raise GraphQLSyntaxError(source, token.start, f"A number has at most {MOST_DIGITS} characters.")


def _clear(error: GraphQLError) -> GraphQLError:
    """Say what graphql-core means when it gives up (graph.limits)."""
    if error.message != "Validation aborted.":
        return error
    return GraphQLError("The document asks for the same fields, or uses its fragments, too many times.")
