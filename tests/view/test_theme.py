"""Contrasts computed from the tokens: text 4.5, graphics 3, in both themes."""

from __future__ import annotations

import pytest

from adjoint.view.theme import THEMES


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_contrasts(name: str) -> None:
    theme = THEMES[name]
    for text in (theme.ink, theme.ink2, theme.pos, theme.neg, theme.zero, theme.bad):
        assert contrast(text, theme.stage) >= 4.5
    for sign in ("pos", "neg", "zero", "bad"):
        assert contrast(theme.tone(sign), theme.ground(sign)) >= 4.5
    assert contrast(theme.ink2, theme.zerobg) >= 4.5
    for graphic in (theme.edge, theme.wire):
        assert contrast(graphic, theme.stage) >= 3
