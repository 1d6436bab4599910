"""docs/primitives.md is what the records say now."""

from dataclasses import replace
from pathlib import Path

from adjoint.primitives import document
from adjoint.primitives.record import REGISTRY

PAGE = Path(__file__).parents[2] / "docs" / "primitives.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == document.page(), "run python -m adjoint.primitives.document"


def test_every_record_stands_on_the_page_once():
    lines = document.page().splitlines()
    assert sorted(line[4:] for line in lines if line.startswith("### ")) == sorted(REGISTRY)


def test_a_changed_record_changes_the_page(monkeypatch):
    from adjoint.primitives import elementwise

    changed = replace(elementwise.sin, domain="somewhere")
    monkeypatch.setitem(REGISTRY, "sin", changed)
    monkeypatch.setattr(elementwise, "sin", changed)
    assert document.page() != PAGE.read_text(encoding="utf-8")


def test_main_writes_where_it_is_told(tmp_path, monkeypatch, capsys):
    place = tmp_path / "page.md"
    monkeypatch.setattr("sys.argv", ["document", str(place)])
    document.main()
    assert place.read_text(encoding="utf-8") == document.page()
    assert str(place) in capsys.readouterr().out
