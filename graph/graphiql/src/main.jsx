// This file is the page: GraphiQL with our tabs, our fetcher and the token of this session.

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { GraphiQL } from "graphiql";
import { useState } from "react";
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
        <GraphiQL.Logo>Snapinfra</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
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
createRoot(document.getElementById("page")).render(<Page headers={headers} first={firstTab()} />);
