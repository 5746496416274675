// What the page asks by HTTP.

import { signOut, token } from "./session";

/** Why something is not done, in the words of the api. */
export class Refused extends Error {}

type Answer = { data?: Record<string, any> | null; errors?: { message: string; extensions?: { code?: string } }[] };

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Record<string, any>> {
  const answered = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token() ?? ""}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors }: Answer = await answered.json();
  if (errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED")) signOut(); // the token has ended
  if (errors?.length || !data) throw new Refused(errors?.[0]?.message ?? `The server answers with ${answered.status}.`);
  for (const payload of Object.values(data)) {
    const wrong = payload?.userErrors?.[0];
    if (wrong) throw new Refused(wrong.message);
  }
  return data;
}

export type Kind = "SCHEMA" | "ARCHITECTURE" | "CODE";
export interface Project {
  id: string;
  name: string;
  description: string;
  generations: { nodes: { id: string; kind: string; status: string; prompt: string }[] };
  latestDeployment: { id: string; status: string; generation: { id: string } | null } | null;
}

/** Create a project, once for the same `clientMutationId`. */
export async function createProject(description: string, clientMutationId: string): Promise<string> {
  const name = description.trim().split(/\s+/).slice(0, 8).join(" ").slice(0, 100);
  const made = await ask(
    `mutation Create($input: CreateProjectInput!) { createProject(input: $input) { project { id } userErrors { message } } }`,
    { input: { name, description: description.slice(0, 500), clientMutationId } },
  );
  return made.createProject.project.id;
}

export async function readProject(id: string): Promise<Project> {
  const { project } = await ask(
    `query State($id: ID!) {
      project(id: $id) {
        id name description
        generations(first: 100) { nodes { id kind status prompt } }
        latestDeployment { id status generation { id } }
      }
    }`,
    { id },
  );
  if (project === null) throw new Refused("There is no such project, or you may not see it.");
  return project;
}

export async function recentProjects(): Promise<{ id: string; name: string; status: string }[]> {
  return (await ask(`query Recent { projects(first: 10) { nodes { id name status } } }`)).projects.nodes;
}

/** Begin a generation, once for the same `clientMutationId`. */
export async function generate(projectId: string, kind: Kind, prompt: string, clientMutationId: string): Promise<string> {
  const made = await ask(
    `mutation Generate($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { message } } }`,
    { input: { projectId, kind, prompt, clientMutationId } },
  );
  return made.generate.generation.id;
}

export async function cancel(generationId: string): Promise<void> {
  await ask(
    `mutation Cancel($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { id } userErrors { message } } }`,
    { id: generationId },
  );
}

/** Return where backends can be deployed, as the schema names it; LOCAL, which needs no account, is the first. */
export async function platforms(): Promise<string[]> {
  const { __type } = await ask(`{ __type(name: "DeploymentPlatform") { enumValues { name } } }`);
  const names: string[] = __type.enumValues.map(({ name }: { name: string }) => name);
  return names.sort((one, other) => Number(other === "LOCAL") - Number(one === "LOCAL"));
}

export async function deploy(projectId: string, generationId: string, platform: string): Promise<string> {
  const made = await ask(
    `mutation Deploy($input: CreateDeploymentInput!) {
      createDeployment(input: $input) { deployment { id } userErrors { message } }
    }`,
    { input: { projectId, generationId, platform } },
  );
  return made.createDeployment.deployment.id;
}

export async function stop(deploymentId: string): Promise<void> {
  await ask(
    `mutation Stop($id: ID!) { stopDeployment(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }`,
    { id: deploymentId },
  );
}
