"""How long lists may be: those that are sent, and those that are answered.

Every list says it beside its type: `tables: Annotated[list[TableInput], AtMost(50)]`, and where the length follows from
the arguments of the field, `-> Annotated[list[Node | None], AsLongAs(number_of_ids)]`. A connection's `first` needs
nothing. A list that says nothing keeps the schema from being built (graph.lengths).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from services.core.frozen import frozen

SHOWN: Final = 100
"""How much is shown of a list that has no limit of its own."""


@frozen
class AtMost:
    """The most items of a list. Its description says it.

    What is sent is counted before any of it is looked at. What is selected of the items of an answer counts so many
    times (graph.limits), or `weighs` times: for a list that shares a limit with others, as columns do, of which the
    tables of a schema have at most a thousand together.
    """

    items: int
    weighs: int | None = None

    @property
    def sentence(self) -> str:
        return f"At most {self.items:,}."

    def length(self, arguments: Mapping[str, Any]) -> int:
        """Return how often what is selected of an item counts."""
        del arguments
        return self.items if self.weighs is None else self.weighs


@frozen
class AsLongAs:
    """The length of an answered list, by the arguments of its field as they were sent, be they valid or not."""

    by: Callable[[Mapping[str, Any]], int]

    def length(self, arguments: Mapping[str, Any]) -> int:
        return self.by(arguments)


Length = AtMost | AsLongAs


def length_in(annotation: object) -> Length | None:
    """Return what an annotation says of a list's length."""
    if isinstance(annotation, Length):
        return annotation
    parts = (*get_args(annotation), *getattr(annotation, "__metadata__", ()))
    return next(filter(None, map(length_in, parts)), None)
