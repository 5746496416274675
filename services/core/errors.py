"""The few kinds of failure that a service may report, each with the sentence its reader sees."""

from collections.abc import Sequence
from typing import Protocol

from services.core.frozen import frozen


class Problem(Exception):
    """Something a caller did or met. `message` is written for the person who sees it, never exception text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthenticated(Problem):
    """Nobody is signed in, or the token is not one of ours."""


class Forbidden(Problem):
    """The actor may see the object but not do this to it."""


class NotFound(Problem):
    """The object does not exist, or the actor may not know that it does."""

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(f"No {kind} with the id '{object_id}'.")


class Identified(Protocol):
    """Something with an id."""

    @property
    def id(self) -> str: ...


class Conflict(Problem):
    """The object changed meanwhile, or is in a state that rules this out.

    `current` is the object as it is now, for whom may see it: the edge asks the policy again before it shows it.
    """

    def __init__(self, message: str, *, current: Identified | None = None) -> None:
        super().__init__(message)
        self.current = current


@frozen
class Fault:
    """One thing wrong with an input: what, and the path of the field, outermost first."""

    message: str
    field: tuple[str, ...] = ()


class Invalid(Problem):
    """The input breaks a rule. Holds every fault found, not just the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(fault.message for fault in faults))
        self.faults = tuple(faults)

    @classmethod
    def one(cls, message: str, *field: str) -> "Invalid":
        return cls([Fault(message, field)])


class Limited(Problem):
    """Too many requests; trying again after `retry_after` seconds may succeed."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Exhausted(Problem):
    """A limit of the team's plan is reached; the same request may succeed once the plan or the month is another."""


class Unavailable(Problem):
    """A part we depend on does not answer; the same request may succeed later."""

    @property
    def reason(self) -> str:
        """What is wrong, for whoever runs Snapinfra; not for who asked."""
        return f"{self.message} ({self.__cause__})" if self.__cause__ else self.message
