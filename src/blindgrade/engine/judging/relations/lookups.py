"""Replies to a lookup, part by part. Of the right answers only digests are known."""

from __future__ import annotations

from typing import Any

from blindgrade.engine.answers.exact import Keyed, answered
from blindgrade.engine.judging.relations.parts import MOST_PARTS, Part, Replies

HIDDEN = "another answer"  # stands for a right answer that is not known


def compared(got: Any, keyed: Keyed) -> Replies | None:
    """The cases as parts; None if the reply has another form than the lookup, or too many cases."""
    cases = answered(got, keyed)
    if cases is None or len(cases) > MOST_PARTS:
        return None
    parts = [
        Part(case.path, case.value, case.value if case.right else case.error or HIDDEN, 0.0, 0.0, case.right)
        for case in cases
    ]
    return Replies(parts, [])
