"""Light and dark, forced colours, reduced motion and paper; and the contrasts of all colours in the style sheet."""

import re
from importlib import resources
from itertools import product

import pytest

from adjoint.view.page import PLAYER
from browser.examples import worked
from browser.player import Player


def tokens():
    """The colours by name, of the light and of the dark theme, as the style sheet has them."""
    style = resources.files(PLAYER).joinpath("tokens.css").read_text("utf-8")
    found = []
    for block in re.findall(r":root(?:\.dark)? {([^}]*)}", style)[:2]:
        found.append({name: value.lower() for name, value in re.findall(r"--([a-z0-9]+): (#[0-9A-Fa-f]{6})", block)})
    return dict(zip(("light", "dark"), found, strict=True))


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("page", "stage", "panel")
TEXT = [
    *product(("ink", "ink2", "pos", "neg", "zero", "ok", "bad"), GROUNDS),
    *((tone, f"{tone}bg") for tone in ("pos", "neg", "zero", "ok", "bad")),
    *product(("ink", "ink2"), ("zerobg",)),
    *(("ink", f"{tone}bg") for tone in ("pos", "neg", "ok", "bad")),
    ("ink", "here"),
    ("bad", "here"),
    ("panel", "ink"),
]
GRAPHICS = [*product(("edge", "wire", "ring"), GROUNDS), ("ring", "here")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrasts_of_all_tokens(theme):
    colours = tokens()[theme]
    assert len(colours) == 20
    poor = [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in TEXT if contrast(colours[a], colours[b]) < 4.5
    ]
    faint = [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in GRAPHICS if contrast(colours[a], colours[b]) < 3
    ]
    assert poor == faint == []


# How a colour looks without one kind of cones, in linear light.
BLIND = {
    "protanopia": ((0.1121, 0.8853, -0.0005), (0.1127, 0.8897, -0.0001), (0.0045, 0.0, 1.0019)),
    "deuteranopia": ((0.2920, 0.7054, -0.0003), (0.2934, 0.7089, 0.0), (-0.0210, 0.0256, 0.9992)),
    "tritanopia": ((1.0180, 0.1354, -0.1535), (0.0, 0.8500, 0.1543), (0.0, 0.5520, 0.5130)),
}


def lab(linear):
    rows = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    white = (0.95047, 1.0, 1.08883)
    x, y, z = (sum(a * b for a, b in zip(row, linear)) / w for row, w in zip(rows, white))
    f = lambda t: t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
    return 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", BLIND)
def test_blue_and_orange_stay_apart_for_the_colour_blind(theme, kind):
    def seen(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return lab([min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear)))) for row in BLIND[kind]])

    colours = tokens()[theme]
    apart = sum((a - b) ** 2 for a, b in zip(seen(colours["pos"]), seen(colours["neg"]))) ** 0.5
    assert apart > 60


def hexed(text):
    return "#" + "".join(f"{int(n):02x}" for n in re.findall(r"\d+", text)[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_of_the_system_and_the_button(visit, scheme):
    colours = tokens()
    player = Player(visit(worked("sine"), color_scheme=scheme).page)
    page = player.page
    player.press("End")
    other = {"light": "dark", "dark": "light"}[scheme]
    for theme in (scheme, other):
        ground = page.evaluate("() => getComputedStyle(document.querySelector('.look')).backgroundColor")
        ink = page.evaluate("() => getComputedStyle(document.querySelector('.graph .value')).fill")
        pill = page.evaluate("() => getComputedStyle(document.querySelector('.graph text.grad')).fill")
        assert hexed(ground) == colours[theme]["stage"]
        assert hexed(ink) == colours[theme]["ink"]
        assert hexed(pill) in (colours[theme]["pos"], colours[theme]["neg"])
        button = page.get_by_role("button", name=f"{'Light' if theme == 'dark' else 'Dark'} theme")
        assert button.count() == 1
        button.click()


def test_forced_colours_keep_every_mark(visit):
    player = Player(visit(worked("max_gate"), forced_colors="active").page)
    page = player.page
    player.press("End")
    for query in (".graph .items .shape", ".graph .wire path", ".graph .value", ".graph text.grad"):
        for element in page.locator(query).all():
            fill, stroke = element.evaluate("(e) => [getComputedStyle(e).fill, getComputedStyle(e).stroke]")
            assert fill != "none" or stroke != "none"
    # Forward lanes are solid, backward ones dashed: colours cannot tell them apart here.
    dashes = page.evaluate(
        """() => Array.from(document.querySelectorAll(".graph .wire path[fill=none]"), (p) =>
          [p.getAttribute("stroke"), getComputedStyle(p).strokeDasharray !== "none"])"""
    )
    assert any(stroke == "var(--wire)" and not dashed for stroke, dashed in dashes)
    assert all(dashed for stroke, dashed in dashes if stroke in ("var(--pos)", "var(--neg)"))
    assert not any(dashed for stroke, dashed in dashes if stroke == "var(--wire)")
    player.press("b")
    current = page.locator(".code [aria-current]").first
    assert current.evaluate("(e) => parseFloat(getComputedStyle(e).outlineWidth)") >= 2


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_motion_only_where_it_is_welcome(visit, motion):
    player = Player(visit(worked("sine"), reduced_motion=motion).page)
    page = player.page
    page.evaluate(
        "() => { window.began = []; addEventListener('animationstart', (e) => began.push(e.animationName)); }"
    )
    for _ in range(4):
        player.press("ArrowRight")
        page.wait_for_timeout(60)
        # What moves begins with the next frame, however late a busy machine draws it.
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    began = set(page.evaluate("() => window.began"))
    if motion == "reduce":
        assert began == set()
    else:
        assert {"stage-fade", "stage-lane"} <= began
    # Whatever moves, the numbers are all there at once for those who ask.
    assert player.read()["heading"] == "Backward 1 of 2"


def test_on_paper(visit):
    player = Player(visit(worked("squared_error"), color_scheme="dark").page)
    page = player.page
    player.press("b", "ArrowRight", "ArrowRight")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    colours = tokens()["light"]
    for gone in (".transport", ".bar button", ".tabs", ".stage"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator(".printed svg").is_visible()
    picture = page.locator(".printed svg").text_content()
    for text in ("w", "−4", "+2", "squar"):
        assert text in picture
    ink = page.evaluate("() => getComputedStyle(document.querySelector('.sentence')).color")
    assert hexed(ink) == colours["ink"]
    assert page.locator(".formula math").is_visible()
    assert page.locator(".step-heading").inner_text() == "Backward 2 of 5"
    assert page.locator("#panel-gradients tbody tr").count() == 4
    lines = page.locator(".code .line-button")
    assert lines.count() == len(worked("squared_error").to_dict()["code"])
    assert lines.last.is_visible()
    page.emulate_media(media="screen")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator(".transport").is_visible()
    assert page.locator(".printed svg").count() == 0
    assert page.evaluate("() => document.documentElement.classList.contains('dark')")
    assert player.read()["facts"]["value"]


def test_a_printed_file_has_its_pages(visit, tmp_path):
    player = Player(visit(worked("neuron")).page)
    player.press("End")
    made = player.page.pdf(path=tmp_path / "printed.pdf")
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) in (1, 2, 3)
