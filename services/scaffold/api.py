"""How a description says that clients speak to the backend: by REST, by GraphQL, or by both."""

import re
from collections.abc import Iterator
from typing import Final

from services.designs.schema import Api

_NEGATIONS: Final = r"no|not|never|without|instead\s+of|rather\s+than|avoid|don't\s+(?:use|want|need)"
_NOT: Final = rf"(?P<not>\b(?:{_NEGATIONS})\s+(?:an?\s+|any\s+)?)?"
_KIND: Final = r"(?:\s+(?:apis?|backend|back-end|endpoints?|server|service|interface|layer|gateway|support|access))"
_AND: Final = r"\s*(?:and|or|&|\+|/|,)\s*(?:an?\s+)?"
_GRAPHQL: Final = re.compile(
    rf"{_NOT}(?P<about>\b(?:about|on|of|learn|learning|teach|teaches|teaching|share|study)\s+)?\bgraphql\b{_KIND}?"
    r"(?!\s+(?:articles?|books?|conferences?|courses?|developers?|jobs?|lessons?|meetups?|posts?|questions?|snippets?|"
    r"talks?|tutorials?|workshops?)\b)",
    re.IGNORECASE,
)
_REST: Final = re.compile(
    rf"{_NOT}(?:\b(?-i:REST)\b|\brestful\b|\brest{_KIND}|\brest{_AND}graphql\b|\bgraphql{_KIND}?{_AND}rest\b)",
    re.IGNORECASE,
)


def read_api(description: str) -> Api:
    """Return what a description asks for. What it says nothing of is REST."""
    if not graphql_asked(description):
        return Api.REST
    return Api.BOTH if any(_asked(_REST, description)) else Api.GRAPHQL


def graphql_asked(text: str) -> list[str]:
    """Return where a text asks for GraphQL, in its words; not where it is what the rows are about."""
    return [match[0].strip() for match in _asked(_GRAPHQL, text) if match["about"] is None]


def _asked(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (match for match in pattern.finditer(text) if match["not"] is None)
