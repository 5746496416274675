import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Page } from "./Page";
import { takeTokenFromAddress } from "./session";
import "./page.css";

takeTokenFromAddress();
createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
