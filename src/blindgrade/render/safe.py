"""Text that a student controls, made harmless to show."""

from __future__ import annotations

import unicodedata

KEPT = {"\n", "\t"}
# Format characters (bidi overrides, zero-width), controls, surrogates, private use, unassigned.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def shown(text: str) -> str:
    """The text with every character that a terminal or a page could interpret written as its escape."""
    return "".join(c if c in KEPT or unicodedata.category(c) not in HIDDEN else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
