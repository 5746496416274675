// A deployment: its steps, where it answers, and its log as it is written.

import { useEffect, useRef } from "react";
import { useDeployment, useLog } from "snapinfra-client/react";
import { stop } from "./api";
import { snapinfra } from "./session";

/** Lines of the log that are on the page. */
const SHOWN = 500;

export function Deployment({ id, over }: { id: string; over: () => void }) {
  const { state, error } = useDeployment(snapinfra, id);
  useEffect(() => {
    if (state.isOver) over();
  }, [state.isOver]);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        Deployment <small role="status">{error?.message ?? state.status?.toLowerCase() ?? "waiting for its turn"}</small>
        {!state.isOver && (
          <button className="quiet" onClick={() => void stop(id).catch(() => undefined)}>
            Stop
          </button>
        )}
      </h2>
      {state.url && !state.isOver && (
        <p className="url">
          It runs at <a href={state.url}>{state.url}</a>
        </p>
      )}
      <ol className="steps">
        {[...state.steps].map(([step, how]) => (
          <li key={step} data-state={how}>
            {step} <small>{how.toLowerCase()}</small>
          </li>
        ))}
      </ol>
      {state.message && <p>{state.message}</p>}
      <Log id={id} />
    </section>
  );
}

function Log({ id }: { id: string }) {
  const { state } = useLog(snapinfra, id);
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [state.count]);
  if (state.count === 0) return null;
  return (
    <>
      <h3>
        Log <small>{state.count} lines</small>
      </h3>
      <pre className="log" tabIndex={0} ref={end}>
        {state.lines.slice(-SHOWN).map((line) => (
          <span key={line.id} data-level={line.level}>
            {`${line.message}\n`}
          </span>
        ))}
      </pre>
    </>
  );
}
