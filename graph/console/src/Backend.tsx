// A backend that comes into being: schema, architecture, code and a deployment, one after the other, as they are made.

import { useEffect, useRef, useState } from "react";
import { deploy, generate, type Kind, platforms, type Project, readProject, Refused } from "./api";
import { Deployment } from "./Deployment";
import { Generation } from "./Generation";

const KINDS: Kind[] = ["SCHEMA", "ARCHITECTURE", "CODE"];
const RUNS = new Set(["PENDING", "BUILDING", "DEPLOYING", "SUCCESS"]);

type Ids = Partial<Record<Kind | "DEPLOYMENT", string>>;

export function Backend({ id }: { id: string }) {
  const [project, setProject] = useState<Project | null>(null);
  const [ids, setIds] = useState<Ids>({});
  const [isCoded, setCoded] = useState(false);
  const [isStopped, setStopped] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const begun = useRef(new Set<string>()); // strict mode runs effects twice, and each of these is made once
  const made = useRef<Partial<Record<Kind, number>>>({}); // how many of each kind this page has begun

  const make = async (name: Kind | "DEPLOYMENT", work: () => Promise<string>) => {
    if (begun.current.has(name)) return;
    begun.current.add(name);
    setWrong(null);
    try {
      const id = await work();
      setIds((before) => ({ ...before, [name]: id }));
    } catch (error) {
      begun.current.delete(name);
      setWrong(error instanceof Refused ? error.message : "The server can't be reached: reload the page to go on.");
    }
  };

  /** Begin the next generation of a kind: once, also where the project is open in several tabs. */
  const start = (kind: Kind, of: Project) =>
    make(kind, async () => {
      const earlier = of.generations.nodes.filter((generation) => generation.kind === kind).length + (made.current[kind] ?? 0);
      const generation = await generate(of.id, kind, promptOf(of), `console ${of.id} ${kind} ${earlier}`);
      made.current[kind] = (made.current[kind] ?? 0) + 1;
      return generation;
    });
  const again = (kind: Kind, of: Project) => {
    begun.current.delete(kind);
    void start(kind, of);
  };
  const run = (code: string, where: string) => {
    if (isStopped) begun.current.delete("DEPLOYMENT");
    setStopped(false);
    return make("DEPLOYMENT", () => deploy(id, code, where));
  };

  useEffect(() => {
    let isShown = true;
    readProject(id).then(
      (read) => {
        if (!isShown) return;
        const found = there(read);
        for (const name of Object.keys(found)) begun.current.add(name);
        setIds(found);
        setProject(read);
        if (found.SCHEMA === undefined) void start("SCHEMA", read);
      },
      (error: Error) => isShown && setWrong(error.message),
    );
    return () => {
      isShown = false;
    };
  }, [id]);

  if (project === null) return <p aria-live="polite">{wrong ?? "Loading…"}</p>;
  return (
    <>
      <h1>{project.name}</h1>
      {wrong && <p role="alert">{wrong}</p>}
      {KINDS.map((kind, number) => {
        const generation = ids[kind];
        const next = KINDS[number + 1];
        return (
          generation && (
            <Generation
              key={generation}
              id={generation}
              kind={kind}
              completed={() => (next ? void start(next, project) : setCoded(true))}
              again={() => again(kind, project)}
            />
          )
        );
      })}
      {ids.DEPLOYMENT && <Deployment key={ids.DEPLOYMENT} id={ids.DEPLOYMENT} over={() => setStopped(true)} />}
      {isCoded && ids.CODE && (!ids.DEPLOYMENT || isStopped) && <Run run={(where) => run(ids.CODE!, where)} />}
    </>
  );
}

function Run({ run }: { run: (where: string) => Promise<void> }) {
  const [isBusy, setBusy] = useState(false);
  const [all, setAll] = useState(["LOCAL"]);
  const [where, setWhere] = useState("LOCAL");
  useEffect(() => void platforms().then(setAll, () => undefined), []);
  const begin = async () => {
    setBusy(true);
    await run(where);
    setBusy(false);
  };
  return (
    <form className="run" onSubmit={(event) => (event.preventDefault(), void begin())}>
      <button disabled={isBusy}>Run it</button>
      <label htmlFor="where">on</label>
      <select id="where" value={where} onChange={(event) => setWhere(event.target.value)}>
        {all.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </form>
  );
}

function promptOf(project: Project): string {
  return project.generations.nodes.find(({ kind }) => kind === "SCHEMA")?.prompt || project.description;
}

/** Return what there is of a project already: of each kind the newest, whatever came of it, and what runs. */
function there(project: Project): Ids {
  const found: Ids = {};
  for (const kind of KINDS) {
    const newest = project.generations.nodes.find((generation) => generation.kind === kind);
    if (newest) found[kind] = newest.id;
  }
  const { latestDeployment } = project;
  if (latestDeployment && RUNS.has(latestDeployment.status)) found.DEPLOYMENT = latestDeployment.id;
  return found;
}
