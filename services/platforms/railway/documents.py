"""The GraphQL documents that Railway is asked with. All are valid by its published schema."""

import re
from collections.abc import Mapping
from typing import Final

from services.core.frozen import frozen

_NAME: Final = re.compile(r"(?:query|mutation) (\w+)")


@frozen
class Document:
    text: str
    is_repeatable: bool = True
    """Whether asking twice is like asking once. It is not for what creates something."""

    @property
    def name(self) -> str:
        """The name of its operation."""
        named = _NAME.match(self.text)
        return named.group(1) if named else ""

    def taken(self, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Return those of variables that it has."""
        return {name: value for name, value in variables.items() if f"${name}:" in self.text}

    def body(self, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Return what is sent (graphql.github.io/graphql-over-http)."""
        return {"query": self.text, "variables": variables, "operationName": self.name}


_DEPLOYMENT: Final = "id status createdAt meta canRollback projectId environmentId serviceId"
_LINES: Final = "timestamp message severity attributes { key value }"

WHO = Document("query Who { apiToken { workspaces { id name } } }")

PROJECTS = Document(
    "query Projects($workspaceId: String, $after: String) {"
    " projects(workspaceId: $workspaceId, first: 100, after: $after) {"
    " edges { node { id name } } pageInfo { hasNextPage endCursor } } }"
)
PROJECT = Document(
    "query Project($id: String!) { project(id: $id) { id primaryEnvironmentId"
    " environments(first: 20, isEphemeral: false) { edges { node { id name } } }"
    " services(first: 100) { edges { node { id name } } } } }"
)
PROJECT_CREATE = Document(
    "mutation ProjectCreate($input: ProjectCreateInput!) { projectCreate(input: $input) { id name } }",
    is_repeatable=False,
)
SERVICE_CREATE = Document(
    "mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name } }",
    is_repeatable=False,
)

VARIABLES = Document(
    "query Variables($projectId: String!, $environmentId: String!, $serviceId: String!) {"
    " variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true) }"
)
VARIABLES_UPSERT = Document(
    "mutation VariablesUpsert($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }"
)
VARIABLE_DELETE = Document("mutation VariableDelete($input: VariableDeleteInput!) { variableDelete(input: $input) }")

DOMAINS = Document(
    "query Domains($projectId: String!, $environmentId: String!, $serviceId: String!) {"
    " domains(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId) {"
    " serviceDomains { id domain } } }"
)
DOMAIN_CREATE = Document(
    "mutation DomainCreate($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { id domain } }",
    is_repeatable=False,
)

CUSTOM_DOMAINS = Document(
    "query CustomDomains($projectId: String!, $environmentId: String!, $serviceId: String!) {"
    " domains(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId) {"
    " customDomains { id domain status { verified verificationDnsHost verificationToken certificateStatus"
    " certificateErrorMessage dnsRecords { recordType fqdn zone requiredValue status } } } } }"
)
CUSTOM_DOMAIN_CREATE = Document(  # a domain is had once: a second one like it is refused
    "mutation CustomDomainCreate($input: CustomDomainCreateInput!) { customDomainCreate(input: $input) { id } }"
)
CUSTOM_DOMAIN_DELETE = Document("mutation CustomDomainDelete($id: String!) { customDomainDelete(id: $id) }")

DEPLOYMENT = Document(f"query Deployment($id: String!) {{ deployment(id: $id) {{ {_DEPLOYMENT} }} }}")
DEPLOYMENTS = Document(
    "query Deployments($input: DeploymentListInput!) {"
    f" deployments(input: $input, first: 50) {{ edges {{ node {{ {_DEPLOYMENT} }} }} }} }}"
)
EVENTS = Document(
    "query Events($id: String!) { deploymentEvents(id: $id, first: 50) {"
    " edges { node { step completedAt payload { error } } } } }"
)
_BUILD: Final = f"build: buildLogs(deploymentId: $id, limit: $limit, startDate: $build) {{ {_LINES} }}"
_RUNTIME: Final = f"runtime: deploymentLogs(deploymentId: $id, limit: $limit, startDate: $runtime) {{ {_LINES} }}"
LOOK = Document(
    "query Look($id: String!, $limit: Int!, $build: DateTime, $runtime: DateTime) {"
    f" deployment(id: $id) {{ {_DEPLOYMENT} }} {_BUILD} {_RUNTIME} }}"
)
LOOK_AT_BUILD = Document(
    "query LookAtBuild($id: String!, $limit: Int!, $build: DateTime) {"
    f" deployment(id: $id) {{ {_DEPLOYMENT} }} {_BUILD} }}"
)
LOOK_AT_RUNTIME = Document(
    "query LookAtRuntime($id: String!, $limit: Int!, $runtime: DateTime) {"
    f" deployment(id: $id) {{ {_DEPLOYMENT} }} {_RUNTIME} }}"
)
BUILD_LINES = Document(
    "query BuildLines($id: String!, $limit: Int!, $start: DateTime, $end: DateTime) {"
    f" lines: buildLogs(deploymentId: $id, limit: $limit, startDate: $start, endDate: $end) {{ {_LINES} }} }}"
)
RUNTIME_LINES = Document(
    "query RuntimeLines($id: String!, $limit: Int!, $start: DateTime, $end: DateTime) {"
    f" lines: deploymentLogs(deploymentId: $id, limit: $limit, startDate: $start, endDate: $end) {{ {_LINES} }} }}"
)

CANCEL = Document("mutation Cancel($id: String!) { deploymentCancel(id: $id) }")
REMOVE = Document("mutation Remove($id: String!) { deploymentRemove(id: $id) }")
INSTANCE_UPDATE = Document(
    "mutation InstanceUpdate($serviceId: String!, $environmentId: String!, $input: ServiceInstanceUpdateInput!) {"
    " serviceInstanceUpdate(serviceId: $serviceId, environmentId: $environmentId, input: $input) }"
)
REDEPLOY = Document(
    "mutation Redeploy($id: String!) { deploymentRedeploy(id: $id, usePreviousImageTag: true) { id } }",
    is_repeatable=False,
)
RESTART = Document("mutation Restart($id: String!) { deploymentRestart(id: $id) }")
ROLLBACK = Document("mutation Rollback($id: String!) { deploymentRollback(id: $id) }", is_repeatable=False)

ALL: Final = tuple(value for value in dict(globals()).values() if isinstance(value, Document))
