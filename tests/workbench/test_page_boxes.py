"""What the boxes of the workbench's page take and say, and that everything in it can be read."""


def test_what_a_link_holds_stands_in_the_box_with_its_mistake(bench):
    page = bench("#expression=a*(b")
    page.until(lambda: "never closed" in page.line())
    assert page.typed() == "a*(b"
    assert page.page.locator(".w-wrong").inner_text() == "("
    page.page.evaluate("location.hash = '#expression=a*c)'")
    page.until(lambda: page.typed() == "a*c)")
    page.page.locator("input.w-typed").press("Escape")
    assert page.typed().startswith("c = w*x")
    page.type("a*c")
    page.until(lambda: set(page.numbers()) == {"a", "c"})


def test_names_keep_their_case_in_what_is_said(bench):
    page = bench("#example=networks.mlp&inputs=%7B%22w%22%3A1%7D")
    page.until(lambda: page.line().startswith("mlp has no input w. Its inputs are"))
    page.page.evaluate("location.hash = '#expression=a*b&inputs=' + encodeURIComponent('{\"a\": \"one\"}')")
    page.until(lambda: page.line().startswith("a needs a number, got text."))


def test_boxes_take_what_the_command_line_takes(bench):
    page = bench()
    page.type("a*b")
    page.until(lambda: set(page.numbers()) == {"a", "b"})
    told = page.page.locator(".w-list .w-number")
    for text, shown, slope in [
        ("nan", "nan", "NaN"),
        ("-inf", "-inf", "−∞"),
        ("1/4", "0.25", "+0.25"),
        ("INF", "inf", "+∞"),
    ]:
        page.set("a", text)
        page.until(lambda slope=slope: slope in told.nth(1).locator(".w-grad").inner_text())
        page.page.wait_for_timeout(700)  # the server has confirmed it by then
        assert slope in told.nth(1).locator(".w-grad").inner_text()
        assert told.nth(0).locator("input[type=text]").input_value() == shown
        assert page.line().startswith("Names are inputs")
    # The link holds it as well, a moment later.
    page.until(lambda: "Infinity" in page.page.url and "-Infinity" not in page.page.url)
    page.page.reload()
    page.ready()
    assert told.nth(0).locator("input[type=text]").input_value() == "inf"
    page.set("a", "two")
    assert "nan or inf" in told.nth(0).locator("[role=alert]").inner_text()
    page.complaints.clear()  # a reload without the token is refused once


def test_a_large_graph_opens_where_it_can_be_read(bench):
    page = bench("#tab=views&expression=" + "%2B".join(f"a{i}" for i in range(150)))
    panes = page.page.locator(".w-pane")
    page.until(lambda: "rewrites" in page.page.locator(".w-count").inner_text())
    for i in range(3):
        pane = panes.nth(i)
        page.until(
            lambda pane=pane: pane.locator(".items [data-node] .shape").count() or pane.locator("canvas").is_visible()
        )
        assert not pane.locator(".minimap").is_visible()
    traced = panes.nth(1)
    shapes = traced.locator(".items [data-node] .shape")
    page.until(lambda: any((one.bounding_box() or {"width": 0})["width"] > 20 for one in shapes.all()[:40]))


def test_on_a_phone_the_tools_stand_in_one_line_and_practice_covers_nothing(bench):
    page = bench(viewport={"width": 390, "height": 844})
    tops = {
        round(b.bounding_box()["y"] + b.bounding_box()["height"] / 2) for b in page.page.locator(".w-tools > *").all()
    }
    assert len(tops) == 1
    page.tab("Practice")
    page.page.locator("input.guess").first.wait_for()
    bar, told = page.page.locator(".practice").bounding_box(), page.page.locator("section.told").bounding_box()
    assert bar["y"] + bar["height"] <= told["y"] + 1
