"""A file for another system with scores in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Filled:
    """A file for another system, how many scores it holds, and notes about what found no place in it."""

    text: str
    written: int
    notes: list[str]
