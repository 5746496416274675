"""A guard: a piece of code whose removal a test must notice."""

from services.core.frozen import frozen


@frozen
class Guard:
    """`there` is replaced by `gone` in the file; then the test must fail."""

    name: str
    file: str
    there: str
    gone: str
    test: str
