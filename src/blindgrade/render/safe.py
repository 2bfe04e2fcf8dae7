"""Harmless form of text that a student controls."""

from __future__ import annotations

import re
import unicodedata

KEPT = {"\n", "\t"}
# Format characters (bidi overrides, zero-width), controls, surrogates, private use, unassigned, other line ends.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Text that runners of GitHub Actions and Azure Pipelines read as a command in a log. Any space may become the end of a
# line.
COMMAND = re.compile(r"(^|\s):(?=:[A-Za-z])|#(?=#\[)")


def shown(text: str) -> str:
    """Text in which everything that a terminal, a page or a CI runner could interpret is replaced by its escape."""
    plain = "".join(c if c in KEPT or unicodedata.category(c) not in HIDDEN else _escape(c) for c in text)
    return COMMAND.sub(lambda found: (found[1] or "") + _escape(found[0][-1]), plain)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
