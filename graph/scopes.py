"""What an operation needs of whoever asks, by what it asks at its root: signing in, and of an API key which scope."""

from collections.abc import Iterator
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
)

from services.core.actor import Scope

OPEN: Final = frozenset({"__typename", "__schema", "__type"})
"""The fields that anybody may ask for. For all others one must have signed in (graph.preparing)."""

_OWN_SCOPE: Final = {"recordEvents": Scope.ANALYTICS, "exportEvents": Scope.READ}
"""Mutations that need another scope than WRITE."""


def needed_scopes(document: DocumentNode, operation_name: str | None) -> set[Scope]:
    """Return the scopes that a valid document's operation needs."""
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.MUTATION:
        return {Scope.READ}
    return {_OWN_SCOPE.get(name, Scope.WRITE) for name in root_fields(document, operation)}


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """Yield the names of an operation's own fields, also where the document is not valid."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return _fields(operation.selection_set, fragments)


def _fields(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Yield the fields of a selection. Each fragment is taken out of `fragments` and looked at once."""
    for node in selected.selections:
        match node:
            case FieldNode():
                yield node.name.value
            case InlineFragmentNode():
                yield from _fields(node.selection_set, fragments)
            case FragmentSpreadNode():
                if (fragment := fragments.pop(node.name.value, None)) is not None:
                    yield from _fields(fragment.selection_set, fragments)
            case _:
                pass
