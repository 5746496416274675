// This file is the tabs that a first visit opens: the main job, then the rest, from the files in tabs/.

const operations = import.meta.glob("./tabs/*.graphql", { query: "?raw", import: "default", eager: true });
const variables = import.meta.glob("./tabs/*.json", { query: "?raw", import: "default", eager: true });

export const tabs = Object.keys(operations)
  .sort()
  .map((path) => ({
    query: operations[path].trimEnd(),
    variables: variables[path.replace(".graphql", ".json")]?.trimEnd() ?? "",
  }));
