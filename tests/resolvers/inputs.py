"""For every field of every input of the SDL, how it is shown that it changes something: nothing is taken and ignored.

`VALUES` has calls of mutations, and for fields of their inputs another value by which the answer becomes another. What
names a thing is `named`: an id of nothing makes it NOT_FOUND. The rest is shown by a test of its own, in `SHOWN`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Values:
    """An input that works, with `{kind}` for ids, and by the path of a field another value for it."""

    input: Mapping[str, Any]
    others: Mapping[str, Any]
    shows: str = ""
    """What to select besides what the payload's object has itself."""


_KEY: Final = {"name": "id", "type": "STRING", "primaryKey": True}
_USERS: Final = {"name": "users", "fields": [_KEY, {"name": "age", "type": "INTEGER"}], "indexes": []}
_POSTS: Final = {
    "name": "posts",
    "fields": [_KEY, {"name": "userId", "type": "STRING", "nullable": True, "unique": True}],
    "indexes": [{"name": "by_user", "fields": ["userId"]}],
}
_LINK: Final = {"fromTable": "users", "toTable": "posts", "type": "ONE_TO_MANY", "onDelete": "CASCADE"}
_NODES: Final = [{"id": "api", "kind": "API", "name": "Api"}, {"id": "db", "kind": "TABLE", "name": "Db"}]
_EDGES: Final = [{"from": "api", "to": "db", "label": "reads"}]
_DIAGRAM: Final = {
    "nodes": _NODES[:1],
    "edges": [],
    "nodes.0.id": "web",
    "nodes.0.kind": "QUEUE",
    "nodes.0.name": "Other",
    "nodes.0.description": "what it does",
    "edges.0.from": "nobody",
    "edges.0.to": "nobody",
    "edges.0.label": "writes",
}
_SHOWN: Final = "architecture { nodes { id kind name description } edges { from to label } }"

