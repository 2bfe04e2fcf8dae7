"""Points that an instructor's decision added to a whole lesson, in nbgrader.

nbgrader knows no adjustment of a notebook. Extra credit on one cell is what its formgrader shows beside the score and
what its export adds. A late penalty below zero would add the same points, but the formgrader shows it nowhere. So added
points are extra credit on the lesson's first exercise, and points that were taken are part of the late penalty.

The comment on that exercise says how many points were added. It also shows the next sync which part of the extra credit
is ours. The rest is a person's and stays.
"""

from __future__ import annotations

import re

from blindgrade.gradebook.points import EXACT, short
from blindgrade.gradebook.scores import Score

BEGINNING = "Your instructor added "
SENTENCE = re.compile(re.escape(BEGINNING) + r"(\d+(?:\.\d+)?) points to this lesson\.")


def added(score: Score) -> float:
    """Points that an instructor added. 0 if points were taken."""
    return max(score.adjusted, 0.0)


def with_sentence(comment: str | None, score: Score) -> str | None:
    """Comment on the lesson's first exercise, with a sentence about added points."""
    if not added(score):
        return comment
    sentence = f"{BEGINNING}{short(added(score), EXACT)} points to this lesson."
    return f"{comment}\n\n{sentence}" if comment else sentence


def added_before(comment: str | None) -> float:
    """Points that an earlier sync added, by the comment that it wrote."""
    match = SENTENCE.search(comment or "")
    return float(match[1]) if match else 0.0


def extra_credit(old: float | None, comment: str | None, score: Score) -> float | None:
    """Extra credit of the cell, with a person's part unchanged. None for no points, as in nbgrader's tables."""
    return round((old or 0.0) - added_before(comment) + added(score), EXACT) or None
