/** Asks the server: every request carries the token of this run, the tab's name and a number, and the newest wins. */

/**
 * What the server put into the page.
 * @typedef {{token: string, version: number, file?: string, expression?: string, values?: Record<string, number>}} Given
 */

/** An answer that is no result: an error in three parts, or word that a newer request took this one's place. */
export class Refusal extends Error {
  /** @param {{kind: string, what: string, where?: string, help?: string, span?: [number, number]}} told */
  constructor(told) {
    super(told.what);
    this.told = told;
  }
}

/** What `ask` gives for a request that a newer one of the same kind has made pointless. */
export const SUPERSEDED = Symbol("superseded");

const TOKEN_KEY = "adjoint-token";
const TAB_NAME = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
let requests = 0;

/** Reads what the server put into the page, and takes the token out of the address bar. @returns {Given} */
export function givenByServer() {
  const place = document.getElementById("adjoint-workbench");
  const given = /** @type {Given} */ (JSON.parse((place && place.textContent) || "{}"));
  const address = new URL(location.href);
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
  try {
    sessionStorage.setItem(TOKEN_KEY, given.token); // of this tab alone, so that it can be reloaded
  } catch {
    /* storage is refused: a reload needs the address again */
  }
  return given;
}

/**
 * The answer to a request, or `SUPERSEDED`; throws a Refusal for an error that the server tells, and for a server that
 * cannot be reached.
 * @param {Given} given
 * @param {string} name
 * @param {Record<string, unknown>} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(given, name, body, signal) {
  requests += 1;
  const text = JSON.stringify({ version: given.version, tab: TAB_NAME, seq: requests, ...body });
  let answer;
  try {
    const response = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Adjoint-Token": given.token },
      body: text,
      cache: "no-store",
      credentials: "omit",
      signal,
    });
    answer = await response.json();
  } catch (error) {
    if (signal && signal.aborted) return SUPERSEDED;
    const what = `The workbench does not answer: ${error instanceof Error ? error.message : error}`;
    throw new Refusal({ kind: "Lost", what, help: "Look at the terminal; start it again with adjoint workbench." });
  }
  if (answer.status === "superseded") return SUPERSEDED;
  if (answer.status !== "ok") throw new Refusal(answer.error);
  return answer;
}
