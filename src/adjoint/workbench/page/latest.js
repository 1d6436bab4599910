/** Requests of which only the newest counts: one is under way, one may wait, and whoever waits long is told so. */

import { ask, Refusal, SUPERSEDED } from "./api.js";

/** From so many milliseconds on the page says that it waits; from so many on a newer request takes an older one's place. */
const QUIET = 150;
const PATIENT = 400;

/**
 * @template M
 * @typedef {Object} Heard
 * @property {(answer: any, about: M, newest: boolean) => void} answered
 * @property {(told: import("./benchtypes.js").Told, about: M) => void} failed
 * @property {(on: boolean) => void} waiting
 */

/** @template M */
export class Latest {
  /** @param {import("./api.js").Given} given @param {string} name @param {Heard<M>} heard */
  constructor(given, name, heard) {
    this.given = given;
    this.name = name;
    this.heard = heard;
    /** @type {{body: Record<string, unknown>, about: M} | null} */
    this.next = null;
    /** @type {{abort: AbortController, since: number} | null} */
    this.flight = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.clock = undefined;
  }

  /** Whether an answer is still owed. */
  get busy() {
    return this.flight !== null || this.next !== null;
  }

  /** @param {Record<string, unknown>} body @param {M} about   What the answer is for. */
  send(body, about) {
    this.next = { body, about };
    if (!this.flight) this.run();
    else if (performance.now() - this.flight.since > PATIENT) this.flight.abort.abort();
  }

  /** Nothing that was asked counts any more. */
  forget() {
    this.next = null;
    if (this.flight) this.flight.abort.abort();
  }

  async run() {
    while (this.next) {
      const { body, about } = this.next;
      this.next = null;
      const abort = new AbortController();
      this.flight = { abort, since: performance.now() };
      clearTimeout(this.clock);
      this.clock = setTimeout(() => this.heard.waiting(true), QUIET);
      try {
        const answer = await ask(this.given, this.name, body, abort.signal);
        if (answer !== SUPERSEDED) this.heard.answered(answer, about, !this.next);
      } catch (error) {
        const told = { ...(error instanceof Refusal ? error.told : { kind: "Error", what: String(error) }), about: JSON.stringify([body, this.given.file]) };
        if (!this.next) this.heard.failed(told, about);
      }
    }
    this.flight = null;
    clearTimeout(this.clock);
    this.heard.waiting(false);
  }
}
