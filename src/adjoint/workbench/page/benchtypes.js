/**
 * The shapes of what the server answers and of what the page keeps, for the type checker alone: this file has no code.
 *
 * @typedef {import("../../view/player/types.js").Story} Story
 * @typedef {import("../../view/player/types.js").Real} Real
 * @typedef {Real | any[]} InputValue   A number, or nested lists of them.
 * @typedef {Record<string, any>} Values   Inputs by name, where they differ from what the source begins with.
 *
 * @typedef {Object} Source   What is computed; one of the three.
 * @property {string} [expression]
 * @property {string} [example]
 * @property {true} [file]
 *
 * @typedef {{source: Source, values: Values}} Snapshot   All that undo brings back.
 *
 * @typedef {Object} InputInfo   One input as the server describes it.
 * @property {string} name
 * @property {"number" | "integer" | "array" | "fixed"} kind
 * @property {string} type
 * @property {number[]} shape
 * @property {boolean} editable
 * @property {boolean} [whole]
 * @property {[number, number]} [range]
 * @property {InputValue} [value]
 * @property {number} [node]   Its place in the story.
 *
 * @typedef {Object} ExampleInfo
 * @property {string} id
 * @property {string} name
 * @property {string} title
 * @property {string} group
 * @property {string} file
 * @property {string} [expression]
 * @property {InputInfo[]} inputs
 *
 * @typedef {Object} Told   An error in its parts.
 * @property {string} kind
 * @property {string} what
 * @property {string} [where]
 * @property {string} [help]
 * @property {[number, number]} [span]
 * @property {string} [about]   What was asked for: the names in it are told as they are written.
 *
 * @typedef {Object} Rewrite   One step from the traced graph to the optimised one.
 * @property {string} name
 * @property {string} identity
 * @property {string} condition
 * @property {string} before
 * @property {string} after
 * @property {boolean} stabilises
 * @property {string} [site]
 * @property {number} [line]
 * @property {number[]} [made]
 * @property {number[]} [gone]
 * @property {Story} [graph]
 *
 * @typedef {Object} Views
 * @property {Story} eager
 * @property {Story} traced
 * @property {Story} optimised
 * @property {Rewrite[]} rewrites
 * @property {number} count
 * @property {{traced: InputValue[], optimised: InputValue[]}} results
 *
 * @typedef {{n: number, copies: number, gates: number, visits: Record<string, number>, seconds: Record<string, number>, apart?: Record<string, number>}} RaceLane
 *
 * @typedef {{title: string, value: Real, gradients: Record<string, InputValue>}} CompareSide
 * @typedef {{value: Real[], slope: Real[]}} CurveSide
 * @typedef {Object} Comparison
 * @property {InputInfo[]} inputs
 * @property {CompareSide} left
 * @property {CompareSide} right
 * @property {{name: string, entry: number[], range: [number, number]}} [over]
 * @property {{x: number[], left: CurveSide, right: CurveSide}} [curve]
 */
export {};
