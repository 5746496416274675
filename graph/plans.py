"""Plans: how what is selected of an object is answered, worked out once for each document.

A plan does what graphql-core does for fields that only show an attribute. What it can't do it leaves to graphql-core.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLID,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Executor
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types import get_object_definition

from services.core.frozen import frozen

Render = Callable[[Any], Any]
"""Turns a value into what the answer holds in its place."""


class NoPlan(Exception):
    """This selection, or this value, is graphql-core's to do."""


@frozen
class Plan:
    """How a selection is answered: fields that show an attribute by the steps, the others by graphql-core."""

    steps: Sequence[tuple[str, Render]]
    others: Mapping[str, FieldDetailsList]
    order: Sequence[str]
    """The names of all, as they are selected."""
    nodes: Sequence[FieldNode]
    """Those of the selection: the plan is found by their identity, which is theirs as long as they are kept."""

    def shown(self, value: Any) -> dict[str, Any] | None:
        """Return what the steps answer; None where they can't."""
        try:
            return {name: render(value) for name, render in self.steps}
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core says it better, and with its path
            return None

    def whole(self, shown: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
        """Put both together, in the order of the selection."""
        both = {**shown, **others}
        return {name: both[name] for name in self.order if name in both}


def selection_plan(executor: Executor, kind: GraphQLObjectType, details: FieldDetailsList) -> Plan | None:
    """Plan what is selected of an object. None where there is no field that shows an attribute."""
    collected = executor.collect_subfields(kind, details)
    if collected.new_defer_usages:
        return None
    steps, others = list[tuple[str, Render]](), dict[str, FieldDetailsList]()
    for name, chosen in collected.grouped_field_set.items():
        field = kind.fields.get(chosen[0].node.name.value)
        if field is not None and is_composite_type(get_named_type(field.type)):
            others[name] = chosen  # long lists take their turns there
            continue
        try:
            steps.append((name, _field_plan(executor, kind, chosen)))
        except NoPlan:
            others[name] = chosen
    nodes = [detail.node for detail in details]
    return Plan(steps, others, list(collected.grouped_field_set), nodes) if steps else None


def operation_plan(executor: Executor, kind: type[Any]) -> Render:
    """Plan a subscription for events of a class. Raises NoPlan."""
    root = executor.schema.get_root_type(OperationType.SUBSCRIPTION)
    definition = get_object_definition(kind)
    if root is None or definition is None:
        raise NoPlan
    collected = collect_fields(
        executor.schema,
        executor.fragments,
        executor.variable_values,
        root,
        executor.operation,
        executor.hide_suggestions,
    )
    [(name, details)] = collected.grouped_field_set.items()
    field = root.fields[details[0].node.name.value]
    render = _object_plan(executor, _member(executor, field.type, definition.name), details)
    return lambda payload: {name: render(payload)}


def _member(executor: Executor, given: Any, name: str) -> GraphQLObjectType:
    """Return the type of that name where it is the given one or a member of the given union."""
    inner = nullable(given)
    kind = executor.schema.get_type(name)
    fits = kind is inner or (isinstance(inner, GraphQLUnionType) and kind in inner.types)
    if not isinstance(kind, GraphQLObjectType) or not fits:
        raise NoPlan
    return kind


def _object_plan(executor: Executor, kind: GraphQLObjectType, details: FieldDetailsList) -> Render:
    selected = executor.collect_subfields(kind, details).grouped_field_set
    steps = [(name, _field_plan(executor, kind, chosen)) for name, chosen in selected.items()]
    return lambda value: {name: render(value) for name, render in steps}


def _field_plan(executor: Executor, kind: GraphQLObjectType, details: FieldDetailsList) -> Render:
    """Plan a field that shows an attribute of its object as it is."""
    name = details[0].node.name.value
    if name == "__typename":
        return lambda _: kind.name
    field = kind.fields.get(name)
    if field is None or not getattr(
        field.resolve, "_is_default", False
    ):  # as Strawberry marks resolvers that only read an attribute
        raise NoPlan
    attribute: str = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name
    returned: Any = field.type
    if isinstance(returned, GraphQLNonNull) and is_leaf_type(_inner(returned)):
        return _leaf_plan(attribute, _serializer(_inner(returned)))
    complete = _completion(executor, returned, details)
    return lambda value: complete(getattr(value, attribute))


def _leaf_plan(attribute: str, serialize: Render) -> Render:
    """Do in one call what would be four: most fields are leaves that are never null."""

    def shown(value: Any) -> Any:
        serialized = serialize(getattr(value, attribute))
        if serialized is None:
            raise NoPlan
        return serialized

    return shown


def _serializer(kind: Any) -> Render:
    """Return what writes a leaf of a type. It raises, or returns None, for what is no leaf of it, as null is not."""
    written: Render = kind.coerce_output_value
    if isinstance(kind, CustomGraphQLEnumType):
        names = {member: name for member in kind.wrapped_cls if (name := written(member))}
        return names.get
    if kind in {GraphQLString, GraphQLID}:
        return lambda value: value if type(value) is str else None if value is None else written(value)
    return lambda value: None if value is None else written(value)


def _completion(executor: Executor, kind: Any, details: FieldDetailsList) -> Render:
    if isinstance(kind, GraphQLNonNull):
        return _not_null(_completion(executor, _inner(kind), details))
    if isinstance(kind, GraphQLList):
        item = _completion(executor, _inner(kind), details)
        return _or_null(lambda values: [item(value) for value in values])
    if isinstance(kind, GraphQLObjectType):
        return _or_null(_object_plan(executor, kind, details))
    if is_leaf_type(kind):
        return _or_null(_not_null(_serializer(kind)))
    raise NoPlan


def nullable(kind: Any) -> Any:
    """Return a type without what says that it is never null."""
    return _inner(kind) if isinstance(kind, GraphQLNonNull) else kind


def _inner(kind: Any) -> Any:
    """Return the type that a non-null type or a list wraps."""
    return kind.of_type


def _not_null(render: Render) -> Render:
    def checked(value: Any) -> Any:
        rendered = None if value is None else render(value)
        if rendered is None:
            raise NoPlan
        return rendered

    return checked


def _or_null(render: Render) -> Render:
    return lambda value: None if value is None else render(value)
