"""What an attempt depends on beside the submission and the seed, as digests and version numbers."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.cohort.deciding import code_digest
from blindgrade.engine.answers.lesson_checks import LessonChecks

# Fields of an exercise that no result depends on or shows.
SHOWN_ELSEWHERE = {"difficulty", "mental_models"}


@dataclass(frozen=True)
class CourseVersion:
    """All that judges a lesson, and the part of it that judges each exercise."""

    digest: str
    exercises: dict[str, str]


@lru_cache(maxsize=1)
def engine_version() -> str:
    """The package's version and a digest of its code that decides results, which changes more often than the number."""
    return f"{metadata.version('blindgrade')}+{code_digest()[:12]}"


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """The versions on which numbers can depend, to the last bit."""
    import numpy
    import torch

    return {
        "blindgrade": engine_version(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
    }


def course_version(target: Target, checks: LessonChecks) -> CourseVersion:
    """The lesson's version as its files stand. Comments in checks do not count; any other change to a check does."""
    files, lesson = target.files, target.lesson
    shared = {
        "engine": code_digest(),
        "lesson": lesson.id,
        "seconds": lesson.seconds,
        "solution": _of_file(files.solution),
        "misconceptions": _of_file(files.misconceptions),
        "toys": _of_file(files.toys),
    }
    exercises = {
        exercise.name: _of(
            shared,
            exercise.model_dump(mode="json", exclude=SHOWN_ELSEWHERE),
            [(check.name, checks.slicer.digest([check.name])) for check in checks.of(exercise.name)],
        )
        for exercise in lesson.exercises
    }
    return CourseVersion(_of(lesson.title, exercises), exercises)


def attempt_key(submission: str, submitted_at: str | None, course: str, seed: str) -> str:
    """The name of an attempt: what was handed in and when, what judged it, which seed's run it belongs to."""
    return _of("attempt", submission, submitted_at, course, seed)[:40]


def _of(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
