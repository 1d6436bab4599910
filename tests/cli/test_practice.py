"""adjoint practice: what is asked, how misses are told, the score, and how it ends."""

import re

import click.testing
import pytest

from adjoint.cli import main as command_line
from adjoint.cli.practice import Left, Terminal, practice
from adjoint.explain.answers import Verdict
from adjoint.explain.exercises import KINDS
from cli.shell import _APART, adjoint, process, refused

WORKED = ("c = w*x; a = c + b; d = a - y; J = half_square(d)", "w=2", "x=-2", "b=8", "y=2")
TWICE = ("c = a + b; d = b + 1; e = c*d", "a=2", "b=1")


def answered(*arguments, lines=()):
    """The outcome of ``adjoint practice`` when these lines are typed, then the input ends."""
    runner = click.testing.CliRunner(**_APART)
    text = "".join(f"{line}\n" for line in lines)
    outcome = runner.invoke(
        command_line.cli, ["practice", *map(str, arguments)], input=text, prog_name="adjoint", catch_exceptions=False
    )
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_kinds_are_those_that_there_are():
    assert command_line.KINDS == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_asked_and_ends_with_the_input(kind):
    shown = answered(*WORKED, "--kind", kind, "--seed", 1)
    assert shown.startswith("q leaves, ? shows the answer.")
    assert "\n1." in shown
    assert "until next time" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_without_a_target(kind):
    assert "\n1." in answered("--kind", kind, "--seed", 2)


def predicted(shown):
    """The gate that is asked about, by the name of its result."""
    return re.findall(r"pass back\?  (\w+) = ", shown)[-1]


SHARES = {"c": ["-4", "4"], "a": ["2", "2"], "d": ["2", "-2"], "J": ["2"]}


@pytest.mark.parametrize("seed", range(6))
def test_right_predictions_are_counted(seed):
    lines = []
    while True:  # the exercises of a seed are the same every time: one more is answered on every run
        shown = answered(*WORKED, "--kind", "predict", "--seed", seed, lines=lines)
        if "Score: 4 of 4" in shown:
            break
        lines += SHARES[predicted(shown)]
        assert len(lines) < 20, shown
    assert "longest streak 4" in shown
    assert shown.count("✓ Right.") == 7
    assert "✗" not in shown


def test_a_miss_is_told_and_the_second_shows_the_row():
    wrong = ["17", "17"] * 7
    shown = answered(*WORKED, "--kind", "predict", "--seed", 0, lines=wrong)
    assert "Score: 0 of 4" in shown
    assert "+2 × (−2) = −4" in shown
    assert shown.count("✗ Not yet: upstream times slope") >= 7
    kept = []
    while "pass back?  c = " not in (told := answered(*WORKED, "--kind", "predict", "--seed", 0, lines=kept)):
        kept += SHARES[predicted(told)]
    told = answered(*WORKED, "--kind", "predict", "--seed", 0, lines=[*kept, "4"])
    assert "✗ You kept w; multiply swaps: w receives upstream times x." in told


def test_a_right_answer_after_a_miss_counts_less():
    first = SHARES[predicted(answered(*WORKED, "--kind", "predict", "--seed", 0))]
    shown = answered(*WORKED, "--kind", "predict", "--seed", 0, lines=["999", *first])
    assert "Score: 0 of 1" in shown
    assert "✓ Right." in shown


def test_what_is_no_number_is_no_miss():
    first = SHARES[predicted(answered(*WORKED, "--kind", "predict", "--seed", 0))]
    shown = answered(*WORKED, "--kind", "predict", "--seed", 0, lines=["", "two", "1e", *first])
    assert shown.count("· That is no number") == 3
    assert "Score: 1 of 1" in shown


def test_a_question_mark_shows_the_answer():
    shown = answered(*TWICE, "--kind", "parts", "--seed", 0, lines=["?"])
    assert "One order:" in shown
    assert "Gradients add up in place" in shown
    assert "Score: 0 of 1" in shown


def cards(shown):
    return dict(re.findall(r"^  ([a-j])  (.+)$", shown, re.MULTILINE))


