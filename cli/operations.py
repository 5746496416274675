"""The GraphQL operations of the main job."""

from typing import Final

CREATE: Final = """
mutation Create($name: String!, $description: String!) {
  createProject(input: {name: $name, description: $description}) { project { id } userErrors { message } }
}"""

STATE: Final = """
query State($id: ID!) {
  project(id: $id) {
    description
    generations(first: 100) { nodes { id kind status prompt } }
    latestDeployment { id status generation { id } }
  }
}"""

CODE: Final = """
query Code($id: ID!) {
  generation(id: $id) { id number kind status downloadUrl files { path sha256 } project { id name } }
}"""

ACCOUNTS: Final = """
query Accounts($id: ID!) {
  generation(id: $id) { files { path } schema { accounts { login role } } }
}"""

GENERATE: Final = """
mutation Generate($projectId: ID!, $kind: GenerationKind!, $prompt: String) {
  generate(input: {projectId: $projectId, kind: $kind, prompt: $prompt}) {
    generation { id } userErrors { message }
  }
}"""

SCHEMA: Final = """
query Schema($id: ID!) {
  project(id: $id) {
    schema {
      id
      version
      tables {
        name
        fields {
          name type nullable primaryKey unique defaultValue access secrecy formerNames
          rules { format values minimum maximum minLength maxLength pattern scale caseInsensitive }
        }
        indexes { name fields unique }
        policy { ...Rights }
      }
      relationships { fromTable toTable type onDelete field through }
      defaultPolicy { ...Rights }
      accounts { table login password role signUp }
      teams { table memberships user team role ownerRole }
      api
    }
  }
}
fragment Rights on Policy {
  create { ...Who } read { ...Who } update { ...Who } delete { ...Who } owner team inheritedFrom
}
fragment Who on Grant { audience roles when { field equals } }"""

SAVE_SCHEMA: Final = """
mutation SaveSchema($input: SaveSchemaInput!, $before: ID!) {
  saveSchema(input: $input) {
    schema { version diff(from: $before) { kind path obstacle } } userErrors { message }
  }
}"""

GENERATION_EVENTS: Final = """
subscription Watch($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on AttemptStarted { attempt provider model leftOut }
    ... on TokenDelta { text }
    ... on FileStarted { path }
    ... on FileCompleted { path bytes }
    ... on FileDiscarded { path discardReason }
    ... on CheckFinished { name checkState output }
    ... on AttemptFailed { message willRetry }
    ... on GenerationFinished {
      status message
      generation {
        schema { version tables { name fields { name } } } files { path } usage { outputTokens }
        notFollowed { text reason }
      }
    }
  }
}"""

DEPLOY: Final = """
mutation Deploy($input: CreateDeploymentInput!) {
  createDeployment(input: $input) { deployment { id } userErrors { message } }
}"""

ENVIRONMENTS: Final = """
query Environments($id: ID!) {
  project(id: $id) { environments(first: 100) { nodes { id name kind platform variables { name } } } }
}"""

PROJECT_OF_ENVIRONMENT: Final = """
query Environment($id: ID!) { environment(id: $id) { project { id } variables { name } } }"""

CREATE_ENVIRONMENT: Final = """
mutation CreateEnvironment($input: CreateEnvironmentInput!) {
  createEnvironment(input: $input) { environment { id } userErrors { message } }
}"""

SET_VARIABLES: Final = """
mutation SetVariables($id: ID!, $variables: [VariableInput!]!) {
  setVariables(input: {environmentId: $id, variables: $variables}) { userErrors { message } }
}"""

DELETE_VARIABLES: Final = """
mutation DeleteVariables($id: ID!, $names: [String!]!) {
  deleteVariables(input: {environmentId: $id, names: $names}) { userErrors { message } }
}"""

REDEPLOY: Final = """
mutation Redeploy($id: ID!) {
  redeploy(input: {deploymentId: $id}) { deployment { id } userErrors { message } }
}"""

RESTART: Final = """
mutation Restart($id: ID!) {
  restartDeployment(input: {deploymentId: $id}) { deployment { id } userErrors { message } }
}"""

STOP: Final = """
mutation Stop($id: ID!) {
  stopDeployment(input: {deploymentId: $id}) { deployment { id } userErrors { message } }
}"""

ROLL_BACK: Final = """
mutation RollBack($deploymentId: ID!, $toDeploymentId: ID!) {
  rollbackDeployment(input: {deploymentId: $deploymentId, toDeploymentId: $toDeploymentId}) {
    deployment { id } userErrors { message }
  }
}"""

PUSH: Final = """
mutation Push($generationId: ID!, $repository: String, $branch: String, $message: String) {
  pushToGitHub(
    input: {generationId: $generationId, repository: $repository, branch: $branch, message: $message}
  ) {
    push { repository branch commitUrl hasChanges isMerged pullRequestUrl files { path outcome } }
    userErrors { message }
  }
}"""

ADD_DOMAIN: Final = """
mutation AddDomain($deploymentId: ID!, $name: String!) {
  addDomain(input: {deploymentId: $deploymentId, name: $name}) {
    domain { id name state certificate records { type name value } message } userErrors { message }
  }
}"""

CHECK_DOMAIN: Final = """
mutation CheckDomain($id: ID!) {
  checkDomain(input: {domainId: $id}) {
    domain { id name state certificate records { type name value } message } userErrors { message }
  }
}"""

INTEGRATIONS: Final = """
query Integrations($type: IntegrationType) {
  integrations(first: 50, filter: {type: $type}) {
    nodes { id type name hint enabled testState testMessage project { name } }
  }
}"""

CONNECT: Final = """
mutation Connect($type: IntegrationType!, $credentials: CredentialsInput!) {
  createIntegration(input: {type: $type, credentials: $credentials}) {
    integration { id hint } userErrors { message }
  }
}"""

TEST: Final = """
mutation Test($id: ID!) {
  testIntegration(input: {integrationId: $id}) { integration { testState testMessage } userErrors { message } }
}"""

DISCONNECT: Final = """
mutation Disconnect($id: ID!) {
  deleteIntegration(input: {integrationId: $id}) { deletedIntegrationId userErrors { message } }
}"""

TARGETS: Final = """
query Targets { deploymentTargets { platform missingIntegrations } }"""

DEPLOYMENT_EVENTS: Final = """
subscription Watch($id: ID!, $after: String) {
  deploymentEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on DeploymentStatusChanged { status url }
    ... on StepChanged { step state }
    ... on LogLines { lines { timestamp level stream message } }
    ... on DeploymentFinished { status message }
  }
}"""

LOGS: Final = """
query Logs($id: ID!, $after: String) {
  deployment(id: $id) {
    logs(first: 100, after: $after) {
      nodes { timestamp level stream message } pageInfo { hasNextPage endCursor }
    }
  }
}"""
