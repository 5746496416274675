"""The form of a client's messages on a socket, which its sender must keep to (else 4400).

The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

from collections.abc import Mapping
from typing import Any, cast

from graph.http import is_persisted


def fault(message: object) -> str | None:
    """Return what is wrong with a message; None where nothing is."""
    if not isinstance(message, dict):
        return "A message must be an object"
    given = cast("dict[str, Any]", message)
    match given.get("type"):
        case "connection_init" | "ping" | "pong":
            return None if isinstance(given.get("payload"), dict | None) else "payload must be an object"
        case "complete":
            return _fault_of_id(given)
        case "subscribe":
            return _fault_of_id(given) or _fault_of_operation(given.get("payload"))
        case _:
            return "Unknown message type"


def _fault_of_id(given: dict[str, Any]) -> str | None:
    identity = given.get("id")
    return None if isinstance(identity, str) and identity else "id must be a string, and not empty"


def _fault_of_operation(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "payload must be an object"
    given = cast("dict[str, Any]", payload)
    if not isinstance(given.get("query"), str) and not is_hash_alone(given):
        return "payload.query must be a string"
    if not isinstance(given.get("operationName"), str | None):
        return "payload.operationName must be a string"
    for name in ("variables", "extensions"):
        if not isinstance(given.get(name), dict | None):
            return f"payload.{name} must be an object"
    return None


def is_hash_alone(payload: Mapping[str, Any]) -> bool:
    """Tell whether an operation has the hash of a document in place of the document."""
    extensions = payload.get("extensions")
    return not payload.get("query") and isinstance(extensions, dict) and is_persisted(extensions)  # pyright: ignore[reportUnknownArgumentType] - JSON