def test_orders_by_letters_joined_or_apart():
    shown = answered(*TWICE, "--kind", "order", "--seed", 0)
    letter = {text.split(" ")[0]: key for key, text in cards(shown).items()}
    assert set(letter) == {"Start", "e", "c", "d"}
    for order in (["Start", "e", "c", "d"], ["Start", "e", "d", "c"]):
        letters = [letter[name] for name in order]
        for typed in (" ".join(letters), "".join(letters), ", ".join(letters).upper()):
            assert "Score: 1 of 1" in answered(*TWICE, "--kind", "order", "--seed", 0, lines=[typed])
    bad = " ".join(letter[name] for name in ("Start", "c", "e", "d"))
    shown = answered(*TWICE, "--kind", "order", "--seed", 0, lines=[bad, "abc", bad])
    assert "✗ c needs the gradient of e first." in shown
    assert "· Write all letters in order" in shown
    assert "One order:" in shown


def test_the_gate_is_named_by_number_or_name():
    shown = answered(*WORKED, "--kind", "name", "--seed", 0)
    options = dict(re.findall(r"(\d) (\w+)", shown.split("input")[-1]))
    outcomes = [answered(*WORKED, "--kind", "name", "--seed", 0, lines=[number]) for number in options]
    assert sum("Score: 1 of 1" in o for o in outcomes) == 1
    assert sum("would pass back something else: " in o for o in outcomes) == len(options) - 1
    right = next(options[str(i)] for i, o in enumerate(outcomes, 1) if "Score: 1 of 1" in o)
    assert "Score: 1 of 1" in answered(*WORKED, "--kind", "name", "--seed", 0, lines=[right])
    assert "J = " not in shown, "the whole formula would say which gate it is"


def test_a_false_number_is_found_and_repaired():
    shown = answered(*WORKED, "--kind", "wrong", "--seed", 4)
    rows = re.findall(r"^  (\d+)  ", shown, re.MULTILINE)
    assert len(rows) >= 5
    outcomes = [answered(*WORKED, "--kind", "wrong", "--seed", 4, lines=[row]) for row in rows]
    found = [row for row, o in zip(rows, outcomes, strict=True) if "✓ Found." in o]
    assert len(found) == 1
    shown = answered(*WORKED, "--kind", "wrong", "--seed", 4, lines=[*found, "12345", "54321"])
    assert "Score: 0 of 1" in shown
    assert re.search(r"[-+−\d.]+ × \S+ = \S+$", shown, re.MULTILINE)
    assert "Choose one of the rows" in answered(*WORKED, "--kind", "wrong", "--seed", 4, lines=["0"])


def test_cards_that_were_not_known_come_back_once():
    known = answered(*TWICE, "--kind", "flip", lines=["", "3"] * 10)
    forgotten = answered(*TWICE, "--kind", "flip", lines=["", "1"] * 10)
    assert known.count("Enter turns") == 2
    assert forgotten.count("Enter turns") == 4
    assert "by x: y" in known


def test_an_interview_shows_the_answer_only_when_asked():
    shown = answered(*WORKED, "--kind", "interview", "--seed", 3)
    assert "reverse or forward mode" in shown
    assert "memory" not in shown
    shown = answered(*WORKED, "--kind", "interview", "--seed", 3, lines=["", ""])
    assert "What reverse mode pays for it is memory" in shown


def test_leaving_with_q_says_the_score():
    assert answered(lines=["q"]).rstrip().endswith("Nothing was answered: until next time.")


def test_ctrl_c_ends_politely(monkeypatch, capsys):
    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    practice("a*b", ["a=2", "b=3"], None, None, None, 0)
    assert "until next time" in capsys.readouterr().out


def test_the_streak():
    terminal = Terminal()
    for right in (True, True, None, False, True):
        terminal.count(right)
    assert terminal.score() == "Score: 3 of 4 right at the first try, longest streak 2."


def test_judging_stops_when_the_learner_leaves(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "quit")
    with pytest.raises(Left):
        Terminal().judge("", lambda text: Verdict(True, "Right."), lambda: "")


def test_as_a_process_with_a_pipe(tmp_path):
    (tmp_path / "model.py").write_text("def loss(w):\n    return (w * 3.0 - 1.0) ** 2\n", "utf-8")
    done = process("practice", "model.py:loss", "w=2", "--seed", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\n1.  " in done.stdout


def test_bad_input_is_refused():
    assert "no gradient flows" in refused(adjoint("practice", "floor(x)", "x=2.5"))
    assert "no exercise of the kind 'order'" in refused(adjoint("practice", "sin(x)", "x=2", "--kind", "order"))
    assert "x" in refused(adjoint("practice", "x*y", "y=2"))
    assert "--kind" in refused(adjoint("practice", "x*x", "x=2", "--kind", "riddle"))
    assert "--seed" in refused(adjoint("practice", "--seed", "two"))
