"""What checking produced code promises: named checks, each with a state, and the faults in each file."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum
from typing import Final, Protocol

import msgspec

from services.core.frozen import frozen
from services.designs.schema import SchemaModel

JSON: Final = "json"
"""Every .json file parses; a tsconfig may have comments."""
SYNTAX: Final = "syntax"
"""Every TypeScript and JavaScript file parses."""
TYPES: Final = "types"
"""`tsc --noEmit` over the whole project, with its own tsconfig.json and its dependencies installed, finds nothing."""

SECURITY: Final = "security"
"""What can be seen of the code without running it keeps to the schema's policies and secrets (docs/checks.md)."""

LONGEST_OUTPUT: Final = 16_384
"""Characters."""


class CheckState(Enum):
    """How a check of produced code ended."""

    PASSED = "PASSED"
    """It found nothing wrong."""
    FAILED = "FAILED"
    """The code is at fault; the output says where."""
    SKIPPED = "SKIPPED"
    """It could not be made. The output says why: not because of the code, or because of what an earlier check found."""


class Check(msgspec.Struct, frozen=True, rename="camel"):
    """One check of produced code and how it ended. `output` is for a person: paths in it are the project's own."""

    name: str
    state: CheckState
    output: str


@frozen
class FileFault:
    """Something wrong at a place in a file. Lines and columns count from 1."""

    check: str
    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.message}"


@frozen
class Findings:
    """What all checks of a project found. Of very many faults only the first are kept."""

    checks: tuple[Check, ...] = ()
    faults: tuple[FileFault, ...] = ()

    @property
    def states(self) -> Mapping[str, CheckState]:
        """By the name of the check."""
        return {check.name: check.state for check in self.checks}

    @property
    def failed(self) -> bool:
        return CheckState.FAILED in self.states.values()

    @property
    def by_path(self) -> Mapping[str, tuple[FileFault, ...]]:
        """The faults of each file that has any. A path may be a dependency's, as in `node_modules/…`."""
        paths = dict.fromkeys(fault.path for fault in self.faults)
        return {path: tuple(fault for fault in self.faults if fault.path == path) for path in paths}

    @property
    def unparsable(self) -> frozenset[str]:
        """The paths of the files that do not parse."""
        return frozenset(fault.path for fault in self.faults if fault.check in {JSON, SYNTAX})


OnCheck = Callable[[Check], Awaitable[None]]


class Checks(Protocol):
    """What checks produced code: services/checks/service.py, or nothing where checks are switched off (`NoChecks`)."""

    async def check(self, files: Mapping[str, str], *, schema: SchemaModel, on_check: OnCheck) -> Findings:
        """Check a project, given as contents by path, that was written for a schema.

        `on_check` takes each check as it ends, in the result's order.

        Nothing of the project is executed. Whatever the files are, it ends in bounded time and does not raise; what
        cannot be done on this machine is SKIPPED. Cancelling the call stops every process that it started, at once.
        """
        ...


@frozen
class NoChecks:
    """Checks that are switched off."""

    async def check(self, files: Mapping[str, str], *, schema: SchemaModel, on_check: OnCheck) -> Findings:
        """Find nothing and report no check."""
        del files, schema, on_check
        return Findings()


def clipped(lines: Iterable[str]) -> str:
    """Join lines to an output that is not too long, with a note where some were left out."""
    text = "\n".join(lines)
    if len(text) <= LONGEST_OUTPUT:
        return text
    note = "\n… (cut here)"
    return text[: LONGEST_OUTPUT - len(note)] + note
