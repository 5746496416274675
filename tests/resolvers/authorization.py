"""The authorization matrix: for every root field of the SDL, who may use it.

An entry is an operation and a row of outcomes. The variables that an operation declares are filled in by name, with ids
of one team: `$team`, `$schema`, `$generation`, `$deployment`, `$session`, `$owner` and `$viewer` (two user ids), and
whatever MADE has (`$project`, `$webhook`). With `fresh` before its name (`$freshProject`, `$freshTeam`) a thing is
made for each attempt, also `$freshGeneration` and `$freshDeployment`: for what would take the others away.

Who is allowed must get a result without user errors, other than the codes in `told`: use those where doing it in
earnest would be slow or would change things for others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Caller(Enum):
    """Who asks. The first four are members of the team that has everything; the keys are its owner's."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"
    OTHER_TEAM = "OTHER_TEAM"
    ANONYMOUS = "ANONYMOUS"
    READ_KEY = "READ_KEY"
    WRITE_KEY = "WRITE_KEY"
    ANALYTICS_KEY = "ANALYTICS_KEY"


class Outcome(Enum):
    ALLOWED = "ALLOWED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    NULL = "NULL"
    """No error, and nothing."""
    UNAUTHENTICATED = "UNAUTHENTICATED"


Row = Mapping[Caller, Outcome]


@dataclass(frozen=True)
class Entry:
    operation: str
    outcomes: Row
    told: frozenset[str] = frozenset()
    poke: str | None = None
    """A variable whose making is told by a subscription that tells nothing of before."""


def row(**different: Outcome) -> Row:
    """Return a row in which all may, but nobody may who is not signed in, and no key whose scope is ANALYTICS."""
    usual = {
        **dict.fromkeys(Caller, Outcome.ALLOWED),
        Caller.ANONYMOUS: Outcome.UNAUTHENTICATED,
        Caller.ANALYTICS_KEY: Outcome.FORBIDDEN,
    }
    return usual | {Caller(name): outcome for name, outcome in different.items()}


NO: Final = Outcome.FORBIDDEN
_UNSEEN: Final = {"OTHER_TEAM": Outcome.NOT_FOUND}

ALL: Final = row()
"""Whoever is signed in, for their own things."""
PEOPLE: Final = row(READ_KEY=NO, WRITE_KEY=NO)
"""Whoever is signed in and no API key."""
SEE: Final = row(**_UNSEEN)
"""Members, and keys that may read."""
FIND: Final = row(OTHER_TEAM=Outcome.NULL)
"""As SEE, where what is unseen is null."""
EDIT: Final = row(**_UNSEEN, VIEWER=NO, READ_KEY=NO)
"""Members from EDITOR on, and keys that may write."""
DELETE: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, READ_KEY=NO)
"""Members from ADMIN on, and keys that may write."""
MANAGE: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, READ_KEY=NO, WRITE_KEY=NO)
"""Members from ADMIN on, themselves."""
OWN: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, ADMIN=NO, READ_KEY=NO, WRITE_KEY=NO)
"""The owner, themselves."""
MEMBERS: Final = row(**_UNSEEN, READ_KEY=NO, WRITE_KEY=NO)
"""Members, themselves."""
ADMINISTRATE: Final = row(OWNER=NO, ADMIN=NO, EDITOR=NO, VIEWER=NO, OTHER_TEAM=NO, READ_KEY=NO, WRITE_KEY=NO)
"""Nobody here: administrators of the installation."""


def told(*codes: str) -> frozenset[str]:
    return frozenset(codes)


