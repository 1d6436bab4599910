"""A page asks nothing of any network, runs nothing but its own script, and shows hostile names as the text they are."""

import re
from xml.etree import ElementTree

import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.examples import worked
from browser.expected import Walk
from browser.player import Player

MARKUP = (
    '<img src=x onerror="window.ran=1">',
    "</script><script>window.ran=2</script>",
    '<math href="javascript:window.ran=3"><mtext>m</mtext></math>',
    '<svg onload="window.ran=4">',
    "'\"><a href='javascript:window.ran=5'>x</a>",
    "${window.ran=6}{{7*7}}<!--",
)


def test_no_request_leaves_the_page(visit):
    """Everything that the page offers is used once; the fixture then finds no request but for the file itself."""
    opened = visit(worked("neuron"))
    player = Player(opened.page)
    for key in [
        "End",
        "Home",
        "b",
        "v",
        "v",
        "t",
        "t",
        "s",
        "s",
        "c",
        "i",
        "/",
        "Escape",
        "p",
        "Escape",
        "f",
        "0",
        "?",
    ]:
        player.press(key)
    opened.page.keyboard.press("Escape")
    for tab in ("gradients", "chain", "memory", "cost", "node"):
        player.tab(tab)
    opened.page.get_by_role("button", name="Export").click()
    with opened.page.expect_download():
        opened.page.get_by_role("button", name="Story (JSON)").click()
    outside = [url for url in opened.requests if not url.startswith(("blob:", "data:"))]
    assert len(outside) == 1
    assert outside[0].startswith("file:")


ATTEMPTS = {
    "an inline script": "add('script', {textContent: 'window.ran = 1'})",
    "an inline handler": "const d = add('div'); d.setAttribute('onclick', 'window.ran = 1'); d.click()",
    "a script of another file": "add('script', {src: 'data:text/javascript,window.ran=1'})",
    "evaluated text": "setTimeout('window.ran = 1', 0)",
    "a frame with a script": "add('iframe', {srcdoc: '<script>parent.ran = 1</script>'})",
    "a frame of another page": "add('iframe', {src: 'https://example.com/'})",
    "a style": "add('style', {textContent: 'body { opacity: 0.5 }'})",
    "a request": "fetch('https://example.com/').catch(() => 0)",
    "an image elsewhere": "add('img', {src: 'https://example.com/a.png'})",
    "a form": "add('form', {action: 'https://example.com/'}).submit()",
}
WATCH = """() => {
  window.blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.violatedDirective));
  window.add = (tag, given) => {
    const made = Object.assign(document.createElement(tag), given || {});
    document.body.append(made);
    return made;
  };
}"""


@pytest.mark.parametrize("what", ATTEMPTS)
def test_the_policy_of_the_page_stops(visit, what):
    opened = visit(worked("sine"))
    page = opened.page
    page.evaluate(WATCH)
    page.evaluate(f"() => {{ {ATTEMPTS[what]} }}")
    for _ in range(100):  # what happens in the frame is told to the console alone
        if opened.complaints and ("frame with" in what or page.evaluate("() => window.blocked.length")):
            break
        page.wait_for_timeout(50)
    assert page.evaluate("() => window.ran") is None
    assert page.evaluate("() => getComputedStyle(document.body).opacity") == "1"
    assert opened.complaints, "the browser says what it refused"
    assert "frame with" in what or page.evaluate("() => window.blocked.length")
    assert all("Content Security Policy" in said for said in opened.complaints)
    opened.complaints.clear()
    opened.requests[:] = [url for url in opened.requests if url.startswith("file:")]


