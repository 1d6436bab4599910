"""The exercises as questions in a terminal: what is asked, how an answer is read, what is shown after two misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from adjoint.explain.answers import Verdict, check, check_ask, check_wrong
from adjoint.explain.mistakes import doctored
from adjoint.numbers import format_gradient, format_number, format_shape

Told = Mapping[str, Any]

#: Rows that stand to choose from when one of them is false.
ROWS = 12
_LETTERS = "abcdefghij"


class Dialogue(Protocol):
    """What asks and is answered: a terminal, or a test."""

    def say(self, text: str = "") -> None:
        """Shows a line."""

    def ask(self, prompt: str) -> str:
        """The answer to a prompt; raises to leave."""

    def judge(self, prompt: str, check: Callable[[str], Verdict], solution: Callable[[], str]) -> bool:
        """Asks until the answer is right, or missed twice; then the solution is shown. Whether it came at once."""


def put(exercise: Told, document: Told, dialogue: Dialogue) -> bool | None:
    """Asks one exercise; whether it was right at the first try, None where only the learner can say."""
    return _ASKERS[exercise["kind"]](exercise, document, dialogue)


def _name(document: Told, node: int) -> str:
    one = document["nodes"][node]
    return str(one.get("name") or (format_number(one["value"]) if "value" in one else "a constant"))


def gate_text(document: Told, node: int) -> str:
    """A gate as the flat source has it: ``c = w * x (multiply)``."""
    op = document["nodes"][node].get("op", "")
    lines = next((f.get("lines") for f in document["forward"] if f["node"] == node), None)
    code = document["code"][lines[0] - 1].split("  #")[0].strip() if lines else _name(document, node)
    return f"{code}  ({op})"


def _quantity(value: Any, write: Callable[[Any], str] = format_gradient) -> str:
    if isinstance(value, Mapping) and "shape" in value:
        return "an array " + (format_shape(value["shape"]) or "of one number")
    return write(value)


def row_text(document: Told, step: int, edge: int) -> str:
    """One row of a backward step as an equation: ``+2 × (−2) = −4``."""
    entry = document["backward"][step]
    part = next(p for p in entry["parts"] if p["edge"] == edge)
    up, local, down = entry.get("up"), part.get("local"), part["down"]
    if local is None or any(isinstance(q, Mapping) for q in (up, local, down)):
        return _quantity(down)
    factor = format_number(local)
    factor = f"({factor})" if factor.startswith("−") else factor
    return f"{_quantity(up)} × {factor} = {_quantity(down)}"


def _branches(document: Told, source: int) -> str:
    shares = [
        _quantity(p["down"])
        for s in document["backward"]
        for p in s.get("parts", ())
        if document["edges"][p["edge"]]["src"] == source
    ]
    return f"{', '.join(shares[:-1])} and {shares[-1]} make {_quantity(document['nodes'][source]['grad'])}"


def _predict(exercise: Told, document: Told, dialogue: Dialogue) -> bool:
    entry, step = document["backward"][exercise["step"]], exercise["step"]
    operands = [e["src"] for e in document["edges"] if e["dst"] == entry["node"]]
    known = [
        f"{_name(document, n)} = {_quantity(document['nodes'][n]['value'], format_number)}"
        for n in dict.fromkeys(operands)
        if document["nodes"][n]["kind"] != "const" and "value" in document["nodes"][n]
    ]
    dialogue.say(f"What does this gate pass back?  {gate_text(document, entry['node'])}")
    dialogue.say(f"  Here {', '.join(known)}; upstream is {_quantity(entry.get('up'))}.")
    root = document["nodes"][document["backward"][0]["node"]].get("name", "")
    good = True
    for ask in exercise["asks"]:
        source = document["edges"][ask["edge"]]["src"]
        x = _name(document, source)
        prompt = {
            "share": f"  to {x}: ",
            "sum": f"  ∂{root}/∂{x}, all branches together: ",
            "shape": f"  to {x}, which shape (such as 8×3): ",
        }[ask["what"]]

        def solution(ask: Told = ask, source: int = source) -> str:
            return _branches(document, source) if ask["what"] == "sum" else row_text(document, step, ask["edge"])

        good &= dialogue.judge(prompt, lambda text, a=ask: check_ask(a, step, text, document), solution)  # type: ignore[misc]
    return good


def _arranged(cards: Sequence[str], dialogue: Dialogue, judge: Callable[[list[int]], Verdict], solution: str) -> bool:
    """Cards with letters; the answer is their order. Letters may be joined or apart: ``b a c``, ``bac``."""
    for letter, card in zip(_LETTERS, cards, strict=False):
        dialogue.say(f"  {letter}  {card}")

    def read(text: str) -> Verdict:
        letters = [c for c in text.lower() if c not in " ,>-"]
        known = sorted(letters) == sorted(_LETTERS[: len(cards)])
        if not known:
            return Verdict(False, f"Write all letters in order, such as {' '.join(_LETTERS[: len(cards)])}.", "unread")
        return judge([_LETTERS.index(c) for c in letters])

    return dialogue.judge("  order: ", read, lambda: solution)


def _order(exercise: Told, document: Told, dialogue: Dialogue) -> bool:
    steps, backward = exercise["steps"], document["backward"]
    dialogue.say("Put the backward steps in order. Every order that is possible counts.")
    cards = [
        f"Start at {_name(document, backward[s]['node'])}"
        if "seed" in backward[s]
        else gate_text(document, backward[s]["node"])
        for s in steps
    ]
    solution = "One order: " + " ".join(_LETTERS[steps.index(s)] for s in sorted(steps))
    return _arranged(cards, dialogue, lambda order: check(exercise, [steps[i] for i in order], document), solution)


def _parts(exercise: Told, document: Told, dialogue: Dialogue) -> bool:
    parts = exercise["parts"]
    ids = [p["id"] for p in parts]
    dialogue.say("Put the parts of a training step in order.")
    right = ["fetch", "zero", "forward", "loss", "backward", "update"]
    solution = f"One order: {' '.join(_LETTERS[ids.index(p)] for p in right)}. {exercise['why']}"
    return _arranged(
        [p["text"] for p in parts], dialogue, lambda order: check(exercise, [ids[i] for i in order], document), solution
    )


def _chosen(text: str, count: int) -> int | None:
    return int(text) - 1 if text.strip().isdecimal() and 1 <= int(text) <= count else None


def _named(exercise: Told, document: Told, dialogue: Dialogue) -> bool:
    entry = document["backward"][exercise["step"]]
    node = document["nodes"][entry["node"]]
    dialogue.say(f"Which gate is it? Its upstream gradient is {_quantity(entry['up'])}; from left to right")
    downs = {p["edge"]: p["down"] for p in entry["parts"]}
    for edge in sorted((e for e in document["edges"] if e["dst"] == entry["node"]), key=lambda e: e["slot"]):
        value = _quantity(document["nodes"][edge["src"]]["value"], format_number)
        back = f"receives {_quantity(downs[edge['id']])}" if edge["id"] in downs else "is a constant"
        dialogue.say(f"  input {edge['slot'] + 1}, {value}, {back}")
    options = exercise["options"]
    dialogue.say("  " + "   ".join(f"{i} {o['op']}" for i, o in enumerate(options, 1)))

    def read(text: str) -> Verdict:
        at = _chosen(text, len(options))
        answer = options[at]["op"] if at is not None else text.strip().lower()
        verdict = check(exercise, answer, document)
        if verdict.mistake == "gate":
            made = next(o["downs"] for o in options if o["op"] == answer)
            return Verdict(False, f"{verdict.says[:-1]}: {', '.join(map(format_gradient, made))}.", "gate")
        return verdict

    return dialogue.judge("  gate: ", read, lambda: f"It is {node['op']}: {gate_text(document, entry['node'])}")


def _wrong(exercise: Told, document: Told, dialogue: Dialogue) -> bool | None:
    shown = doctored(exercise, document)
    if shown is None:
        return None
    rows = false_rows(exercise, shown)
    dialogue.say("One number here is false. In which row?")
    for i, (edge, what) in enumerate(rows, 1):
        one = shown["edges"][edge]
        step = next(k for k, s in enumerate(shown["backward"]) if any(p["edge"] == edge for p in s.get("parts", ())))
        gate = gate_text(document, one["dst"])
        if what == "sum":
            dialogue.say(f"  {i}  {_name(shown, one['src'])}, all branches: {_branches(shown, one['src'])}")
        else:
            dialogue.say(f"  {i}  {gate} to {_name(shown, one['src'])}: {row_text(shown, step, edge)}")
    place = next(
        i for i, r in enumerate(rows) if r == (exercise["edge"], "sum" if exercise["place"] == "sum" else "row")
    )

    def choose(text: str) -> Verdict:
        at = _chosen(text, len(rows))
        if at is None:
            return Verdict(False, "Choose one of the rows by its number.", "unread")
        return check_wrong(exercise, {"edge": rows[at][0], "what": rows[at][1]}, document)

    found = dialogue.judge("  row: ", choose, lambda: f"It is row {place + 1}.")
    what = {"slope": "slope", "share": "number passed back", "sum": "sum"}[exercise["place"]]
    answer = {"edge": exercise["edge"], "what": exercise["place"]}
    source = document["edges"][exercise["edge"]]["src"]
    repaired = dialogue.judge(
        f"  the right {what}: ",
        lambda text: check_wrong(exercise, {**answer, "value": text}, document),
        lambda: (
            _branches(document, source)
            if exercise["place"] == "sum"
            else row_text(document, exercise["step"], exercise["edge"])
        ),
    )
    return found and repaired


def false_rows(exercise: Told, document: Told) -> list[tuple[int, str]]:
    """The rows to choose from: all of a small graph, of a large one those near the false one; sums after their last."""
    rows: list[tuple[int, str]] = []
    home = 0
    last = {document["edges"][p["edge"]]["src"]: p["edge"] for s in document["backward"] for p in s.get("parts", ())}
    for step, entry in enumerate(document["backward"]):
        for part in entry.get("parts", ()):
            if isinstance(part["down"], Mapping):
                continue
            if step == exercise["step"] and part["edge"] == exercise["edge"]:
                home = len(rows)
            rows.append((part["edge"], "row"))
            if part["of"] > 1 and last[document["edges"][part["edge"]]["src"]] == part["edge"]:
                rows.append((part["edge"], "sum"))
    start = max(0, min(home - ROWS // 2, len(rows) - ROWS))
    return rows[start : start + ROWS]


def _flip(exercise: Told, document: Told, dialogue: Dialogue) -> bool | None:
    """Cards come back, once, where the learner did not know them."""
    waiting = [(card, True) for card in exercise["cards"]]
    while waiting:
        card, first = waiting.pop(0)
        dialogue.ask(f"{card['text']}   the slope by each input? (Enter turns) ")
        for slope in card["slopes"]:
            dialogue.say(f"  by {slope['by']}: {slope['text']}")
        if not card["slopes"]:
            dialogue.say("  " + document["gates"][card["op"]]["back"].replace("*", ""))
        if known(dialogue) == "1" and first:
            waiting.append((card, False))
    return None


def known(dialogue: Dialogue) -> str:
    """How well the learner knew it, by their own word."""
    return dialogue.ask("  1 not yet, 2 nearly, 3 well: ").strip()


def _interview(exercise: Told, document: Told, dialogue: Dialogue) -> bool | None:
    dialogue.say(exercise["question"])
    if "number" in exercise:
        right = dialogue.judge(
            "  number: ", lambda text: check(exercise, text, document), lambda: format_number(exercise["number"])
        )
        dialogue.say(f"  {exercise['answer']}")
        return right
    dialogue.ask("  (think, then Enter shows an expert's answer) ")
    dialogue.say(f"  {exercise['answer']}")
    known(dialogue)
    return None


_ASKERS: dict[str, Callable[[Told, Told, Dialogue], bool | None]] = {
    "predict": _predict,
    "order": _order,
    "parts": _parts,
    "name": _named,
    "wrong": _wrong,
    "flip": _flip,
    "interview": _interview,
}