MADE: Final[Mapping[str, tuple[str, str]]] = {
    "project": ('createProject(input: {name: "p", teamId: $team})', "project"),
    "invitation": ("inviteMember(input: {teamId: $team, email: $address})", "invitation"),
    "key": ('createApiKey(input: {teamId: $team, name: "ci", scopes: [READ]})', "apiKey"),
    "architecture": (
        'saveArchitecture(input: {projectId: $project, nodes: [{id: "api", kind: API, name: "Api"}]})',
        "architecture",
    ),
    "page": ('createDocumentationPage(input: {projectId: $project, title: "t", content: "c"})', "page"),
    "webhook": (
        'createWebhook(input: {teamId: $team, url: "http://127.0.0.1:9999", events: [WEBHOOK_DISABLED]})',
        "webhook",
    ),
    "delivery": ("testWebhook(input: {webhookId: $webhook})", "delivery"),
    "target": ("createNotificationTarget(input: {teamId: $team, channel: EMAIL, address: $address})", "target"),
    "integration": (
        (
            'createIntegration(input: {teamId: $team, type: OPENAI, credentials: {token: "sk-of-the-matrix"},'
            ' baseUrl: "http://127.0.0.1:9999/v1"})'
        ),
        "integration",
    ),
}
"""How the owner makes a thing of a kind, and where the payload has it; `$address` is an address that nobody has."""

RECORD: Final = row(
    **dict.fromkeys(("OWNER", "ADMIN", "EDITOR", "VIEWER", "OTHER_TEAM", "READ_KEY", "WRITE_KEY"), NO),
    ANALYTICS_KEY=Outcome.ALLOWED,
)
"""Keys whose scope is ANALYTICS, alone."""

