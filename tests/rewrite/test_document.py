"""docs/rewrites.md is what the rules say now."""

from pathlib import Path

from adjoint.rewrite import document
from adjoint.rewrite.passes import ALL

PAGE = Path(__file__).parents[2] / "docs" / "rewrites.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == document.page(), "run python -m adjoint.rewrite.document"


def test_every_rule_stands_on_the_page_once():
    rows = [line.split(" | ")[0][2:] for line in document.page().splitlines() if line.startswith("| ")]
    for rule in {r for one in ALL for r in one.rules}:
        assert rows.count(rule.name) == 1


def test_main_writes_where_it_is_told(tmp_path, monkeypatch, capsys):
    place = tmp_path / "page.md"
    monkeypatch.setattr("sys.argv", ["document", str(place)])
    document.main()
    assert place.read_text(encoding="utf-8") == document.page()
    assert str(place) in capsys.readouterr().out
