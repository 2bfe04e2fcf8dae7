"""Private judge of digits, for verdicts. Its weights stay in the grader's process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from digits import Judge, read_judge


@cache
def private_judge() -> Judge:
    """A judge of the same design as `digits.judge()`, trained on another split of the digits with another seed.

    Call it in the verdict of a hidden check. The student's process has neither this file nor the weights.
    """
    return read_judge(Path(__file__).resolve().parents[1] / "assets" / "private_judge.npz")
