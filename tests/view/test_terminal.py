"""Stories in terminals and files: colours only on a terminal, never markup, and files whole or not at all."""

from __future__ import annotations

import io
import json
import re

import pytest

import adjoint as ad
from adjoint.errors import ArgumentError, InputFileError
from adjoint.view.terminal import show


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def story():
    return ad.explain(lambda a, b: a * b + b, title="[red]title[/red]\x1b[31m")(2.0, -3.0)


def test_without_a_terminal_it_is_plain_text(story, capsys):
    story.show()
    assert capsys.readouterr().out == str(story) + "\n"
    assert "\x1b" not in str(story)


def test_a_terminal_shows_colours_and_no_markup(story, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    show(story, stream, width=100)
    told = stream.getvalue()
    assert "[red]title[/red][31m" in told  # as text: the escape character is gone, the brackets are no markup
    assert "\x1b[31m" not in told
    assert "\x1b[1;38;5;33m" in told  # positive
    assert "\x1b[1;38;5;166m" in told  # negative
    plain = story.text().split("Leaves")[0]
    for line in (line.strip() for line in plain.splitlines()[2:] if "∂" not in line and "title" not in line):
        assert line.split("  ")[-1].strip() in told


def test_saving_by_suffix(story, tmp_path):
    for name, starts in (
        ("a.svg", "<svg"),
        ("a.html", "<!doctype html>"),
        ("a.json", '{"adjoint_story":1'),
        ("a.TXT", "[red]title"),
    ):
        story.save(tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(starts)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == story.to_dict()
    story.save(str(tmp_path / "b.svg"), view="textbook", theme="dark")
    assert (tmp_path / "b.svg").read_text("utf-8") != (tmp_path / "a.svg").read_text("utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.TXT", "a.html", "a.json", "a.svg", "b.svg"]


@pytest.mark.parametrize("name", ["a.htm", "a.png", "a", ".svg"])
def test_an_unknown_suffix_names_what_is_possible(story, tmp_path, name):
    with pytest.raises(ArgumentError, match=r"cannot be saved as") as caught:
        story.save(tmp_path / name)
    assert ".html (a page to step through), .svg (a picture), " in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 5])
def test_what_names_no_file_is_refused(story, path):
    with pytest.raises(ArgumentError, match="names none"):
        story.save(path)


@pytest.mark.parametrize("suffix", ["html", "svg", "json", "txt"])
def test_a_file_that_cannot_be_written(story, tmp_path, suffix):
    with pytest.raises(InputFileError, match="cannot write"):
        story.save(tmp_path / "missing" / f"a.{suffix}")


def test_a_file_is_replaced_whole_or_not_at_all(story, tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    target.write_text("before", "utf-8")

    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(InputFileError, match="No space left"):
        story.save(target)
    assert target.read_text("utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_narrow_terminal_loses_no_number(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    show(ad.explain(lambda a, b: a * b + a / b)(1.25, -3.5), stream, width=44)
    told = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue())
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= 44
