"""Documents: bounded, parsed and validated. A valid one that came lately is neither parsed nor validated again."""

import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import field
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    ParallelVisitor,
    Source,
    TokenKind,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    parse,
    specified_rules,
    visit,
)
from graphql.language import Lexer
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.codes import RequestCode
from graph.encoding import MOST_DIGITS
from graph.limits import PARSING
from services.core.frozen import frozen

RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""GraphQL's, and those of Strawberry for what GraphQL does not know."""

MOST_DOCUMENTS: Final = 256
"""Valid documents that are kept, those used last."""

MOST_ERRORS: Final = 20
"""Of a document, that are looked for: finding where each is takes its time."""

LONGEST_KEPT: Final = 4_096
"""Characters of a document that is kept: all of them together take less than 100 MB, whoever sends what."""

MOST_OPERATIONS: Final = 8
"""Operations of a document of which something is kept: clients send one, or a few."""

LONGEST_PLANNED: Final = 1_500
"""Characters of a document whose plans are kept with it: the longest that we ship has 1,400."""

_MANY_DIGITS: Final = re.compile(f"[0-9]{{{MOST_DIGITS // 3}}}")
"""In a number of more than MOST_DIGITS characters: it has three parts at most, the last an exponent."""


@frozen
class Checked:
    """A document, and where it breaks the schema's rules."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    plans: dict[Any, Any] | None
    """What was worked out of its selections (graph.rendering). None where a directive decides, or it may be much."""
    chosen: dict[str | None, Any] = field(default_factory=dict[str | None, Any])
    """Its operations, by the names that they were asked for by (graph.preparing)."""
    weighed: dict[str | None, Any] = field(default_factory=dict[str | None, Any])
    """What they weigh, whatever their variables are."""


_kept: Final[OrderedDict[str, Checked]] = OrderedDict()


def kept(query: str) -> Checked | None:
    """Return a document that is kept."""
    if (checked := _kept.get(query)) is not None:
        with suppress(KeyError):  # another thread has just let go of it
            _kept.move_to_end(query)
    return checked


def read(query: str) -> DocumentNode:
    """Parse a document. Raises GraphQLError for one that can't be parsed.

    Its tokens let go of each other, for nobody needs their order any more: thousands in a cycle would wait for the
    garbage collector, which then keeps everybody waiting.
    """
    document = parse(query, **PARSING)
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
    return document


def check(schema: GraphQLSchema, query: str) -> Checked:
    """Parse a document and validate it. Raises GraphQLError for one that can't be parsed.

    Of faulty ones none is kept, so that nobody's mistakes push others' documents out.
    """
    if (checked := kept(query)) is not None:
        return checked
    document = read(query)
    _check_numbers(query)
    is_planned = len(query) <= LONGEST_PLANNED and "@" not in query
    checked = Checked(document, tuple(_validated(schema, document)), {} if is_planned else None)
    if not checked.errors and len(query) <= LONGEST_KEPT:
        _kept[query] = checked
        if len(_kept) > MOST_DOCUMENTS:
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


def _validated(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Do as graphql-core's `validate` does, and then take apart what did it.

    Each of its visitors refers to itself, and all of them to the document and its parts: thousands in cycles, as above.
    """
    errors, types = list[GraphQLError](), TypeInfo(schema)

    def note(error: GraphQLError) -> None:
        if len(errors) == MOST_ERRORS:
            raise ValidationAbortedError(f"There are more mistakes than these {MOST_ERRORS}.")
        errors.append(error)

    context = ValidationContext(schema, document, types, note)
    rules = [rule(context) for rule in RULES]
    together = ParallelVisitor(rules)
    visitor = TypeInfoVisitor(types, together)
    try:
        visit(document, visitor)
    except ValidationAbortedError as more:
        errors.append(GraphQLError(more.message))
    except RecursionError:  # also of a rule that gives up (graph.limits)
        errors.append(GraphQLError("The document asks for the same fields, or uses its fragments, too many times."))
    for part in (*rules, together, visitor):
        vars(part).clear()
    for error in errors:
        error.extensions = {"code": RequestCode.GRAPHQL_VALIDATION_FAILED}  # here, where its locations are known
    return errors
