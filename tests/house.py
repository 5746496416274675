"""The figures of the house: how its files hang together and how long they are, beside what they should be.

    python -m tests.house

Prints them, and fails where one is beyond its goal. Lengths of functions are from `def` to their last line, with their
docstring; those of files are all lines. A circle is a group of files each of which imports the others in the end.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final

import grimp

from services.core.frozen import frozen

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("cli", "graph", "infra", "resolvers", "services")
_PATCHED: Final = re.compile(r"\bmonkeypatch\b|\bMagicMock\b|\bmock\.|(?<![.\w])patch\(")


@frozen
class Figure:
    """One figure, and the most that it should be."""

    name: str
    value: int
    goal: int

    @property
    def is_good(self) -> bool:
        return self.value <= self.goal


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts]


def functions(paths: Sequence[Path]) -> Iterator[int]:
    """Yield the length of each function, in lines."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def circles(imports: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules that import each other, by what can be reached from each."""
    reached: dict[str, set[str]] = {}
    for start in imports:
        seen, waiting = set[str](), [start]
        while waiting:
            for target in imports.get(waiting.pop(), set()) - seen:
                seen.add(target)
                waiting.append(target)
        reached[start] = seen
    found: list[set[str]] = []
    for start, seen in reached.items():
        if start in seen and not any(start in group for group in found):
            found.append({other for other in seen if start in reached.get(other, set())})
    return found


def figures() -> list[Figure]:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    ours, tests = sources(*PACKAGES), sources("tests")
    lengths, sizes = list(functions(ours)), [len(path.read_text().splitlines()) for path in ours]
    of_functions, of_files = quantiles(lengths, n=20), quantiles([size for size in sizes if size], n=20)
    patches = sum(len(_PATCHED.findall(path.read_text())) for path in tests if path.name != Path(__file__).name)
    return [
        Figure("files in circles of imports", sum(map(len, circles(imports))), 0),
        Figure("lines of a function, median", round(of_functions[9]), 6),
        Figure("lines of a function, 95 of 100", round(of_functions[18]), 20),
        Figure("lines of a file, median", round(of_files[9]), 110),
        Figure("lines of a file, 95 of 100", round(of_files[18]), 280),
        Figure("lines of the longest file", max(sizes), 400),
        Figure("patches in tests", patches, 0),
    ]


def main() -> None:
    shown = figures()
    for figure in shown:
        mark = "" if figure.is_good else "  (too much)"
        sys.stdout.write(f"{figure.name:35} {figure.value:5}   goal {figure.goal}{mark}\n")
    sys.exit(0 if all(figure.is_good for figure in shown) else 1)


if __name__ == "__main__":
    main()
