// Who is signed in, for as long as the browser's tab is open, and what is shown: both come in the address.

import { createSnapinfra } from "snapinfra-client";

const TOKEN = "snapinfra.token";

/** The event of signing in or out. */
export const SIGNED = "snapinfra.signed";

/** Take a token out of the address (`#token=…`), where it would be seen and shared. GraphiQL keeps it in the same place. */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  sessionStorage.setItem(TOKEN, token);
  history.replaceState(null, "", location.pathname + location.search);
}

export function token(): string | null {
  return sessionStorage.getItem(TOKEN);
}

export function signIn(given: string): void {
  sessionStorage.setItem(TOKEN, given);
  dispatchEvent(new Event(SIGNED));
}

export function signOut(): void {
  sessionStorage.removeItem(TOKEN);
  dispatchEvent(new Event(SIGNED));
}

/** Return the project that the address is of. */
export function projectInAddress(): string | null {
  return new URLSearchParams(location.search).get("project");
}

export function showProject(id: string | null): void {
  history.pushState(null, "", id === null ? location.pathname : `?project=${id}`);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The one connection of the page. */
export const snapinfra = createSnapinfra({
  url: `${location.origin.replace(/^http/, "ws")}/graphql`,
  token: () => token() ?? "",
});
