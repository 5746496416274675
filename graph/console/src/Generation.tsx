// A generation as it is made: tables as cards, code as files, anything else as its text.

import { useEffect, useState } from "react";
import type { GenerationState } from "snapinfra-client";
import { useGeneration } from "snapinfra-client/react";
import { cancel, type Kind } from "./api";
import { tablesIn } from "./partial";
import { snapinfra } from "./session";

const TITLES: Record<Kind, string> = { SCHEMA: "Schema", ARCHITECTURE: "Architecture", CODE: "Code" };

interface Props {
  id: string;
  kind: Kind;
  completed: () => void;
  /** Begin another one in its place. */
  again: () => void;
}

export function Generation({ id, kind, completed, again }: Props) {
  const { state, error, isOver } = useGeneration(snapinfra, id);
  const isCompleted = state.status === "COMPLETED";
  useEffect(() => {
    if (isCompleted) completed();
  }, [isCompleted]);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {TITLES[kind]} <small role="status">{told(state, error)}</small>
        {!isOver && (
          <button className="quiet" onClick={() => void cancel(id).catch(() => undefined)}>
            Cancel
          </button>
        )}
        {state.status !== null && !isCompleted && (
          <button className="quiet" onClick={again}>
            Try again
          </button>
        )}
      </h2>
      {kind === "SCHEMA" && <Tables text={state.text} />}
      {kind === "ARCHITECTURE" && <Text text={state.text} />}
      {kind === "CODE" && <Files state={state} />}
      {state.message && state.message !== `The generation is ${state.status}.` && <p>{state.message}</p>}
      {state.failure && !state.status && <p>{state.failure}: trying again.</p>}
    </section>
  );
}

function told({ status, attempt, files, writing }: GenerationState, error: Error | null): string {
  if (error) return error.message;
  if (status !== null) return status.toLowerCase();
  if (attempt === null) return "waiting for its turn";
  const made = files.size + writing.size;
  return `${attempt.provider} writes${made ? `, ${files.size} of ${made} files` : ""}…`;
}

function Tables({ text }: { text: string }) {
  return (
    <div className="cards">
      {tablesIn(text).map((table) => (
        <article key={table.name} className="card">
          <h3>{table.name}</h3>
          <ul>
            {table.fields?.map(
              (field) =>
                field?.name && (
                  <li key={field.name}>
                    {field.name} <small>{String(field.type ?? "").toLowerCase()}</small>
                  </li>
                ),
            )}
          </ul>
        </article>
      ))}
    </div>
  );
}

function Text({ text }: { text: string }) {
  if (!text) return null;
  return (
    <details>
      <summary>As it is written</summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

function Files({ state }: { state: GenerationState }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const current = [...state.writing.keys()].at(-1) ?? [...state.files.keys()].at(-1) ?? null;
  const shown = chosen ?? (state.status === null ? current : state.files.has("README.md") ? "README.md" : current);
  if (shown === null) return null;
  const paths = [...new Set([...state.files.keys(), ...state.writing.keys()])].sort();
  return (
    <div className="files">
      <nav aria-label="Files">
        <ul>
          {paths.map((path) => (
            <li key={path}>
              <button className="quiet" aria-current={path === shown} onClick={() => setChosen(path)}>
                {path}
                {state.writing.has(path) && " …"}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <pre tabIndex={0} aria-label={shown}>
        {state.writing.get(shown) ?? state.files.get(shown)}
        {state.writing.has(shown) && <span className="caret" />}
      </pre>
    </div>
  );
}
