export { createSnapinfra, type Options, type Snapinfra } from "./client.js";
export { type Follow, SnapinfraError } from "./following.js";
export { applyDeployment, type DeploymentState, newDeployment } from "./deployment.js";
export { applyGeneration, type GenerationState, newGeneration } from "./generation.js";
export type { DeploymentEvent, GenerationEvent, LogFilter, LogLine } from "./events.js";
export { createStore, type Shown, type Store } from "./store.js";