ENTRIES: Final[Mapping[str, Entry]] = {
    "Query.viewer": Entry("{ viewer { id } }", ALL),
    "Query.node": Entry("query($project: ID!) { node(id: $project) { id } }", FIND),
    "Query.nodes": Entry("query($project: ID!) { nodes(ids: [$project]) { id } }", FIND),
    "Query.team": Entry("query($team: ID!) { team(id: $team) { id } }", SEE),
    "Query.project": Entry("query($project: ID!) { project(id: $project) { id } }", SEE),
    "Query.projects": Entry("query($team: ID!) { projects(filter: {teamId: $team}) { nodes { id } } }", SEE),
    "Query.deletedProjects": Entry("query($team: ID!) { deletedProjects(teamId: $team) { nodes { id } } }", DELETE),
    "Query.schema": Entry("query($schema: ID!) { schema(id: $schema) { id } }", SEE),
    "Query.generation": Entry("query($generation: ID!) { generation(id: $generation) { id downloadUrl } }", SEE),
    "Query.generations": Entry(
        "query($project: ID!) { generations(filter: {projectId: $project}) { nodes { id } } }", SEE
    ),
    "Query.deployment": Entry("query($deployment: ID!) { deployment(id: $deployment) { id } }", SEE),
    "Query.deployments": Entry(
        "query($project: ID!) { deployments(filter: {projectId: $project}) { nodes { id } } }", SEE
    ),
    "Query.deadJobs": Entry("{ deadJobs { jobId } }", ADMINISTRATE),
    "Query.queueStatus": Entry("{ queueStatus { name } }", ADMINISTRATE),
    "Team.members": Entry("query($team: ID!) { team(id: $team) { members { nodes { email } } } }", SEE),
    "Team.invitations": Entry("query($team: ID!) { team(id: $team) { invitations { nodes { id } } } }", MANAGE),
    "Team.apiKeys": Entry("query($team: ID!) { team(id: $team) { apiKeys { nodes { id } } } }", MANAGE),
    "Query.webhook": Entry("query($webhook: ID!) { webhook(id: $webhook) { id } }", MANAGE),
    "Query.webhooks": Entry("query($team: ID!) { webhooks(teamId: $team) { nodes { id } } }", MANAGE),
    "Query.notificationTargets": Entry(
        "query($team: ID!) { notificationTargets(teamId: $team) { nodes { id } } }", MANAGE
    ),
    "Query.integration": Entry("query($integration: ID!) { integration(id: $integration) { id } }", SEE),
    "Query.integrations": Entry("query($team: ID!) { integrations(filter: {teamId: $team}) { nodes { id } } }", SEE),
    "Query.metricsOverview": Entry("query($team: ID!) { metricsOverview(teamId: $team) { __typename } }", SEE),
    "Query.metricsSeries": Entry(
        "query($team: ID!) { metricsSeries(teamId: $team, metric: EVENTS, interval: DAY) { __typename } }", SEE
    ),
    "Query.events": Entry(
        "query($team: ID!) { events(teamId: $team, filter: {type: REQUEST}) { nodes { eventId } } }", SEE
    ),
    "Query.session": Entry("query($session: ID!) { session(id: $session) { id } }", SEE),
    "Query.sessions": Entry("query($team: ID!) { sessions(teamId: $team) { nodes { id } } }", SEE),
    "Query.usage": Entry("query($team: ID!) { usage(teamId: $team) { __typename } }", SEE),
    "Query.architecture": Entry("query($architecture: ID!) { architecture(id: $architecture) { id } }", SEE),
    "Query.documentationPage": Entry("query($page: ID!) { documentationPage(id: $page) { id } }", SEE),
    "Query.activity": Entry(
        "query($team: ID!) { activity(teamId: $team, filter: {entityType: PROJECT}) { nodes { id } } }", SEE
    ),
    "Query.dashboard": Entry("query($team: ID!) { dashboard(teamId: $team) { __typename } }", SEE),
    "Mutation.createProject": Entry(
        'mutation($team: ID!) { createProject(input: {name: "x", teamId: $team}) { userErrors { code } } }', EDIT
    ),
    "Mutation.updateProject": Entry(
        'mutation($project: ID!) { updateProject(input: {projectId: $project, name: "x"}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.moveProject": Entry(
        "mutation($project: ID!, $team: ID!) {"
        " moveProject(input: {projectId: $project, teamId: $team}) { userErrors { code } } }",
        DELETE,
    ),
    "Mutation.deleteProject": Entry(
        "mutation($freshProject: ID!) { deleteProject(input: {projectId: $freshProject}) { userErrors { code } } }",
        DELETE,
    ),
    "Mutation.restoreProject": Entry(
        "mutation($project: ID!) { restoreProject(input: {projectId: $project}) { userErrors { code } } }", DELETE
    ),
    "Mutation.saveSchema": Entry(
        "mutation($project: ID!) { saveSchema(input: {projectId: $project, tables: [{name: "
        '"t", fields: [{name: "id", type: STRING, primaryKey: true}]}]}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.generate": Entry(
        "mutation($project: ID!) {"
        ' generate(input: {projectId: $project, kind: SCHEMA, prompt: "Shop"}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.cancelGeneration": Entry(
        "mutation($generation: ID!) { cancelGeneration(input: {generationId: $generation}) { userErrors { code } } }",
        EDIT,
        told("CONFLICT"),
    ),
    "Mutation.deleteGeneration": Entry(
        "mutation($freshGeneration: ID!) {"
        " deleteGeneration(input: {generationId: $freshGeneration}) { userErrors { code } } }",
        DELETE,
    ),
    "Mutation.createDeployment": Entry(
        "mutation($project: ID!, $generation: ID!) { createDeployment(input: {projectId: $project,"
        " generationId: $generation, platform: LOCAL}) { userErrors { code } } }",
        EDIT,
        told("BAD_USER_INPUT"),
    ),
    "Mutation.cancelDeployment": Entry(
        "mutation($deployment: ID!) { cancelDeployment(input: {deploymentId: $deployment}) { userErrors { code } } }",
        EDIT,
        told("CONFLICT"),
    ),
    "Mutation.deleteDeployment": Entry(
        "mutation($freshDeployment: ID!) {"
        " deleteDeployment(input: {deploymentId: $freshDeployment}) { userErrors { code } } }",
        DELETE,
    ),
    "Mutation.redeploy": Entry(
        "mutation($deployment: ID!) { redeploy(input: {deploymentId: $deployment}) { userErrors { code } } }",
        EDIT,
        told("BAD_USER_INPUT"),
    ),
    "Mutation.redriveJob": Entry(
        "mutation($generation: ID!) { redriveJob(input: {generationId: $generation}) { userErrors { code } } }",
        ADMINISTRATE,
    ),
    "Mutation.updateProfile": Entry(
        'mutation { updateProfile(input: {lastName: "x"}) { userErrors { code } } }', PEOPLE
    ),
    "Mutation.createTeam": Entry('mutation { createTeam(input: {name: "x"}) { userErrors { code } } }', PEOPLE),
    "Mutation.renameTeam": Entry(
        'mutation($team: ID!) { renameTeam(input: {teamId: $team, name: "x"}) { userErrors { code } } }', MANAGE
    ),
    "Mutation.deleteTeam": Entry(
        "mutation($team: ID!) { deleteTeam(input: {teamId: $team}) { userErrors { code } } }", OWN, told("CONFLICT")
    ),
    "Mutation.transferOwnership": Entry(
        "mutation($team: ID!, $owner: ID!) {"
        " transferOwnership(input: {teamId: $team, userId: $owner}) { userErrors { code } } }",
        OWN,
    ),
    "Mutation.inviteMember": Entry(
        'mutation($team: ID!) { inviteMember(input: {teamId: $team, email: "x@example.com"}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.revokeInvitation": Entry(
        "mutation($freshInvitation: ID!) {"
        " revokeInvitation(input: {invitationId: $freshInvitation}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.resendInvitation": Entry(
        "mutation($invitation: ID!) { resendInvitation(input: {invitationId: $invitation}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.acceptInvitation": Entry(
        'mutation { acceptInvitation(input: {token: "none"}) { userErrors { code } } }', PEOPLE, told("BAD_USER_INPUT")
    ),
    "Mutation.changeMemberRole": Entry(
        "mutation($team: ID!, $viewer: ID!) {"
        " changeMemberRole(input: {teamId: $team, userId: $viewer, role: VIEWER}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.removeMember": Entry(
        'mutation($team: ID!) { removeMember(input: {teamId: $team, userId: "user_x"}) { userErrors { code } } }',
        MANAGE,
        told("BAD_USER_INPUT"),
    ),
    "Mutation.leaveTeam": Entry(
        "mutation($freshTeam: ID!) { leaveTeam(input: {teamId: $freshTeam}) { userErrors { code } } }",
        MEMBERS,
        told("CONFLICT"),
    ),
    "Mutation.createApiKey": Entry(
        "mutation($team: ID!) {"
        ' createApiKey(input: {teamId: $team, name: "x", scopes: [READ]}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.revokeApiKey": Entry(
        "mutation($freshKey: ID!) { revokeApiKey(input: {apiKeyId: $freshKey}) { userErrors { code } } }", MANAGE
    ),
    "Mutation.continueGeneration": Entry(
        "mutation($generation: ID!) { continueGeneration(input: {generationId: $generation}) { userErrors { code } } }",
        EDIT,
        told("CONFLICT", "BAD_USER_INPUT"),
    ),
    "Mutation.createWebhook": Entry(
        'mutation($team: ID!) { createWebhook(input: {teamId: $team, url: "http://127.0.0.1:9999",'
        " events: [WEBHOOK_DISABLED]}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.updateWebhook": Entry(
        "mutation($webhook: ID!) {"
        ' updateWebhook(input: {webhookId: $webhook, description: "x"}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.deleteWebhook": Entry(
        "mutation($freshWebhook: ID!) { deleteWebhook(input: {webhookId: $freshWebhook}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.rotateWebhookSecret": Entry(
        "mutation($webhook: ID!) { rotateWebhookSecret(input: {webhookId: $webhook}) { userErrors { code } } }", MANAGE
    ),
    "Mutation.testWebhook": Entry(
        "mutation($webhook: ID!) { testWebhook(input: {webhookId: $webhook}) { userErrors { code } } }", MANAGE
    ),
    "Mutation.redeliverWebhook": Entry(
        "mutation($delivery: ID!) { redeliverWebhook(input: {deliveryId: $delivery}) { userErrors { code } } }",
        MANAGE,
        told("CONFLICT"),
    ),
    "Mutation.createNotificationTarget": Entry(
        "mutation($team: ID!) { createNotificationTarget(input: {teamId: $team, channel: EMAIL,"
        ' address: "x@example.com"}) { userErrors { code } } }',
        MANAGE,
        told("CONFLICT"),
    ),
    "Mutation.confirmNotificationTarget": Entry(
        "mutation($target: ID!) {"
        ' confirmNotificationTarget(input: {targetId: $target, code: "000000"}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.deleteNotificationTarget": Entry(
        "mutation($freshTarget: ID!) {"
        " deleteNotificationTarget(input: {targetId: $freshTarget}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.createIntegration": Entry(
        "mutation($team: ID!) { createIntegration(input: {teamId: $team, type: GITHUB,"
        ' credentials: {token: "ghp_of_the_matrix"}}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.updateIntegration": Entry(
        "mutation($integration: ID!) {"
        ' updateIntegration(input: {integrationId: $integration, name: "x"}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.replaceIntegrationCredentials": Entry(
        "mutation($integration: ID!) { replaceIntegrationCredentials(input: {integrationId: $integration,"
        ' credentials: {token: "sk-another-one"}}) { userErrors { code } } }',
        MANAGE,
    ),
    "Mutation.rotateIntegrationKey": Entry(
        "mutation($integration: ID!) {"
        " rotateIntegrationKey(input: {integrationId: $integration}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.testIntegration": Entry(
        "mutation($integration: ID!) { testIntegration(input: {integrationId: $integration}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.deleteIntegration": Entry(
        "mutation($freshIntegration: ID!) {"
        " deleteIntegration(input: {integrationId: $freshIntegration}) { userErrors { code } } }",
        MANAGE,
    ),
    "Mutation.recordEvents": Entry("mutation { recordEvents(input: {events: [{}]}) { userErrors { code } } }", RECORD),
    "Mutation.exportEvents": Entry(
        "mutation($team: ID!) {"
        " exportEvents(input: {teamId: $team, filter: {type: REQUEST}}) { userErrors { code } } }",
        SEE,
    ),
    "Mutation.saveArchitecture": Entry(
        "mutation($project: ID!) { saveArchitecture(input: {projectId: $project,"
        ' nodes: [{id: "api", kind: API, name: "Api"}]}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.updateArchitecture": Entry(
        "mutation($architecture: ID!) { updateArchitecture(input: {architectureId: $architecture,"
        ' nodes: [{id: "api", kind: API, name: "Api"}]}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.deleteArchitecture": Entry(
        "mutation($freshArchitecture: ID!) {"
        " deleteArchitecture(input: {architectureId: $freshArchitecture}) { userErrors { code } } }",
        EDIT,
    ),
    "Mutation.createDocumentationPage": Entry(
        "mutation($project: ID!) { createDocumentationPage(input: {projectId: $project,"
        ' title: "t", content: "c"}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.updateDocumentationPage": Entry(
        'mutation($page: ID!) { updateDocumentationPage(input: {pageId: $page, title: "x"}) { userErrors { code } } }',
        EDIT,
    ),
    "Mutation.deleteDocumentationPage": Entry(
        "mutation($freshPage: ID!) { deleteDocumentationPage(input: {pageId: $freshPage}) { userErrors { code } } }",
        EDIT,
    ),
    "Mutation.reorderDocumentation": Entry(
        "mutation($project: ID!) {"
        " reorderDocumentation(input: {projectId: $project, pageIds: []}) { userErrors { code } } }",
        EDIT,
        told("BAD_USER_INPUT", "CONFLICT"),
    ),
    "Mutation.updateSettings": Entry(
        "mutation { updateSettings(input: {theme: DARK}) { userErrors { code } } }", PEOPLE
    ),
    "Mutation.updateTeamSettings": Entry(
        "mutation($team: ID!) { updateTeamSettings(input: {teamId: $team}) { userErrors { code } } }", MANAGE
    ),
    "Subscription.activityFeed": Entry(
        "subscription($team: ID!) { activityFeed(teamId: $team) { __typename } }", SEE, poke="freshProject"
    ),
    "Subscription.projectEvents": Entry(
        "subscription($project: ID!) { projectEvents(projectId: $project) { __typename } }", SEE
    ),
    "Subscription.metrics": Entry("subscription($team: ID!) { metrics(teamId: $team) { __typename } }", SEE),
    "Subscription.generationEvents": Entry(
        "subscription($generation: ID!) { generationEvents(id: $generation) { __typename } }", SEE
    ),
    "Subscription.deploymentEvents": Entry(
        "subscription($deployment: ID!) { deploymentEvents(id: $deployment) { __typename } }", SEE
    ),
}
