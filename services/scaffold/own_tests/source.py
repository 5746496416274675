"""How values and calls are written in the TypeScript of tests: at the left margin; what they are in indents them."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any, Final, cast

from services.scaffold.literals import quoted

__all__ = [
    "TAKEN",
    "array",
    "call",
    "free",
    "function",
    "imported",
    "literal",
    "loop",
    "members",
    "quoted",
    "test",
    "uses",
]

_WIDTH = 92
"""Of what is written on one line, which leaves room for its indentation and for what stands before it."""
_LONGEST: Final = 120
_TEXT: Final = re.compile(r"'(?:[^'\\\n]|\\.)*'")


_LANGUAGE: Final = """
arguments as async await break case catch class const continue debugger default delete do else enum eval export extends
false finally for function if implements import in instanceof interface let new null of package private protected public
return static super switch this throw true try type typeof var void while with yield
"""
_OURS: Final = """
after another answer arrange assert bearer before body child childOfOther day describe everybody field first here left
link mate may moment named nobody number other outcome outsider patch person record resource role second seconds shown
signed somebody someone stranger team teamOf test text theirs there third value
"""
TAKEN: Final = frozenset(f"{_LANGUAGE} {_OURS}".split())
"""No names for tables and rows: words of the language, and what the tests use themselves."""


def free(name: str, taken: Collection[str], suffix: str) -> str:
    """Return a name as it is where that is free, else with the suffix."""
    while name in taken or name[0].isdigit():
        name = f"_{name}" if name[0].isdigit() else f"{name}{suffix}"
    return name


def literal(value: Any) -> str:
    """Write a JSON value. No schema has a member called `__proto__`, which in source would be none like others."""
    match value:
        case str():
            return quoted(value)
        case dict():
            return members({_key(name): literal(inner) for name, inner in cast("dict[str, Any]", value).items()})
        case list():
            return array(map(literal, cast("list[Any]", value)))
        case _:
            return json.dumps(value)


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else quoted(name)


def members(values: Mapping[str, str]) -> str:
    """Write an object of expressions. One that is called as its member is written once."""
    return _enclosed("{", [_member(*item) for item in values.items()], "}", space=" ")


def _member(name: str, value: str) -> str:
    return name if name == value else f"{name}: {value}"


def array(items: Iterable[str]) -> str:
    return _enclosed("[", list(items), "]")


def call(function: str, *arguments: str) -> str:
    """Write a call; a last argument of several lines stays on the line of the others."""
    *first, last = arguments or ("",)
    opening = f"{function}({''.join(f'{argument}, ' for argument in first)}"
    if "\n" not in opening and len(opening) + len(last.split("\n", maxsplit=1)[0]) <= _WIDTH + 10:
        return f"{opening}{last})"
    return _enclosed(f"{function}(", list(arguments), ")")


def test(sentence: str, code: str) -> str:
    """Write a test, within the `describe` of a file."""
    return f"  test({quoted(sentence)}, async () => {{\n{indent(code, '    ')}\n  }});\n"


def function(parameters: str, result: str) -> str:
    """Write a function of an expression; of an object, in the parentheses that make it one."""
    return f"{parameters} => ({result})" if result.startswith("{") else f"{parameters} => {result}"


def loop(names: str, items: Iterable[str], statements: str, *, constant: bool = True) -> str:
    """Write a loop over a list, whose items are pairs and the like where they are `constant`."""
    return f"for (const {names} of {array(items)}{' as const' if constant else ''}) {{\n{indent(statements, '  ')}\n}}"


def _enclosed(opening: str, items: list[str], closing: str, *, space: str = "") -> str:
    if not items:
        return f"{opening}{closing}"
    flat = f"{opening}{space}{', '.join(items)}{space}{closing}"
    if "\n" not in flat and len(flat) <= _WIDTH:
        return flat
    return f"{opening}\n{indent(''.join(f'{item},{chr(10)}' for item in items), '  ')}{closing}"


def imported(code: str, names: Sequence[str], file: str) -> Iterator[str]:
    """Yield the line that imports those of the names that code uses."""
    used = [name for name in names if uses(code, name)]
    if not used:
        return
    line = f"import {{ {', '.join(used)} }} from '{file}';"
    yield (
        line
        if len(line) <= _LONGEST
        else "import {\n" + "".join(f"  {name},\n" for name in used) + f"}} from '{file}';"
    )


def uses(code: str, name: str) -> bool:
    """Whether code uses a variable. What stands in texts, a test's title for one, is no use."""
    return re.search(rf"(?<![\w.'/]){name}[(.,)\]]", _TEXT.sub("''", code)) is not None
