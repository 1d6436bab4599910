"""Practice in the page: what is asked is hidden everywhere, answers are judged with reasons, all by keyboard."""

import re

import pytest

from browser.player import Player
from explain.worked import story_of

KINDS = ("predict", "order", "parts", "name", "wrong", "flip", "interview")


class Practice:
    """Practice in one page: its bar, its boxes and its cards."""

    def __init__(self, visit, name, kind=None, **settings):
        self.story = story_of(name)
        self.document = self.story.to_dict()
        self.page = visit(self.story, **settings).page
        self.player = Player(self.page)
        self.page.keyboard.press("p")
        if kind is not None:
            self.kind(kind)

    def kind(self, name):
        self.page.get_by_label("Exercise", exact=True).and_(self.page.locator("select")).select_option(name)

    def exercises(self, kind):
        return [e for e in self.document["exercises"] if e["kind"] == kind]

    def boxes(self):
        return self.page.locator(".guess:visible")

    def type(self, *texts):
        """Fills the boxes one after the other, as a keyboard does, and presses Enter."""
        for at, text in enumerate(texts):
            self.boxes().nth(at).focus()
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def shares(self):
        """The numbers that the boxes ask for, by the names of their inputs."""
        asked = {}
        for box in self.boxes().all():
            label = box.get_attribute("aria-label")
            name = re.search(r"back to (\w+)|/∂(\w+),", label)
            asked[label] = name[1] or name[2]
        return asked

    @property
    def verdict(self):
        return self.page.inner_text(".verdict")

    @property
    def score(self):
        return self.page.inner_text(".score")

    @property
    def said(self):
        return self.page.text_content("[role=status].for-readers")


def test_predictions_are_hidden_everywhere_and_right_ones_counted(visit):
    practice = Practice(visit, "sum_times_input")
    # f = q * z: q receives z, and z receives q.
    seen = practice.player.read()
    assert practice.player.focused == "What passes back to q"
    assert [text for _, text, *_ in seen["lines"] if text == "?"] == ["?", "?"]
    assert sorted(seen["gradients"].values()) == ["+1", "?", "?"]
    practice.type("-4", "6/2")
    assert practice.verdict.startswith("✓ Right.")
    assert "+1 × 3 = +3" in practice.verdict
    assert practice.score == "1 of 1 right · streak 1"
    assert "?" not in practice.player.read()["gradients"].values()
    assert practice.player.focused == "Next"
    practice.page.keyboard.press("Enter")
    assert list(practice.shares().values()) == ["x", "y"]
    practice.type("−4", "-4.0")
    assert practice.score == "2 of 2 right · streak 2"


def test_mistakes_are_told_and_the_second_shows_the_row(visit):
    practice = Practice(visit, "half_squared_error")
    while list(practice.shares().values()) != ["w", "x"]:
        practice.page.click("text=Why?")
        practice.page.click("text=Next")
    practice.type("4", "4")
    assert practice.verdict == "✗ w: You kept w; multiply swaps: w receives upstream times x."
    assert "You kept w" in practice.said
    assert practice.player.focused == "What passes back to w"
    assert practice.boxes().count() == 1, "what was right stays"
    practice.type("two")
    assert "That is no number" in practice.verdict
    practice.type("-4.01")
    assert "Close: keep one more digit." in practice.verdict
    practice.type("17")
    assert "w: +2 × (−2) = −4" in practice.verdict
    assert practice.boxes().count() == 0
    assert practice.player.read()["gradients"][0] == "−4"


def test_branches_are_asked_for_together(visit):
    practice = Practice(visit, "used_twice")
    while len(practice.shares()) != 3:
        practice.page.click("text=Why?")
        practice.page.click("text=Next")
    assert practice.player.read()["gradients"].get(1) == "?"
    practice.type("2", "2", "2")
    assert practice.verdict == "✗ b: One branch only: add the other."
    practice.type("5")
    assert practice.verdict.startswith("✓ Right.")
    assert practice.player.read()["gradients"][1] == "+5"


def test_levels_hide_the_slope_and_upstream(visit):
    practice = Practice(visit, "half_squared_error")
    for level, hidden in (("1", []), ("2", ["local"]), ("3", ["local", "up"])):
        practice.page.get_by_label("Level").select_option(level)
        tiles = practice.page.locator("section.told [data-tile]").all()
        assert sorted(t.get_attribute("data-tile") for t in tiles if t.inner_text() == "?") == hidden
    practice.page.reload()
    practice.page.keyboard.press("p")
    assert practice.page.get_by_label("Level").input_value() == "3", "the level stays in this browser"


def right_order(practice):
    return [str(step) for step in sorted(practice.exercises("order")[0]["steps"])]


