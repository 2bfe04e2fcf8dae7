"""Whether the course was proved with this version of PyTorch. A release writes its bound to requirements.txt."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from blindgrade.models import Attempt, Grading, Outcome

BOUND = re.compile(r"^torch>=(\d+)\.(\d+),<(\d+)\.(\d+)\s*$", re.MULTILINE)
NUMBERS = re.compile(r"(\d+)\.(\d+)")


def not_proved(root: Path, grading: Grading) -> str:
    """Sentence about a PyTorch that was never tried, if a check failed against the answer key; "" otherwise.

    Another version may draw other random numbers or round in another way, and the key was recorded with a proved one.
    """
    if not any(_failed(attempt) for attempt in grading.lessons if attempt.reference == "key"):
        return ""
    try:
        bound = BOUND.search((root / "requirements.txt").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    version = importlib.metadata.version("torch")
    here = NUMBERS.match(version)
    if bound is None or here is None:
        return ""
    lowest, below = (int(bound[1]), int(bound[2])), (int(bound[3]), int(bound[4]))
    if lowest <= (int(here[1]), int(here[2])) < below:
        return ""
    return (
        f"this course was proved with PyTorch from {bound[1]}.{bound[2]} to below {bound[3]}.{bound[4]}, and this is"
        f" {version}. A failed check may come from that. Run `python3 install.py` in {root} to get a proved version."
    )


def _failed(attempt: Attempt) -> bool:
    return any(result.outcome is Outcome.FAILED for result in attempt.exercises)
