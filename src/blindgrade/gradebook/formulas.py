"""Cells that a spreadsheet would run as a formula, made text: names and comments may be written by students."""

from __future__ import annotations

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet could take it for a formula."""
    return f"'{text}" if text.startswith(STARTS) else text


def is_formula(text: str) -> bool:
    """Would `guarded` change it?"""
    return text.startswith(STARTS)