@pytest.fixture(params=["a picture", "a large graph"])
def hostile(request):
    """A story whose every name is markup: inputs, title, scopes, file, source lines, formulas, notes."""
    first, second, third = MARKUP[:3]

    def function(a, b):
        with ad.scope(MARKUP[3]), ad.scope(MARKUP[4]):
            c = a * b
            d = np.sin(c) + a
        return d * b

    a = ad.tensor(2.0, requires_grad=True, name=first)
    b = ad.tensor(0.5, requires_grad=True, name=second)
    document = function(a, b).explain(title=third).to_dict()
    named = [n for n in document["nodes"] if n["kind"] == "op"]
    for node, name in zip(named, MARKUP * 3):
        node.update(name=name, site=f"{name}.py:3 {name}", note=name, line=3)
    document["source"] = {"file": MARKUP[0], "lines": {"3": MARKUP[1]}}
    document["code"] = [f"{line}  # {MARKUP[i % 6]}" for i, line in enumerate(document["code"])]
    for gate in document["gates"].values():
        gate["back"] = MARKUP[0] + " passes."
    for edge in document["edges"]:
        edge["mathml"] = (
            "<mi onclick='window.ran=8'>s</mi><script>window.ran=9</script><img src='x' onerror='window.ran=10'/>"
        )
    document["expr"] = {
        "text": MARKUP[0] + " = 1",
        "mathml": '<mi href="javascript:window.ran=11" data-n="2">m</mi><iframe src="javascript:1"/>',
    }
    for memory in document["memory"]:
        memory["why"] = MARKUP[3]
    if request.param == "a large graph":
        for group in document["groups"]:
            group["open"] = False
    return document


def test_names_with_markup_are_text_and_run_nothing(visit, hostile):
    opened = visit(hostile)
    player, page = Player(opened.page), opened.page
    # Everything is shown once, and the pointer goes over all of it.
    for seen in player.read_each(range(len(Walk(hostile).stops))):
        assert seen["heading"]
    player.press("v")
    for tab in ("gradients", "chain", "memory", "cost", "node"):
        player.tab(tab)
    player.press("/")
    page.keyboard.type("<img")
    assert "1 of" in player.text(".found")
    assert "<img src=x" in player.read()["said"]
    player.press("Escape", "?")
    page.get_by_role("button", name="Text view").click()
    assert MARKUP[2] in page.locator("dialog[open]").inner_text()
    player.press("Escape", "p")
    assert page.evaluate("() => window.ran") is None
    names = page.evaluate(
        """() => [...new Set(Array.from(document.querySelectorAll("#player *"), (e) => e.localName))]"""
    )
    assert not {"img", "script", "iframe", "a", "object", "style"} & set(names)
    attributes = page.evaluate(
        """() => Array.from(document.querySelectorAll("#player *"), (e) => e.getAttributeNames()).flat()"""
    )
    assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "srcdoc")]
    # Whole names stand in titles and tables, as they are.
    told = page.evaluate("() => document.documentElement.textContent")
    assert all(name in told for name in MARKUP[:3])
    assert page.title() == f"{MARKUP[2]} · adjoint"
    assert page.locator("h1").inner_text() == MARKUP[2]


def test_pictures_and_exports_of_hostile_names_are_harmless(visit, hostile, tmp_path):
    player = Player(visit(hostile).page)
    page = player.page
    for name, ending in (("Picture (SVG)", "svg"), ("Page (HTML)", "html"), ("Graph (DOT)", "dot")):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as got:
            page.get_by_role("button", name=name, exact=True).click()
        path = tmp_path / f"saved.{ending}"
        got.value.save_as(path)
        text = path.read_text(encoding="utf-8")
        if ending == "svg":
            elements = list(ElementTree.fromstring(text).iter())
            assert {e.tag.rpartition("}")[2] for e in elements} <= {"svg", "title", "rect", "path", "text", "tspan"}
            assert not [a for e in elements for a in e.attrib if a.startswith("on") or "href" in a]
        if ending == "html":
            again = Player(visit(path).page)
            assert again.page.evaluate("() => window.ran") is None
            assert again.page.locator("h1").inner_text() == MARKUP[2]
        if ending == "dot":
            assert len(re.findall(r"^  n\d+ \[label=\"(?:[^\"\\]|\\.)*\", shape=\w+\];$", text, re.M)) == len(
                hostile["nodes"]
            )
