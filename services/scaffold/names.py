"""How names of a schema become names in TypeScript, paths, URLs and CloudFormation, each unique."""

import re
from collections.abc import Callable

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.template import stems

_LONGEST = 60

_RESERVED_TYPES = re.compile(
    "Array|Boolean|Buffer|Database|Date|Error|Function|JSON|Map|Number|Object|Promise|Record|Router|Set|String|Symbol|Table"
)
"""Globals of TypeScript, and what the files of a table import."""
_RESERVED_FILES = re.compile(
    "|".join(sorted(stems("src/models") | stems("src/routes") | stems("src/validation")))
    + "|con|prn|aux|nul|(com|lpt)[1-9]"
)
"""Files that stand beside those of a table, and what Windows does not accept."""
_RESERVED_ROUTES = re.compile("auth|graphql|health|live|ready")


@frozen
class TableNames:
    """What a table is called in the places where it appears."""

    file: str
    """The stem of its files; unique even where case does not count."""
    route: str
    type: str
    """The TypeScript interface of its records."""
    variable: str
    """Begins the names of its constants, as `users` in `usersTable`."""
    resource: str
    """Its logical id in CloudFormation."""


def name_tables(tables: list[str]) -> dict[str, TableNames]:
    """Name every table, in order; on a clash the later one gets a number."""
    files = _unique(tables, lambda name: _unreserved(_short(name).lower(), _RESERVED_FILES, "_table"))
    routes = _unique(tables, lambda name: _unreserved(name, _RESERVED_ROUTES, "_records"), ignore_case=False)
    types = _unique(tables, lambda name: _unreserved(_singular_pascal(_short(name)), _RESERVED_TYPES, "Row"))
    variables = _unique(tables, lambda name: camel(_short(name)))
    resources = _unique(tables, lambda name: f"{pascal(_short(name))}Table")
    return {
        name: TableNames(
            file=files[name], route=routes[name], type=types[name], variable=variables[name], resource=resources[name]
        )
        for name in tables
    }


def slug(text: str) -> str:
    """Return text as lowercase ASCII letters, digits and hyphens: `backend` when none are left."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return "-".join(words)[:40].strip("-") or "backend"


def _unique(names: list[str], make: Callable[[str], str], *, ignore_case: bool = True) -> dict[str, str]:
    taken: set[str] = set()
    names_of: dict[str, str] = {}
    for name in names:
        base = candidate = make(name)
        number = 1
        while (candidate.lower() if ignore_case else candidate) in taken:
            number += 1
            candidate = f"{base}{number}"
        taken.add(candidate.lower() if ignore_case else candidate)
        names_of[name] = candidate
    return names_of


def _unreserved(name: str, reserved: re.Pattern[str], suffix: str) -> str:
    return f"{name}{suffix}" if reserved.fullmatch(name) else name


def _short(name: str) -> str:
    return name[:_LONGEST]


def words_of(name: str) -> list[str]:
    """Split a name in camelCase, PascalCase or snake_case."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)


def pascal(name: str) -> str:
    """Return a name's words without what is between them, each with a capital."""
    return "".join(word[0].upper() + word[1:] for word in words_of(name))


def _singular_pascal(name: str) -> str:
    *first, last = words_of(name)
    return pascal("_".join([*first, singular(last.lower())]))


def camel(name: str) -> str:
    """Return the same with a small letter first."""
    words = pascal(name)
    return words[0].lower() + words[1:]


def reference_to(table: str) -> str:
    """Return what a field is called that refers to a table: `userId` to `users`."""
    first, *rest = singular(table).split("_")
    return "".join([first, *(word.capitalize() for word in rest), "Id"])
