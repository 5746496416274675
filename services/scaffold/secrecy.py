"""Which fields of a table no answer ever shows, and how they are kept."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.designs.schema import Field, FieldType, Secrecy
from services.designs.secrets import secrecy_by_name

_TEXTUAL = frozenset({FieldType.STRING, FieldType.TEXT})


def secrecy_of(fields: Iterable[Field], *, key: Field) -> Mapping[str, Secrecy]:
    """Return how each secret field is kept, by its name.

    A text that is named like a secret, in a schema from before that was refused, is kept as its name says; the primary
    key, which stands in every path, is never secret.
    """
    kept = ((field.name, field.secrecy or _named(field)) for field in fields if field.name != key.name)
    return MappingProxyType({name: secrecy for name, secrecy in kept if secrecy is not None})


def _named(field: Field) -> Secrecy | None:
    return secrecy_by_name(field.name) if field.type in _TEXTUAL else None
