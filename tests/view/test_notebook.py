"""What notebooks show: every bundle has text, the rest is markup without scripts of the page around it."""

import html
import re
import sys
import types

import numpy as np
import pytest

import adjoint as ad
from adjoint.errors import UnsupportedError

HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_story_is_the_player_in_a_frame_of_its_own():
    story = ad.explain(lambda x: x * x, title=HOSTILE)(3.0)
    forms = story._repr_mimebundle_()
    assert forms["text/plain"] == str(story)
    frame = forms["text/html"]
    assert frame.startswith("<iframe srcdoc=")
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert "<img" not in frame
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1])
    assert inside.startswith("<!doctype html>")
    assert "Content-Security-Policy" in inside


def test_a_graph_is_a_picture_and_a_large_one_text():
    graph = ad.Graph.define({"c": ("multiply", "w", "x")}, output="c")
    assert "<svg" in graph._repr_mimebundle_()["text/html"]
    x = ad.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200):
        y = y * x
    assert list(ad.Graph.from_outputs(y)._repr_mimebundle_()) == ["text/plain"]


def test_a_tensor_is_a_heat_map_with_statistics():
    x = ad.tensor(np.arange(-6.0, 6.0).reshape(3, 4), requires_grad=True, name=HOSTILE)
    (x * x).sum().backward()
    forms = x._repr_mimebundle_()
    assert forms["text/plain"] == repr(x)
    assert forms["text/html"].count("<svg") == 2
    assert "min −6, max 5" in forms["text/html"] or "min −6, mean" in forms["text/html"]
    assert "<img" not in forms["text/html"]
    assert "<svg" not in ad.tensor(2.0)._repr_mimebundle_()["text/html"]
    assert "no entries" not in ad.tensor(np.zeros((0, 3)))._repr_mimebundle_()["text/html"]


def test_reports_keep_their_columns():
    x = ad.tensor(2.0, requires_grad=True)
    for report in (
        ad.check(lambda x: x * x)(2.0),
        ad.why_zero(lambda x, y: x)(2.0, 3.0),
        ad.saved(x * x),
    ):
        forms = report._repr_mimebundle_()
        assert forms["text/plain"] == str(report)
        assert forms["text/html"] == f"<pre>{html.escape(str(report))}</pre>"
        assert list(report._repr_mimebundle_(include={"text/plain"})) == ["text/plain"]


def test_show_publishes_in_a_notebook_and_prints_elsewhere(monkeypatch, capsys):
    story = ad.explain(lambda x: x * x)(3.0)
    story.show()
    assert "x × x" in capsys.readouterr().out
    told = []
    shell = types.SimpleNamespace(kernel=object(), display_pub=types.SimpleNamespace(publish=told.append))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    story.show()
    assert [sorted(forms) for forms in told] == [["text/html", "text/plain"]]
    assert capsys.readouterr().out == ""


def test_show_as_a_page_opens_a_private_file(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    ad.explain(lambda x: x * x)(3.0).show(page=True)
    (file,) = tmp_path.rglob("*.html")
    assert opened == [file.as_uri()]
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    with pytest.raises(UnsupportedError, match="no browser"):
        ad.explain(lambda x: x * x)(3.0).show(page=True)
    assert len(list(tmp_path.rglob("*.html"))) == 1
