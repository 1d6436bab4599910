"""Text in pictures: made harmless, kept short, and measured without a font.

Names are users' text. They reach a picture only through :func:`clean` and :func:`escape`.
"""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 12
_NARROW = "ijl|!.,:;'`·ıI"
_WIDE = "mwMW@%—⅓⅔½¼¾œæŒÆ∞∂∑∏√"
# widths in em of a bold sans serif at the wide end of those in use, so that estimates err upwards
_EM = {"narrow": 0.40, "space": 0.36, "digit": 0.70, "lower": 0.70, "upper": 0.84, "sign": 0.84, "wide": 1.12}


def clean(text: object) -> str:
    """Drop what no picture should contain: control characters, broken and direction-changing ones.

    >>> clean("a\\x00b\\x1b[31m\\u202ec")
    'ab[31mc'
    """
    kept = []
    for char in str(text):
        code = ord(char)
        if unicodedata.category(char) in ("Cc", "Cs") or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
            continue
        if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            continue
        kept.append(char)
    return "".join(kept)


def escape(text: object) -> str:
    """Make any text safe inside an SVG element or a quoted attribute.

    >>> escape('<script>"&]]>')
    '&lt;script&gt;&quot;&amp;]]&gt;'
    """
    safe = clean(text)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        safe = safe.replace(char, entity)
    return safe


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """Keep both ends of a long name around an ellipsis.

    >>> shorten("hidden_layer_weights")
    'hidden…ights'
    """
    name = clean(name)
    if len(name) <= longest:
        return name
    tail = (longest - 1) // 2
    return name[: longest - 1 - tail] + "…" + name[len(name) - tail :]


def text_width(text: str, size: float) -> float:
    """Estimate from above how wide a text is at a font size in pixels.

    >>> round(text_width("42", 10), 1)
    14.0
    """
    return size * sum(_char_width(char) for char in text)


def _char_width(char: str) -> float:
    if char.isascii() and char.isdigit():
        return _EM["digit"]
    if char == " ":
        return _EM["space"]
    if char in _NARROW:
        return _EM["narrow"]
    if char in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉":
        return 0.55
    if char in _WIDE or unicodedata.east_asian_width(char) in "WF":
        return _EM["wide"]
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if char.islower():
        return _EM["lower"]
    if char.isascii() and (char.isupper() or not char.isalnum()):
        return _EM["upper"]
    return 1.0
