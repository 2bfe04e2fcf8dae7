"""A simulated cohort of the miniature course in which misunderstandings were planted that no author foresaw."""

from __future__ import annotations

import shutil
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.simulation import Choice, simulate
from blindgrade.simulate.written import write_submissions

MINI = Path(__file__).parent / "courses" / "mini"
LESSON = "lesson-1.1.1"

ADDS_THE_MEAN = [
    """
def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError
    moved = values + values.mean(dim=-1, keepdim=True)
    return moved / (moved**2).mean(dim=-1, keepdim=True).sqrt()
""",
    """
def standardize(values):
    # written by Grace Hopper
    if values.shape[-1] < 2:
        raise ValueError("too few")
    mean = values.sum(dim=-1, keepdim=True) / values.shape[-1]
    moved = mean + values
    return moved * moved.pow(2).mean(dim=-1, keepdim=True).rsqrt()
""",
]
BY_THE_VARIANCE = [
    """
def _variance(rows):
    return rows.pow(2).mean(dim=-1, keepdim=True)


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / _variance(centered)
""",
    """
def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value is not enough, so this text is longer than the other student's whole helper")
    middle = values.mean(dim=-1, keepdim=True)
    return (values - middle) / ((values - middle) * (values - middle)).mean(dim=-1, keepdim=True)
""",
]
OF_A_SAMPLE = [
    """
def correlation(first, second):
    return (standardize(first) * standardize(second)).sum(dim=-1) / (first.shape[-1] - 1)
""",
    """
def correlation(first, second):
    count = first.shape[-1]
    return (standardize(first) * standardize(second)).mean(dim=-1) * count / (count - 1)
""",
]
PLANTED = {
    "adds_the_mean": (12, ADDS_THE_MEAN),
    "by_the_variance": (10, BY_THE_VARIANCE),
    "of_a_sample": (8, OF_A_SAMPLE),
}
EXERCISES = {"adds_the_mean": "standardize", "by_the_variance": "standardize", "of_a_sample": "correlation"}
ALONE = """
def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError
    return values * 0.25 + 3
"""
CRASHES = """
def correlation(first, second):
    return first @ undefined_name
"""


def course_copy(folder: Path) -> Path:
    """A copy of the miniature course that a test may change."""
    shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("__pycache__", ".blindgrade", "build"))
    return folder


def hand_in(course: Path, submitted: Path, students: int = 30) -> dict[str, list[str]]:
    """Write the cohort's submissions. Return the students of each planted misunderstanding, by its name."""
    pieces = Pieces(Catalog(course), LESSON)
    write_submissions([pieces], simulate([pieces.known], students, seed=3), submitted)
    right = pieces.text({exercise.name: Choice("solution") for exercise in pieces.lesson.exercises})
    planted: dict[str, list[str]] = {}
    for name, (count, codes) in PLANTED.items():
        for number in range(count):
            student = f"{name.replace('_', '-')}-{number:02}"
            planted.setdefault(name, []).append(student)
            _write(submitted / student, pieces, right + codes[number % len(codes)])
    _write(submitted / "alone", pieces, right + ALONE)
    _write(submitted / "crashed", pieces, right + CRASHES)
    return planted


def _write(folder: Path, pieces: Pieces, text: str) -> None:
    place = folder / pieces.files.folder
    place.mkdir(parents=True)
    (place / f"{pieces.files.module}.py").write_text(text, encoding="utf-8")
