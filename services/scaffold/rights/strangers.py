"""How a description says that strangers read something: a public list of it, or reading it without an account."""

from typing import Final

from services.scaffold.naming import concept_of
from services.scaffold.rights.wording import Wording
from services.scaffold.vocabulary import Access, vocabulary

_LISTS: Final = frozenset(
    [
        *("catalogue", "catalog", "directory", "list", "index", "registry", "register", "collection", "archive"),
        *("feed", "gallery", "api", "database", "website", "site", "service", "rest", "json", "graphql", "http"),
        *("read-only", "readonly"),
    ]
)
_NO_ACCOUNT: Final = frozenset(
    [
        *("signing", "signed", "sign", "logging", "logged", "log", "login", "registering", "register", "registration"),
        *("authentication", "authenticating", "account", "accounts", "password", "signup", "in", "up", "on", "first"),
        *("a", "an", "any", "the", "having", "being", "need", "to"),
    ]
)
_PERSONS: Final = frozenset({Access.PERSONAL, Access.REQUEST, Access.ORDER, Access.RECORD, Access.INTERNAL})


def after_no_account(wording: Wording, at: int) -> int:
    """Return where `without having to log in` ends that begins at a position: there, if nothing such does."""
    end = wording.skip(at + 1, _NO_ACCOUNT)
    return end if wording.word(at) == "without" and end > at + 1 else at


def listed(wording: Wording, start: int) -> int | None:
    """Return where it begins what is on a public list: behind `public catalogue of` and `public REST API for`."""
    at = wording.skip(start + 1, _LISTS)
    is_list = wording.word(start) == "public" and at > start + 1 and wording.word(at) in {"of", "for"}
    return at + 1 if is_list else None


def is_somebodys(table: str) -> bool:
    """Whether rows are people, or what is a person's, so that a list of them is not read by all the world."""
    entity = vocabulary().entities.get(concept_of(table))
    return entity is not None and (entity.has("email") or entity.access in _PERSONS)
