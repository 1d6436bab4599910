"""The colours of every picture: blue and orange mean sign, greys mean structure, red means broken.

Contrasts on the stage are at least 4.5 for text and 3 for graphics, in both themes; a test
computes them. The sign is always written as well, so colour is never alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adjoint.errors import ArgumentError

ThemeName = Literal["light", "dark"]
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif'
MATH = '"STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", "DejaVu Serif", math, serif'


@dataclass(frozen=True, slots=True)
class Theme:
    """The colour tokens, named for what they mean."""

    stage: str
    panel: str
    ink: str
    ink2: str
    edge: str
    wire: str
    pos: str
    posbg: str
    neg: str
    negbg: str
    zero: str
    zerobg: str
    bad: str
    badbg: str

    def tone(self, sign: str) -> str:
        """The strong colour of a sign class; entries of both signs take the neutral one."""
        return {"pos": self.pos, "neg": self.neg, "bad": self.bad}.get(sign, self.zero)

    def ground(self, sign: str) -> str:
        """The pale colour behind text of a sign class."""
        return {"pos": self.posbg, "neg": self.negbg, "bad": self.badbg}.get(sign, self.zerobg)


LIGHT = Theme(
    stage="#FFFFFF",
    panel="#FBFBF9",
    ink="#1A1E24",
    ink2="#4F5863",
    edge="#7C8793",
    wire="#5E6975",
    pos="#0A58A8",
    posbg="#E4EFFA",
    neg="#A84300",
    negbg="#FCEBDF",
    zero="#5E6772",
    zerobg="#ECEEF0",
    bad="#A3192E",
    badbg="#FBE6E9",
)
DARK = Theme(
    stage="#171B20",
    panel="#1B2026",
    ink="#E9ECEF",
    ink2="#A9B2BC",
    edge="#737E8A",
    wire="#98A3AF",
    pos="#7CBCFF",
    posbg="#16304A",
    neg="#FFA666",
    negbg="#43260F",
    zero="#A5AEB8",
    zerobg="#2A3037",
    bad="#FF93A0",
    badbg="#431720",
)
THEMES: dict[str, Theme] = {"light": LIGHT, "dark": DARK}


def theme_named(name: str) -> Theme:
    """Return a theme by its name.

    >>> theme_named("dark").stage
    '#171B20'
    """
    if name not in THEMES:
        raise ArgumentError(f"there is no theme {name!r}.", help="write theme='light' or theme='dark'.")
    return THEMES[name]