def arrange(practice, order):
    """Sorts the cards with Alt and the arrow keys alone."""
    for place, key in enumerate(order):
        practice.page.locator(f".card[data-key='{key}']").focus()
        while practice.page.locator(".card").nth(place).get_attribute("data-key") != key:
            practice.page.keyboard.press("Alt+ArrowUp")


def test_cards_are_put_in_order_by_keyboard(visit):
    practice = Practice(visit, "used_twice", "order")
    order = right_order(practice)
    arrange(practice, [order[0], order[3], order[1], order[2]])
    assert practice.said.endswith("3 of 4.")
    practice.page.click("text=Check")
    assert practice.verdict == "✗ c needs the gradient of e first."
    assert practice.page.locator(".card.wrong").get_attribute("data-key") == order[3]
    # The gates c and d may come in any order.
    arrange(practice, [order[0], order[1], order[3], order[2]])
    practice.page.click("text=Check")
    assert practice.verdict.startswith("✓ Right.")
    assert practice.page.locator(".card.right").count() == 4


def test_cards_are_dragged(visit):
    practice = Practice(visit, "half_squared_error", "parts")
    cards = practice.page.locator(".card")
    first = cards.nth(0).get_attribute("data-key")
    boxes = [cards.nth(i).bounding_box() for i in (0, 3)]
    mouse = practice.page.mouse
    mouse.move(boxes[0]["x"] + 60, boxes[0]["y"] + 10)
    mouse.down()
    mouse.move(boxes[1]["x"] + 60, boxes[1]["y"] + 20, steps=8)
    mouse.move(boxes[1]["x"] + 60, boxes[1]["y"] + boxes[1]["height"] - 4, steps=3)
    mouse.up()
    assert cards.nth(3).get_attribute("data-key") == first
    arrange(practice, ["fetch", "forward", "loss", "backward", "zero", "update"])
    practice.page.click("text=Check")
    assert practice.verdict == "✗ Zeroing between backward and update wipes out what the update needs."
    arrange(practice, ["fetch", "forward", "loss", "zero", "backward", "update"])
    practice.page.click("text=Check")
    assert "Gradients add up in place" in practice.verdict


def test_the_gate_is_named(visit):
    practice = Practice(visit, "half_squared_error", "name")
    exercise = practice.exercises("name")[0]
    node = practice.document["backward"][exercise["step"]]["node"]
    right = practice.document["nodes"][node]["op"]
    assert practice.page.locator(".formula").is_hidden()
    assert practice.page.locator(f".graph [data-node='{node}']").first.get_attribute("aria-label").startswith("gate")
    wrong = next(o["op"] for o in exercise["options"] if o["op"] != right)
    practice.page.locator(f"[data-op={wrong}]").press("Enter")
    assert "would pass back something else: " in practice.verdict
    practice.page.locator(f"[data-op={right}]").press("Enter")
    assert practice.verdict.startswith("✓ Right: ")
    assert practice.score == "0 of 1 right · streak 0", "only the first try counts"
    assert practice.page.locator(".formula").is_visible()
    assert practice.page.locator(f".graph [data-node='{node}']").first.get_attribute("aria-label").startswith(right)


def test_a_false_number_is_shown_found_and_repaired(visit):
    practice = Practice(visit, "half_squared_error", "wrong")
    for exercise in practice.exercises("wrong"):
        part = next(
            p for p in practice.document["backward"][exercise["step"]]["parts"] if p["edge"] == exercise["edge"]
        )
        right = part[{"slope": "local", "share": "down", "sum": "sum"}[exercise["place"]]]
        rows = [(e["edge"], False) for s in practice.document["backward"] for e in s.get("parts", [])]
        place = rows.index((exercise["edge"], False))
        other = (place + 1) % len(rows)
        practice.page.locator(".row-option").nth(other).press("Enter")
        assert practice.verdict.startswith("✗ This one is right")
        practice.page.locator(".row-option").nth(place).press("Enter")
        assert practice.verdict.startswith("Found.")
        practice.type(repr(right))
        assert practice.verdict.startswith("✓ Right.")
        practice.page.click("text=Next")
    practice.page.keyboard.press("Escape")
    practice.player.press("End")
    seen = practice.player.read()["gradients"]
    assert [seen[i] for i in range(4)] == ["−4", "+4", "+2", "−2"], "the story is whole again"


