"""Small things that were wrong on a page once: what is cut, too small, without meaning or told in two ways."""

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.examples import example_file, worked
from browser.player import Player


def test_a_run_that_stops_between_two_operations_has_the_banner_too(visit):
    def f(x):
        z = np.log(x * 2.0)
        if z.item() > 0:
            raise ValueError("boom")
        return z

    page = visit(ad.explain(f)(3.0)).page
    player = Player(page)
    assert page.locator(".banner span").first.inner_text() == "✗ The run stopped after its last operation."
    page.locator(".banner button").click()
    assert player.read()["heading"] == "Forward 2 of 2"
    assert "ValueError: boom" in page.locator(".failure").inner_text()


def test_a_group_passes_nothing_back_to_whole_numbers(visit):
    def score(x, w, labels):
        with ad.scope("hidden"):
            h = np.tanh(x * w)
        with ad.scope("chosen"):
            return np.sum(np.square(h)[labels])

    document = ad.explain(score)(numpy.ones(3), numpy.arange(3.0), numpy.array([0, 2])).to_dict()
    for group in document["groups"]:
        group["open"] = False
    page = visit(document).page
    player = Player(page)
    player.press("b", "ArrowRight")
    names = page.locator(".equation .named .under").all_inner_texts()
    assert len(names) == 2
    assert not any("labels" in name for name in names)
    assert "·" not in page.locator(".equation .tile").all_inner_texts()


@pytest.mark.parametrize("colors", ["none", "active"])
def test_a_comment_ends_before_the_value_of_its_line(visit, colors):
    page = visit(worked("neuron"), forced_colors=colors).page
    Player(page).press("End")
    found = page.evaluate(
        """() => [...document.querySelectorAll(".line-button:has(.line-value)")].map((l) => {
          const range = document.createRange();
          range.selectNodeContents(l.querySelector(".line-value"));
          const comment = l.querySelector(".comment");
          return { room: range.getBoundingClientRect().left - comment.getBoundingClientRect().right,
            whole: comment.scrollWidth <= comment.clientWidth, dots: getComputedStyle(comment).textOverflow };
        })"""
    )
    assert len(found) > 10
    assert all(line["room"] >= 4 for line in found)
    assert any(not line["whole"] for line in found)
    assert {line["dots"] for line in found} == {"ellipsis"}


def test_small_tensors_can_be_seen_in_the_equation(visit):
    module = example_file("networks")
    document = ad.explain(module.convolution)(*module.EXAMPLES[module.convolution]).to_dict()
    for group in document["groups"]:
        group["open"] = True
    page = visit(document).page
    player = Player(page)
    player.press("End")
    by_name = {}
    for tile in page.locator(".equation .named").all():
        heat = tile.locator(".heat")
        if heat.count():
            by_name[tile.locator(".under").inner_text()] = heat.bounding_box()
    assert len(by_name) >= 2
    assert all(24 <= box["height"] <= 40 for box in by_name.values())
    player.press("b")
    heights = []
    for _ in range(len(document["backward"]) - 1):
        player.press("ArrowRight")
        heights += [h.bounding_box()["height"] for h in page.locator(".rows td > .heat").all()]
    assert heights
    assert min(heights) >= 24


@pytest.mark.parametrize("name", ["neuron", "convolution"])
def test_a_word_stands_and_a_letter_leans_in_every_formula(visit, name):
    """A formula is MathML where it is short enough, else the function and its inputs."""
    module = example_file("networks" if name == "convolution" else "worked_examples")
    function = getattr(module, name)
    page = visit(ad.explain(function)(*module.EXAMPLES[function])).page
    Player(page)
    leaning = page.evaluate(
        """() => [...document.querySelectorAll(".formula i")]
          .filter((e) => getComputedStyle(e).fontStyle === "italic").map((e) => e.textContent)"""
    )
    assert not any(len(text.rstrip("0123456789")) > 1 for text in leaning)
    head = page.locator(".formula").inner_text()
    assert head.startswith(name)
