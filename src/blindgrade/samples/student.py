"""Sample of a student's page: a half-finished submission, graded with a fixed seed.

The page is the same on every machine. Before the page is made, times, seconds and the kind of isolation are replaced by
fixed values. Numbers keep three digits, because the last digits of a sum differ between CPUs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.figures import Figure, FigurePair
from blindgrade.models import Attempt, Grading
from blindgrade.render.html.look import Look
from blindgrade.render.html.report import report

LESSON = "lesson-7.2.1"
SEED = 7
GRADED_AT = "2026-09-14T18:00:00Z"
SECONDS = 2.0
ISOLATION = "namespaces"
NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e[+-]?\d+)?")


def student_page(catalog: Catalog, submission: Path, look: Look) -> str:
    """HTML of the page. `submission` is a path relative to the course's root; the page shows this path."""
    targets = catalog.find([LESSON])
    figures = CollectedFigures()
    grading = grade(catalog, targets, catalog.root / submission, Options(seed=SEED, figures=figures))
    fixed = Grading.of([_fixed(attempt, submission) for attempt in grading.lessons])
    lessons = {target.files.entry.id: target.lesson for target in targets}
    return report(fixed, catalog.course, lessons, figures=[_rounded(pair) for pair in figures.found], look=look)


def _fixed(attempt: Attempt, submission: Path) -> Attempt:
    exercises = [
        result.model_copy(
            update={"checks": [c.model_copy(update={"message": _short(c.message)}) for c in result.checks]}
        )
        for result in attempt.exercises
    ]
    return attempt.model_copy(
        update={
            "submission": attempt.submission.model_copy(update={"path": submission.as_posix()}),
            "graded_at": GRADED_AT,
            "seconds": SECONDS,
            "sandbox": ISOLATION,
            "exercises": exercises,
        }
    )


def _short(text: str) -> str:
    return NUMBER.sub(lambda match: f"{float(match[0]):.3g}", text)


def _rounded(pair: FigurePair) -> FigurePair:
    return replace(pair, student=_coarse(pair.student), reference=_coarse(pair.reference))


def _coarse(figure: Figure | None) -> Figure | None:
    if figure is None:
        return None
    series = tuple(
        replace(one, rows=[[float(f"{value:.3g}") for value in row] for row in one.rows]) for one in figure.series
    )
    return replace(figure, series=series)
