"""What a tape is in memory: the header that machine code and data agree on, and the words of the runs."""

from __future__ import annotations

#: The fields of a tape's header in order, eight bytes each. ``slots`` is the length of the array of values (and
#: of the cotangents after it, and of the flags after those). ``given`` has a row an input: its first place and
#: its count. ``results`` and ``wanted`` have a row an output: its number, where its places start in ``places``,
#: and their count.
HEADER = {
    "slots": "count",
    "first": "count",
    "runs": "pointer",
    "run_count": "count",
    "stream": "pointer",
    "given": "pointer",
    "input_count": "count",
    "constants": "pointer",
    "constant_first": "count",
    "constant_count": "count",
    "places": "pointer",
    "results": "pointer",
    "result_count": "count",
    "wanted": "pointer",
    "wanted_count": "count",
    "gradients": "count",
    "root": "count",
}

#: A run is one word of 32 bits: twice the opcode's number, plus SHORT for a run that goes number by number,
#: in the low bits; above them how many nodes it has.
COUNT_SHIFT = 10
SHORT = 1
#: How many opcodes a tape may have; each may stand twice, with its gradient and without.
MOST_OPCODES = 1 << (COUNT_SHIFT - 2)
LONGEST_RUN = (1 << (32 - COUNT_SHIFT)) - 1

#: Runs up to this length go number by number.
SHORT_RUN = 2
