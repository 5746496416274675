// The page: signing in where nobody is, a sentence where there is no project yet, else what becomes of it.

import { useEffect, useState, useSyncExternalStore } from "react";
import { createProject, recentProjects, Refused } from "./api";
import { Backend } from "./Backend";
import { projectInAddress, showProject, SIGNED, signIn, signOut, token } from "./session";

const EXAMPLES = [
  "A library with books, members and loans",
  "A booking system for a yoga studio: classes have many bookings, members pay per class",
  "An issue tracker with projects, issues with a status of open, doing or done, and comments",
];

export function Page() {
  const isSignedIn = useHeard(SIGNED, () => token() !== null);
  const project = useHeard("popstate", projectInAddress);
  return (
    <>
      <header>
        <a href="/" onClick={(click) => (click.preventDefault(), showProject(null))}>
          <strong>Snapinfra</strong>
        </a>
        <nav>
          <a href="/graphql">GraphiQL</a>
          <a href="/schema.graphql">Schema</a>
          {isSignedIn && (
            <button className="quiet" onClick={signOut}>
              Sign out
            </button>
          )}
        </nav>
      </header>
      <main>{!isSignedIn ? <SignIn /> : project === null ? <New /> : <Backend key={project} id={project} />}</main>
    </>
  );
}

/** Return what `read` reads, again after each event of a name. */
function useHeard<T extends string | boolean | null>(name: string, read: () => T): T {
  const hear = (listener: () => void) => {
    addEventListener(name, listener);
    return () => removeEventListener(name, listener);
  };
  return useSyncExternalStore(hear, read);
}

function SignIn() {
  const [given, setGiven] = useState("");
  return (
    <form className="narrow" onSubmit={(event) => (event.preventDefault(), signIn(given.trim()))}>
      <h1>Sign in</h1>
      <p>
        Paste a token: <code>snapinfra dev</code> prints one, and <code>snapinfra token</code> makes others.
      </p>
      <label htmlFor="token">Token</label>
      <input id="token" type="password" autoComplete="off" required value={given} onChange={(event) => setGiven(event.target.value)} />
      <button>Sign in</button>
    </form>
  );
}

function New() {
  const [sentence, setSentence] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    try {
      showProject(await createProject(sentence));
    } catch (error) {
      setWrong(error instanceof Refused ? error.message : "The server can't be reached: try again.");
      setBusy(false);
    }
  };
  return (
    <form className="narrow" onSubmit={(event) => (event.preventDefault(), void begin())}>
      <h1>What shall your backend do?</h1>
      <label htmlFor="sentence">In a sentence or two</label>
      <textarea id="sentence" rows={4} maxLength={500} required autoFocus value={sentence} onChange={(event) => setSentence(event.target.value)} />
      {wrong && <p role="alert">{wrong}</p>}
      <button disabled={isBusy || !sentence.trim()}>Make it</button>
      <h2>For example</h2>
      <ul className="examples">
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button type="button" className="quiet" onClick={() => setSentence(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
      <Recent />
    </form>
  );
}

function Recent() {
  const [projects, setProjects] = useState<{ id: string; name: string; status: string }[]>([]);
  useEffect(() => void recentProjects().then(setProjects, () => setProjects([])), []);
  if (projects.length === 0) return null;
  return (
    <>
      <h2>Your projects</h2>
      <ul className="examples">
        {projects.map(({ id, name }) => (
          <li key={id}>
            <button type="button" className="quiet" onClick={() => showProject(id)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
