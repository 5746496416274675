// This file is the page: GraphiQL with our tabs, our fetcher and the token of this session.

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { useGraphiQL } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { fetcher } from "./fetcher.js";
import { takeTokenFromAddress, token } from "./session.js";
import { firstTab, storage } from "./storage.js";
import { tabs } from "./tabs.js";

function Page({ headers, first }) {
  const [hasNotice, setNotice] = useState(headers === undefined);
  return (
    <>
      {hasNotice && <Notice onClose={() => setNotice(false)} />}
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        defaultTabs={tabs.map((tab) => ({ ...tab, headers }))}
        defaultHeaders={headers}
        initialQuery={first.query}
        initialVariables={first.variables}
        defaultEditorToolsVisibility="variables"
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo>
          <Logo />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

/** The name. It also wakes the page once its editors are there: until then, GraphiQL loses clicks and mixes up tabs. */
function Logo() {
  const ready = useGraphiQL((state) => Boolean(state.queryEditor && state.variableEditor && state.responseEditor));
  useEffect(() => {
    page.inert = !ready;
  }, [ready]);
  return "Snapinfra";
}

function Notice({ onClose }) {
  return (
    <p className="notice" role="status">
      You are not signed in. Run <code>snapinfra token --user alice</code> and put what it prints behind this page's
      address: <code>{location.pathname}#token=…</code>
      <button type="button" aria-label="Close" onClick={onClose}>
        ×
      </button>
    </p>
  );
}

takeTokenFromAddress();
addEventListener("hashchange", () => takeTokenFromAddress() && location.reload());
const headers = token() === null ? undefined : JSON.stringify({ Authorization: `Bearer ${token()}` }, null, 2);
const page = document.getElementById("page");
page.inert = true;
createRoot(page).render(<Page headers={headers} first={firstTab()} />);
