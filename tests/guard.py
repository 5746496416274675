"""A guard: a piece of code whose removal a test must notice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """`there` is replaced by `gone` in the file; then the test must fail."""

    name: str
    file: str
    there: str
    gone: str
    test: str