VALUES: Final[Mapping[str, Values]] = {
    "createProject": Values({"name": "A", "description": "a"}, {"name": "B", "description": "b"}),
    "updateProject": Values({"projectId": "{project}"}, {"name": "B", "description": "b", "expectedVersion": 999}),
    "createTeam": Values({"name": "A"}, {"name": "B"}),
    "renameTeam": Values({"teamId": "{team}", "name": "A"}, {"name": "B", "expectedVersion": 999}),
    "createApiKey": Values(
        {"name": "A", "scopes": ["READ"]},
        {"name": "B", "scopes": ["WRITE"], "expiresAt": "2099-01-01T00:00:00Z"},
    ),
    "inviteMember": Values(
        {"teamId": "{team}", "email": "a@example.com"}, {"email": "b@example.com", "role": "VIEWER"}
    ),
    "saveSchema": Values(
        {"projectId": "{project}", "tables": [_USERS, _POSTS], "relationships": [_LINK]},
        {
            "name": "Called",
            "expectedVersion": 999,
            "tables": [_USERS],
            "relationships": [],
            "tables.0.name": "people",
            "tables.0.fields": [_KEY],
            "tables.0.indexes": [{"name": "by_age", "fields": ["age"]}],
            "tables.0.fields.1.name": "years",
            "tables.0.fields.1.type": "FLOAT",
            "tables.0.fields.1.nullable": True,
            "tables.0.fields.1.primaryKey": True,
            "tables.0.fields.1.unique": True,
            "tables.0.fields.1.defaultValue": 5,
            "tables.1.indexes.0.name": "other",
            "tables.1.indexes.0.fields": ["userId", "id"],
            "tables.1.indexes.0.unique": True,
            "relationships.0.fromTable": "posts",
            "relationships.0.toTable": "users",
            "relationships.0.type": "ONE_TO_ONE",
            "relationships.0.onDelete": "SET_NULL",
        },
        "schema { tables { name fields { name type nullable primaryKey unique defaultValue }"
        " indexes { name fields unique } } relationships { fromTable toTable type onDelete } }",
    ),
    "saveArchitecture": Values({"projectId": "{project}", "nodes": _NODES, "edges": _EDGES}, _DIAGRAM, _SHOWN),
    "updateArchitecture": Values(
        {"architectureId": "{architecture}", "nodes": _NODES, "edges": _EDGES}, _DIAGRAM, _SHOWN
    ),
    "createDocumentationPage": Values(
        {"projectId": "{project}", "title": "A", "content": "a"}, {"title": "B", "content": "b", "category": "c"}
    ),
    "updateDocumentationPage": Values(
        {"pageId": "{page}", "title": "A", "content": "a", "category": "c"},
        {"title": "B", "content": "b", "category": "d", "expectedVersion": 999},
    ),
    "updateSettings": Values(
        {"theme": "LIGHT", "timezone": "UTC", "notifyOn": []},
        {
            "theme": "DARK",
            "timezone": "Europe/Berlin",
            "notifyOn": ["DEPLOYMENT_LIVE"],
            "expectedVersion": 999,
        },
    ),
    "updateTeamSettings": Values(
        {"teamId": "{team}"}, {"defaultPlatform": "LOCAL", "defaultModel": "scaffold-1", "expectedVersion": 999}
    ),
    "updateProfile": Values(
        {"username": "a", "firstName": "a", "lastName": "a"},
        {"username": "b", "firstName": "b", "lastName": "b", "expectedVersion": 999},
    ),
    "createWebhook": Values(
        {"url": "http://127.0.0.1:9999/a"},
        {"url": "http://127.0.0.1:9999/b", "events": ["WEBHOOK_DISABLED"], "description": "b"},
    ),
    "updateWebhook": Values(
        {"webhookId": "{webhook}"},
        {
            "url": "http://127.0.0.1:9999/b",
            "events": ["GENERATION_FINISHED"],
            "description": "b",
            "enabled": False,
            "expectedVersion": 999,
        },
    ),
    "createIntegration": Values(
        {"type": "OPENAI", "credentials": {"token": "sk-some-token-1111"}, "baseUrl": "http://127.0.0.1:9999/v1"},
        {
            "type": "GITHUB",
            "credentials": {"token": "sk-some-token-2222"},
            "credentials.token": "sk-some-token-3333",
            "name": "B",
            "baseUrl": "http://127.0.0.1:9999/v2",
        },
    ),
    "updateIntegration": Values(
        {"integrationId": "{integration}"}, {"name": "B", "enabled": False, "expectedVersion": 999}
    ),
    "replaceIntegrationCredentials": Values(
        {"integrationId": "{integration}", "credentials": {"token": "sk-some-token-1111"}},
        {"credentials": {"token": "sk-some-token-2222"}, "baseUrl": "http://127.0.0.1:9999/v3"},
    ),
    "generate": Values(
        {"projectId": "{project}", "kind": "SCHEMA", "prompt": "a", "options": {}},
        {
            "kind": "CHAT",
            "prompt": "b",
            "options": {"model": "no-such-model"},
            "options.model": "no-such-model",
        },
    ),
}

