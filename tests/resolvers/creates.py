"""Every mutation of the SDL that makes something, with an input for it; and those that make nothing.

An input's texts may name things of the `Ground` on which it is tried, as `{team}`. `other` is what makes it another
request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Create:
    """`thing` is the payload's field that shows what was made."""

    thing: str
    input: Mapping[str, Any]
    other: Mapping[str, Any]
    people_only: bool = field(default=False, kw_only=True)
    """Whether an API key is refused whatever it asks for."""


_NAME: Final = {"name": "Another"}
_TABLES: Final = [{"name": "t", "fields": [{"name": "id", "type": "STRING", "primaryKey": True}]}]

CREATES: Final[Mapping[str, Create]] = {
    "createProject": Create("project", {"teamId": "{team}", "name": "Shop"}, _NAME),
    "createTeam": Create("team", {"name": "Crew"}, _NAME, people_only=True),
    "inviteMember": Create(
        "invitation",
        {"teamId": "{team}", "email": "new@example.com", "role": "VIEWER"},
        {"role": "ADMIN"},
        people_only=True,
    ),
    "createApiKey": Create(
        "apiKey", {"teamId": "{team}", "name": "ci", "scopes": ["READ"]}, {"scopes": ["WRITE"]}, people_only=True
    ),
    "saveSchema": Create("schema", {"projectId": "{project}", "tables": _TABLES}, _NAME),
    "saveArchitecture": Create(
        "architecture",
        {"projectId": "{project}", "nodes": [{"id": "api", "kind": "API", "name": "Api"}]},
        {"nodes": [{"id": "api", "kind": "API", "name": "Another"}]},
    ),
    "createDocumentationPage": Create(
        "page", {"projectId": "{project}", "title": "Rules", "content": "secret"}, {"content": "another"}
    ),
    "generate": Create(
        "generation", {"projectId": "{project}", "kind": "SCHEMA", "prompt": "a shop"}, {"prompt": "a zoo"}
    ),
    "continueGeneration": Create("generation", {"generationId": "{incomplete}"}, {"generationId": "{incomplete2}"}),
    "createDeployment": Create(
        "deployment",
        {"projectId": "{project}", "generationId": "{code}", "platform": "LOCAL"},
        {"config": {"startCommand": "node other.js"}},
    ),
    "redeploy": Create("deployment", {"deploymentId": "{deployment}"}, {"deploymentId": "{deployment2}"}),
    "createIntegration": Create(
        "integration",
        {"teamId": "{team}", "type": "VERCEL", "credentials": {"token": "some-token"}},
        {"credentials": {"token": "another-token"}},
        people_only=True,
    ),
    "createWebhook": Create(
        "webhook", {"teamId": "{team}", "url": "https://example.com/a"}, {"url": "https://example.com/b"},
        people_only=True,
    ),
    "createNotificationTarget": Create(
        "target", {"teamId": "{team}", "channel": "EMAIL", "address": "{address}"}, {"address": "another@example.com"},
        people_only=True,
    ),
}  # fmt: skip

MAKE_NOTHING: Final = frozenset(
    {
        "acceptInvitation",
        "cancelDeployment",
        "cancelGeneration",
        "changeMemberRole",
        "confirmNotificationTarget",
        "deleteArchitecture",
        "deleteDeployment",
        "deleteDocumentationPage",
        "deleteGeneration",
        "deleteIntegration",
        "deleteNotificationTarget",
        "deleteProject",
        "deleteTeam",
        "deleteWebhook",
        "exportEvents",
        "leaveTeam",
        "moveProject",
        "recordEvents",
        "redeliverWebhook",
        "redriveJob",
        "removeMember",
        "renameTeam",
        "reorderDocumentation",
        "replaceIntegrationCredentials",
        "resendInvitation",
        "restoreProject",
        "revokeApiKey",
        "revokeInvitation",
        "rotateIntegrationKey",
        "rotateWebhookSecret",
        "testIntegration",
        "testWebhook",
        "transferOwnership",
        "updateArchitecture",
        "updateDocumentationPage",
        "updateIntegration",
        "updateProfile",
        "updateProject",
        "updateSettings",
        "updateTeamSettings",
        "updateWebhook",
    }
)
"""Mutations that change, take away or send. Events have ids of their own, and nothing lists the file of an export."""
