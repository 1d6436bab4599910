"""Pages: how scripts come together, what a page admits, and what it holds."""

import base64
import hashlib
import html
import json
import re
import zlib

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.view import page, sheets

HOSTILE = '</script><script>alert(1)</script><!--"&\u2028'


def test_the_scripts_stay_small():
    assert len(page.player_script().encode()) <= 150_000
    assert len(page.player_style().encode()) <= 23_500


SHEETS = {
    "p { margin: 0.5em 10.5px; padding: 0 }": "p{margin:.5em 10.5px;padding:0}",
    ".a { color: #AABBCC; background: #AABBC0; }": ".a{color:#ABC;background:#AABBC0}",
    "[hidden] { display: none !important } /* out */": "[hidden]{display:none!important}",
    "@media (max-width: 9px) and (min-height: 2px) { p { top: 0 } }": "@media(width<=9px) and (height>=2px){p{top:0}}",
    "@media print { @page { margin: 14mm; } }": "@media print{@page{margin:14mm}}",
    "@keyframes go { from { top: 0; } to { top: 1px; } }": "@keyframes go{from{top:0}to{top:1px}}",
    ".tile {top:0} .tile.pos {top:1px} .tile > b {top:2px} .tile td, .tile:hover .x {top:3px}": (
        ".tile{top:0;&.pos{top:1px}>b{top:2px}& td,&:hover .x{top:3px}}"
    ),
    ".tile {top:0} .tiles b {top:1px} .tile-row {top:2px}": ".tile{top:0}.tiles b{top:1px}.tile-row{top:2px}",
    ".list li + li {top:0} .list, .other {top:1px}": ".list li+li{top:0}.list,.other{top:1px}",
    ".graph > svg, .graph > .big {top:0} .graph .a {top:1px} .graph {top:2px}": (
        ".graph{>svg,>.big{top:0}.a{top:1px}}.graph{top:2px}"
    ),
}


@pytest.mark.parametrize("written", SHEETS)
def test_a_style_sheet_in_few_bytes_says_the_same(written):
    assert sheets.tight(written) == SHEETS[written]


def test_scripts_come_together_in_the_order_of_their_needs(tmp_path, monkeypatch):
    files = {
        "a.js": '/** A. */\nimport { two } from "./b.js";\nexport const one = two + 1;\n',
        "b.js": "// two\nexport const two = 2;\n",
    }
    monkeypatch.setattr(page, "_read", lambda name, packages: files[name])
    text = page.assembled("a.js")
    assert page.closed(text) == '(()=>{"use strict";let a=2,b=a+1})();'
    files["b.js"] += "const one = 3;\n"
    with pytest.raises(page.PageError, match="one is defined in"):
        page.assembled("a.js")
    files["b.js"] = "export default 3;\n"
    with pytest.raises(page.PageError, match="in a form that is not known"):
        page.assembled("a.js")


def test_a_missing_script_is_named():
    with pytest.raises(page.PageError, match=r"no script 'missing\.js'"):
        page.assembled("missing.js")


def story_in(text):
    form, content = re.search(r'<script type="[^"]*"( data-form="deflate")? id="story">([^<]*)</script>', text).groups()
    return json.loads(zlib.decompress(base64.b64decode(content)) if form else content)


def test_a_page_admits_its_own_script_and_style_and_nothing_else():
    text = page.story_page(ad.explain(lambda x: x * x)(3.0).to_dict())
    policy = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'none'"
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    for rule, inside in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.search(r"<[^>]+\s(?:style|on\w+)\s*=", text.replace(script, "").replace(style, ""))
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", text.replace(script, "").replace(style, "")).replace(
        "http-equiv", ""
    )


def test_hostile_names_stay_names():
    x = ad.tensor(2.0, requires_grad=True, name=HOSTILE)
    story = (x * x).explain(title=HOSTILE)
    text = page.story_page(story.to_dict())
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<!--" not in text
    assert story_in(text) == story.to_dict()


def test_large_stories_are_stored_deflated():
    x = np.linspace(0.0, 1.0, 40)

    def f(a):
        for i in range(40):
            a = anp.sin(a) + x[i]
        return anp.sum(a)

    document = ad.explain(f)(x).to_dict()
    small = page.story_page(document)
    assert "data-form" not in small
    document["title"] = "x" * page.DEFLATED
    assert 'data-form="deflate"' in page.story_page(document)
    assert story_in(page.story_page(document)) == document


def test_without_scripts_a_page_has_the_picture_and_the_gradients():
    text = page.story_page(ad.explain(lambda w, x: (w * x) ** 2)(3.0, -2.0).to_dict())
    still = text[text.index('<div id="player">') : text.index('<script type="application/json"')]
    assert "<svg" in still
    assert re.findall(r"<td>([^<]*)</td>", still) == ["w", "3", "24", "x", "−2", "−36"] or re.findall(
        r"<td>([^<]*)</td>", still
    ) == ["w", "3", "+24", "x", "−2", "−36"]


def test_a_failed_run_says_so_without_scripts():
    def f(x):
        return anp.ones((2, 3)) @ (x * anp.ones((2,)))

    still = page.story_page(ad.explain(f)(1.0).to_dict())
    assert "ShapeError" in still[: still.index('<script type="application/json"')]
