"""Write cells that a spreadsheet would run as a formula as text: students may write names and comments."""

from __future__ import annotations

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """Text, with an apostrophe in front if a spreadsheet could read it as a formula."""
    return f"'{text}" if text.startswith(STARTS) else text


def is_formula(text: str) -> bool:
    """Would `guarded` change the text?"""
    return text.startswith(STARTS)
