// The page: signing in where nobody is, a sentence where there is no project yet, else what becomes of it.

import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
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
  const once = useMemo(random, [sentence]); // a second try of the same sentence makes no second project
  const begin = async () => {
    setBusy(true);
    try {
      showProject(await createProject(sentence, once));
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
      <Choices title="For example" of={EXAMPLES.map((example) => [example, example])} choose={setSentence} />
      <Recent />
    </form>
  );
}

/** Return 32 hexadecimal digits; pages that do not come by TLS have no `randomUUID`. */
function random(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function Recent() {
  const [projects, setProjects] = useState<{ id: string; name: string }[]>([]);
  useEffect(() => void recentProjects().then(setProjects, () => setProjects([])), []);
  if (projects.length === 0) return null;
  return <Choices title="Your projects" of={projects.map(({ id, name }) => [id, name])} choose={showProject} />;
}

/** Things to choose from, each by its key and with its name. */
function Choices({ title, of, choose }: { title: string; of: [string, string][]; choose: (key: string) => void }) {
  return (
    <>
      <h2>{title}</h2>
      <ul className="examples">
        {of.map(([key, name]) => (
          <li key={key}>
            <button type="button" className="quiet" onClick={() => choose(key)}>
              {name}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
