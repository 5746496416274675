"""Frozen values: how their classes are declared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)


@overload
def frozen(cls: C, /) -> C: ...
@overload
def frozen(*, kw_only: bool = False, eq: bool = True) -> Callable[[C], C]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type | None = None, /, *, kw_only: bool = False, eq: bool = True) -> Any:
    """Make a class a dataclass that is frozen and has slots: so are all values, and all services."""
    declare: Any = dataclass(frozen=True, slots=True, kw_only=kw_only, eq=eq)
    return declare if cls is None else declare(cls)
