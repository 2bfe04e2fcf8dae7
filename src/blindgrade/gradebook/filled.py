"""A file for another system with scores in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Filled:
    """Text of a file for another system, the number of scores in it, and notes about scores that are not in it."""

    text: str
    written: int
    notes: list[str]