def test_flip_cards_by_space_and_figures(visit):
    practice = Practice(visit, "half_squared_error", "flip")
    speed = practice.page.locator(".transport select").input_value()
    front = practice.page.inner_text(".front")
    practice.page.keyboard.press("Space")
    assert "slope by" in practice.page.inner_text(".back")
    practice.page.keyboard.press("1")
    order = [practice.page.inner_text(".front")]
    for _ in range(2):
        practice.page.keyboard.press("Space")
        practice.page.keyboard.press("3")
        order.append(practice.page.inner_text(".front"))
    assert front not in order[:2]
    assert order[2] == front, "what was not known returns after two others"
    assert practice.page.locator(".transport select").input_value() == speed, "figures are no speeds here"
    practice.page.keyboard.press("Escape")
    practice.page.keyboard.press("4")
    assert practice.page.locator(".transport select").input_value() != speed


def test_interview_answers_are_hidden_until_wanted(visit):
    practice = Practice(visit, "half_squared_error", "interview")
    first = practice.exercises("interview")[0]
    assert first["question"] in practice.page.inner_text(".task")
    assert first["answer"] not in practice.page.inner_text(".task")
    practice.type(str(first["number"]))
    assert practice.verdict.startswith("✓ Right.")
    assert first["answer"] in practice.page.inner_text(".task")
    practice.page.keyboard.press("3")
    assert practice.exercises("interview")[1]["question"] in practice.page.inner_text(".task")
    practice.page.click("text=Show the answer")
    assert practice.exercises("interview")[1]["answer"] in practice.page.inner_text(".task")


def test_an_edited_input_changes_what_is_right(visit):
    practice = Practice(visit, "sum_times_input")
    practice.player.select(2)
    box = practice.page.locator("#panel-node input[type=text], #panel-node input[type=number]").first
    box.fill("7")
    box.press("Enter")
    practice.type("7", "3")
    assert practice.verdict.startswith("✓ Right.")


def test_an_edited_input_makes_a_new_false_number(visit):
    practice = Practice(visit, "sum_times_input", "wrong")
    practice.player.select(2)
    box = practice.page.locator("#panel-node input[type=text], #panel-node input[type=number]").first
    box.fill("7")
    box.press("Enter")
    rows = practice.page.locator(".row-option")
    # f = q * z with q = 3 and z = 7 now: q keeps 3 instead of receiving 7, and the share is right.
    assert "+1 × 3 = +7" in rows.nth(0).inner_text()
    rows.nth(0).press("Enter")
    practice.type("7")
    assert practice.verdict.startswith("✓ Right.")
    practice.page.keyboard.press("Escape")
    practice.player.press("End")
    assert practice.player.read()["gradients"][0] == "+7"


@pytest.mark.parametrize("kind", KINDS)
def test_escape_leaves_and_nothing_stays_hidden(visit, kind):
    practice = Practice(visit, "used_twice", kind)
    practice.page.keyboard.press("Escape")
    assert practice.page.locator(".practice").count() == 0
    assert practice.page.locator(".task").count() == 0
    assert practice.page.locator(".formula").is_visible()
    practice.player.press("End")
    seen = practice.player.read()
    assert "?" not in [*seen["gradients"].values(), *(text for _, text, _ in seen["lines"])]


def test_progress_stays_in_the_browser(visit):
    practice = Practice(visit, "sum_times_input")
    practice.type("-4", "3")
    practice.page.reload()
    practice.page.keyboard.press("p")
    assert practice.score == "best streak 1"
    assert list(practice.shares().values()) == ["x", "y"], "what was right is not asked first"


def test_refused_storage_is_said_once(visit):
    practice = Practice(visit, "sum_times_input")
    practice.page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('refused'); }; }")
    practice.page.evaluate(
        """() => {
            window.heard = [];
            const place = document.querySelector(".practice [role=status]");
            new MutationObserver(() => window.heard.push(place.textContent)).observe(place, {childList: true});
        }"""
    )
    practice.type("-4", "3")
    assert practice.score == "1 of 1 right · streak 1"
    practice.page.click("text=Next")
    practice.type("-4", "-4")
    assert practice.score == "2 of 2 right · streak 2"
    (heard,) = practice.page.evaluate("window.heard")
    assert "keeps no progress" in heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_practice_is_accessible(visit, axe, kind, scheme):
    practice = Practice(visit, "used_twice", kind, color_scheme=scheme)
    if kind == "predict":
        practice.type("99", "99")
    practice.page.evaluate(axe)
    found = practice.page.evaluate(
        """axe.run({include: [".practice", ".task", "section.told"]}, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then((r) => r.violations)"""
    )
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_practice_fits_a_phone(visit, kind):
    practice = Practice(visit, "half_squared_error", kind, viewport={"width": 320, "height": 640})
    assert practice.page.evaluate("document.documentElement.scrollWidth") <= 320
    small = [
        b
        for b in practice.page.locator(".practice button:visible, .task button:visible").all()
        if (b.bounding_box()["height"] < 24 or b.bounding_box()["width"] < 24)
    ]
    assert small == []
