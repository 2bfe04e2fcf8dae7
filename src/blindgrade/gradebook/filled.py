"""A file for another system with scores in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Filled:
    """Text of a file for another system, and what its reader must know.

    written: number of scores in the file. notes: scores that are not in it, and why. unwritten: number of scores that
    are not in it and should be. news: sentences about everything else, such as new columns and excused students.
    """

    text: str
    written: int
    notes: list[str]
    unwritten: int = 0
    news: list[str] = field(default_factory=list)
