// Reads with Vercel's own SDK what a server answers: node vercel-sdk.mjs URL TOKEN TEAM PROJECT DEPLOYMENT
import { Vercel } from '@vercel/sdk';

const [serverURL, bearerToken, teamId, idOrName, idOrUrl] = process.argv.slice(2);
const vercel = new Vercel({ bearerToken, serverURL });
const reads = {
  getAuthUser: () => vercel.user.getAuthUser(),
  getDeployment: () => vercel.deployments.getDeployment({ idOrUrl, teamId }),
  getDeployments: () => vercel.deployments.getDeployments({ projectId: idOrName, teamId }),
  getDeploymentEvents: () => vercel.deployments.getDeploymentEvents({ idOrUrl, teamId, builds: 1 }),
  getProject: () => vercel.projects.getProject({ idOrName, teamId }),
  getProjectDomains: () => vercel.projects.getProjectDomains({ idOrName, teamId }),
  filterProjectEnvs: () => vercel.projects.filterProjectEnvs({ idOrName, teamId }),
  createProjectEnv: () => vercel.projects.createProjectEnv({ idOrName, teamId, upsert: 'true', requestBody: [{ key: 'K', value: 'v', type: 'sensitive', target: ['production'], comment: 'c' }] }),
  requestRollback: () => vercel.projects.requestRollback({ projectId: idOrName, deploymentId: idOrUrl, teamId }),
  deleteDeployment: () => vercel.deployments.deleteDeployment({ id: idOrUrl, teamId }),
};
const answers = {};
for (const [name, read] of Object.entries(reads)) {
  try {
    answers[name] = { value: await read() };
  } catch (error) {
    answers[name] = { error: error.pretty?.() ?? String(error) };
  }
}
process.stdout.write(JSON.stringify(answers));
