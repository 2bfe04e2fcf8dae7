"""Findings as lines in the format of compilers, which problem matchers of editors and CI systems read."""

from __future__ import annotations

from collections.abc import Iterable

from blindgrade.render.terminal.results import students
from blindgrade.render.text.findings import Finding


def as_lines(found: Iterable[Finding]) -> str:
    """One line each: "exercises/…/score_functions.py:186: error: lesson-7.2.1/score_from_noise: claim …"."""
    lines = []
    for one in found:
        file = one.file or f"{one.lesson}"
        cell = f"{one.place.text}: " if one.place.line is None and one.place.text else ""
        text = f"{file}:{one.place.line or 1}: {one.level}: {one.lesson}/{one.exercise.name}: {cell}{one.text}"
        lines.append(" ".join(students(text).split()))
    return "".join(f"{line}\n" for line in lines)
