"""The product's ids: TypeIDs, a type prefix and a UUIDv7 (https://github.com/jetify-com/typeid).

The same string is the GraphQL id, the table key, the S3 key and what a person types. Users are the exception: their id
is the identity provider's (`user_2xYZ…` from Clerk), which carries a prefix of its own.
"""

import re
from typing import Final, NewType

import uuid_utils
from typeid import TypeID
from typeid.errors import TypeIDException

UserId = NewType("UserId", str)
TeamId = NewType("TeamId", str)
ProjectId = NewType("ProjectId", str)
SchemaId = NewType("SchemaId", str)
ArchitectureId = NewType("ArchitectureId", str)
PageId = NewType("PageId", str)
GenerationId = NewType("GenerationId", str)
EnvironmentId = NewType("EnvironmentId", str)
DeploymentId = NewType("DeploymentId", str)
DomainId = NewType("DomainId", str)
PushId = NewType("PushId", str)
ApiKeyId = NewType("ApiKeyId", str)
InvitationId = NewType("InvitationId", str)
WebhookId = NewType("WebhookId", str)
DeliveryId = NewType("DeliveryId", str)
IntegrationId = NewType("IntegrationId", str)
TargetId = NewType("TargetId", str)
SessionId = NewType("SessionId", str)
ActivityId = NewType("ActivityId", str)

_NAMESPACE: Final = uuid_utils.UUID("8f0f6d9e-6a43-4b7c-9f3c-0c2d7d0f6a51")
_USER_ID: Final = re.compile(r"user_[A-Za-z0-9_.@-]{1,120}", re.ASCII)


def new_id(prefix: str) -> str:
    """Make an id of the given type; ids made later sort later."""
    return str(TypeID(prefix=prefix))


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id of the given type that these parts always have: for what must not be made twice."""
    return str(TypeID.from_uuid(uuid_utils.uuid5(_NAMESPACE, "\n".join(parts)), prefix=prefix))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - generic without a default


def prefix_of(text: str) -> str | None:
    """Return the type prefix of a well-formed id, or None where the text is not an id of ours."""
    if _USER_ID.fullmatch(text):
        return "user"
    try:
        return TypeID.from_string(text).prefix  # pyright: ignore[reportUnknownMemberType] - generic without a default
    except (TypeIDException, ValueError):
        return None
