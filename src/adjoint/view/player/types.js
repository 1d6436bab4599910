/**
 * The shapes of the story and of the player, for the type checker alone: this file has no code.
 *
 * @typedef {number | "NaN" | "Infinity" | "-Infinity"} Real   A number as JSON has it.
 * @typedef {{re: Real, im: Real}} Complex
 * @typedef {Object} TensorSummary
 * @property {number[]} shape
 * @property {string} dtype
 * @property {Real} [min]
 * @property {Real} [max]
 * @property {Real} [mean]
 * @property {Real} [rms]
 * @property {number} [pos]
 * @property {number} [neg]
 * @property {number} [nan]
 * @property {number} [inf]
 * @property {{lo: Real, hi: Real, n: number[]}} [hist]
 * @property {{rows: number, cols: number, scale: Real, q: number[][]}} [thumb]
 * @property {any} [slice]
 * @typedef {Real | Complex | TensorSummary} Quantity   What stands in a place for a value or a gradient.
 *
 * @typedef {Object} Nudge
 * @property {number} eps
 * @property {Real} before
 * @property {Real} after
 * @property {Real} slope
 * @property {string} [text]   The chained sentence.
 *
 * @typedef {Object} StoryNode
 * @property {number} id
 * @property {"leaf" | "const" | "op"} kind
 * @property {"parameter" | "data" | "intermediate" | "root"} [role]
 * @property {string} [name]
 * @property {string} [op]
 * @property {string} [symbol]
 * @property {string} [gate]
 * @property {Nudge} [nudge]
 * @property {number} [kinks]
 * @property {Quantity} [step]
 * @property {number} [share]
 * @property {string} [mathml]
 * @property {string} spec
 * @property {Quantity} [value]
 * @property {Quantity} [grad]
 * @property {[number, number]} at
 * @property {number[]} [road]
 * @property {number} [group]
 * @property {number} [line]
 * @property {string} [site]
 * @property {number[]} [saves]
 * @property {string} [note]
 * @property {string} [zero]
 * @property {number} [rule]
 * @property {number[]} [via]   The nodes that the sentence of its nudge names on the way to the root.
 *
 * @typedef {Object} StoryEdge
 * @property {number} id
 * @property {number} src
 * @property {number} dst
 * @property {number} slot
 * @property {Quantity} [local]
 * @property {string} [mathml]
 * @property {Quantity} [contrib]
 * @property {string} [stops]   Why nothing ever flows back along it.
 *
 * @typedef {{src: number, at: [number, number], road?: number[]}} Port
 * @typedef {Object} StoryGroup
 * @property {number} id
 * @property {string} name
 * @property {"module" | "function" | "block"} kind
 * @property {number} [parent]
 * @property {[number, number]} at
 * @property {[number, number]} size
 * @property {boolean} open
 * @property {string} mark
 * @property {number} count
 * @property {Port[]} ins
 * @property {Port[]} outs
 * @property {number[]} [road]
 *
 * @typedef {Object} Part   One row of a backward step: what one use sends back to its source.
 * @property {number} edge
 * @property {Quantity} [local]
 * @property {Quantity} [down]
 * @property {Quantity} [sum]
 * @property {number} [of]
 * @property {string} [says]   The row in words, where it is no product of two numbers.
 * @typedef {{node: number, line?: number, lines?: number[]}} ForwardEntry
 * @typedef {{node: number, seed?: Quantity, up?: Quantity, lines?: number[], parts?: Part[], says?: string}} BackwardEntry
 * @typedef {[string, ...(number | string)[]][]} Code   Instructions [name, operand, ...]; the last one is the result.
 * @typedef {{op: string, value: Code, slopes: (Code | null)[], zeros?: "routes" | "guards" | "passes" | "ends", kink?: Code}} Rule
 * @typedef {{text: string, line?: number, truth: boolean, was?: Real, reads?: number[], code?: Code}} Look   What the code asked of values.
 *
 * @typedef {Object} Story
 * @property {number} adjoint_story
 * @property {string} title
 * @property {{text: string, mathml: string}} expr
 * @property {boolean} live
 * @property {{status: "ok" | "failed", node?: number, what?: string, where?: string, help?: string}} outcome
 * @property {StoryNode[]} nodes
 * @property {StoryEdge[]} edges
 * @property {StoryGroup[]} groups
 * @property {ForwardEntry[]} forward
 * @property {BackwardEntry[]} backward
 * @property {Record<string, Record<string, any>>} gates
 * @property {string[]} code
 * @property {{file: string, lines: string[] | Record<string, string>}} [source]
 * @property {{node: number, nudge?: Nudge, [key: string]: any}[]} leaves
 * @property {{kind: string, why: string}} [stationary]
 * @property {Look[]} [looks]
 * @property {string} [strays]   Of edited inputs: why the code itself would do something else.
 * @property {{gates: number, inputs: number, visits_reverse: number, visits_differences: number}} cost
 * @property {{node: number, bytes: number, by: number, why: string}[]} memory
 * @property {Record<string, any>[]} exercises
 * @property {Rule[]} [rules]
 * @property {Real} [rate]   Of the steps against the gradient.
 *
 * @typedef {Object} Step   One stop of the player.
 * @property {"inputs" | "forward" | "turn" | "backward" | "done"} kind
 * @property {number} node   The gate, or -1.
 * @property {number} group   The closed group that this step is all of, or -1.
 * @property {number[]} entries   Places in story.forward or story.backward that this step covers.
 * @property {number} index   "Forward 3 of 5": the 3.
 * @property {number} of   The 5.
 *
 * @typedef {Object} Known   At which step everything becomes known; Infinity: never.
 * @property {Float64Array} value   By node: its value.
 * @property {Float64Array} grad   By node: its first share.
 * @property {Float64Array} total   By node: its whole gradient.
 * @property {Float64Array} edge   By edge: what flows back along it.
 *
 * @typedef {Object} State   All that the player knows; parts of it change only through the store.
 * @property {Story} story   What is shown now: the file's story, or it recomputed at edited inputs.
 * @property {Step[]} steps
 * @property {Known} known
 * @property {number} at   Which step is shown.
 * @property {number} part   How many inputs of the current gate are shown (Shift steps); -1: all.
 * @property {number | null} selected   The node chosen by the user, shown in the inspector.
 * @property {Set<number>} open   Groups that are open.
 * @property {"wire" | "textbook"} view
 * @property {"light" | "dark"} theme
 * @property {boolean} playing
 * @property {number} speed
 * @property {boolean} slides
 * @property {Set<string>} hidden   What practice hides, as "grad:NODE", "share:EDGE", "local:EDGE", "up:NODE", "name:NODE".
 * @property {string} tab   The inspector's tab.
 * @property {boolean} letters   Whether single letters are keys.
 * @property {string} busy   What is waited for; "": nothing.
 *
 * @typedef {Object} Store
 * @property {() => State} get
 * @property {(patch: Partial<State>, user?: boolean) => void} set
 * @property {(listener: (state: State, changed: Set<string>, user: boolean) => void) => () => void} on
 *
 * @typedef {Object} Stage   What the drawing offers to the other parts.
 * @property {() => void} fit
 * @property {(factor: number) => void} zoom
 * @property {() => void} actualSize
 * @property {(node: number) => void} show   Brings a node into view.
 * @property {(focus?: number) => void} focus   Moves the keyboard into the graph.
 * @property {(options?: {theme?: "light" | "dark", clear?: boolean}) => string} toSvg   The picture of the current step.
 *
 * @typedef {Object} App
 * @property {Store} store
 * @property {Actions} act
 * @property {Stage} stage
 * @property {HTMLElement} root
 * @property {(text: string) => void} say   The live region: for what the user did, not for what plays.
 * @property {Options} options
 * @property {Record<string, () => void>} commands   What keys, buttons and a host call by name: search, help, theme, predict ...
 *
 * @typedef {Object} Options   What a host (the workbench) changes.
 * @property {(node: number, value: number) => void} [edit]   Takes an edited input; without it the page recomputes.
 * @property {(node: number) => boolean} [editable]
 * @property {(node: number, eps: number) => Promise<Nudge | null>} [nudge]
 * @property {boolean} [embedded]
 *
 * @typedef {Object} Actions
 * @property {(by: number) => void} step
 * @property {(by: number) => void} inside   One input of the current gate.
 * @property {(at: number) => void} go
 * @property {() => void} turn
 * @property {(on?: boolean) => void} play
 * @property {(node: number | null) => void} select
 * @property {(group: number, open?: boolean) => void} toggle
 * @property {(node: number, value: number) => void} edit
 * @property {(story: Story) => void} load   Shows another story, or the same one with other numbers.
 */
export {};