_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "resolvers/test_invitations.py::test_an_accepted_invitation_makes_a_member_and_is_gone": (
        "AcceptInvitationInput.token",
    ),
    "resolvers/test_activity.py::test_who_did_what_to_which_object_is_noted_once_each": ("ActivityFilter.projectId",),
    "resolvers/test_activity.py::test_a_user_is_only_seen_in_ones_own_team": ("ActivityFilter.userId",),
    "graph/test_webhooks.py::test_what_a_deleted_account_owned_passes_to_the_highest_member_or_goes_with_it": (
        "ActivityFilter.entityType",
    ),
    "resolvers/test_inputs.py::test_each_part_of_an_access_key_is_kept": (
        "AwsCredentialsInput.accessKeyId",
        "AwsCredentialsInput.secretAccessKey",
        "AwsCredentialsInput.sessionToken",
    ),
    "resolvers/test_integrations.py::test_exactly_one_form_of_credentials_is_taken": ("CredentialsInput.aws",),
    "resolvers/test_integrations.py::test_integrations_can_be_listed_by_service": ("IntegrationFilter.type",),
    "resolvers/test_inputs.py::test_integrations_are_those_of_the_team": ("IntegrationFilter.teamId",),
    "resolvers/test_inputs.py::test_a_line_is_shown_that_has_all_that_is_asked_for": ("LogFilter.levels",),
    "resolvers/test_teams.py::test_a_changed_role_holds_at_once": ("ChangeMemberRoleInput.role",),
    "resolvers/test_teams.py::test_a_moved_project_is_seen_by_its_new_team_only": ("ProjectFilter.teamId",),
    "resolvers/test_projects.py::test_projects_can_be_filtered_by_status": ("ProjectFilter.status",),
    "resolvers/test_conflicts.py": ("MoveProjectInput.expectedVersion", "UpdateArchitectureInput.expectedVersion"),
    "resolvers/test_deployments.py::test_a_deployment_ends_in_a_url_that_answers": (
        "CreateDeploymentInput.config",
        "CreateDeploymentInput.platform",
        "DeploymentConfigInput.environmentVariables",
        "EnvironmentVariableInput.name",
        "EnvironmentVariableInput.value",
    ),
    "resolvers/test_deployments.py::test_a_build_that_fails_says_why_and_leaves_what_runs_alone": (
        "DeploymentConfigInput.buildCommand",
    ),
    "resolvers/test_deployments.py::test_deployments_can_be_listed_by_environment_and_status": (
        "DeploymentFilter.environment",
        "DeploymentFilter.projectId",
        "DeploymentFilter.status",
    ),
    "resolvers/test_deployments.py::test_log_lines_can_be_filtered": (
        "LogFilter.contains",
        "LogFilter.streams",
    ),
    "resolvers/test_notification_targets.py": (
        "CreateNotificationTargetInput.address",
        "CreateNotificationTargetInput.channel",
        "CreateNotificationTargetInput.events",
    ),
    "services/notifications/test_confirmations.py::test_a_wrong_code_confirms_nothing_and_after_five_none_is_right": (
        "ConfirmNotificationTargetInput.code",
    ),
    "resolvers/test_analytics.py::test_sessions_are_found_by_time_user_agent_and_project": (
        "SessionFilter.agentId",
        "SessionFilter.userId",
    ),
    "resolvers/test_documentation.py::test_pages_are_found_by_category_and_by_part_of_their_title_in_order": (
        "DocumentationFilter.category",
        "DocumentationFilter.title",
    ),
    "resolvers/test_documentation.py::test_pages_are_put_into_another_order": ("ReorderDocumentationInput.pageIds",),
    "services/analytics/test_events.py::test_events_are_those_of_a_project_a_type_or_a_user_newest_first": (
        "EventFilter.projectId",
        "EventFilter.type",
        "EventFilter.userId",
    ),
    "resolvers/test_analytics.py::test_events_between_two_times_are_listed_exported_and_summed_up_by_agent": (
        "ExportEventsInput.filter",
        "ExportEventsInput.range",
        "MetricsFilter.agentId",
        "TimeRange.start",
        "TimeRange.end",
    ),
    "services/analytics/test_parts.py::test_events_count_for_their_agent_and_their_environment": (
        "MetricsFilter.environment",
    ),
    "resolvers/test_analytics.py::test_each_event_of_a_batch_is_answered_for": ("RecordEventsInput.events",),
    "resolvers/test_generations.py::test_generations_can_be_listed_by_project_kind_and_status": (
        "GenerationFilter.kind",
        "GenerationFilter.projectId",
        "GenerationFilter.status",
    ),
    "resolvers/test_schemas.py::test_versions_are_found_by_their_name_newest_first": ("SchemaFilter.name",),
    "resolvers/test_usage.py::test_a_range_holds_its_first_and_its_last_day_and_no_other": (
        "UsageRange.from",
        "UsageRange.to",
    ),
    "resolvers/test_admin.py": ("RedriveJobInput.generationId",),
    "services/llm/test_parameters.py": (
        "GenerationOptions.maxTokens",
        "GenerationOptions.temperature",
        "GenerationOptions.topP",
    ),
    "services/platforms/test_local.py": ("DeploymentConfigInput.startCommand",),
}  # fmt: skip

SHOWN: Final[Mapping[str, str]] = {field: test for test, fields in _OF.items() for field in fields}
"""By the field, the test or the file that shows what it does."""
