"""Digests and version numbers of all that an attempt depends on, besides the submission and the seed."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from blindgrade import environment
from blindgrade.catalog import Target
from blindgrade.cohort.deciding import code_digest
from blindgrade.engine.answers.known import read_known_answers
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.solution import Solution

# Fields of an exercise that no result depends on, and that no result shows.
SHOWN_ELSEWHERE = {"difficulty", "mental_models"}


@dataclass(frozen=True)
class CourseVersion:
    """Digest of all that judges a lesson, and for each exercise the digest of all that judges it."""

    digest: str
    exercises: dict[str, str]


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Version of the package with a digest of its deciding code, which changes more often than the version number."""
    return f"{metadata.version('blindgrade')}+{code_digest()[:12]}"


@lru_cache(maxsize=8)
def software(packages: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions that can change the last bits of numbers. `packages` are those that the course adds."""
    import numpy
    import torch

    return {
        "blindgrade": engine_version(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "vector instructions": torch.backends.cpu.get_cpu_capability(),
        **environment.installed(packages),
    }


def course_version(target: Target, checks: LessonChecks) -> CourseVersion:
    """Version of the lesson from its present files. Comments in checks do not count; other changes to a check do."""
    files, lesson = target.files, target.lesson
    shared = {
        "engine": code_digest(),
        "lesson": lesson.id,
        "seconds": lesson.seconds,
        "solution": _of_file(files.solution),
        "toys": _of_file(files.toys),
        "packages": target.packages,
    }
    known = read_known_answers(Solution(files, lesson))
    exercises = {
        exercise.name: _of(
            shared,
            known.digest(exercise.name),
            exercise.model_dump(mode="json", exclude=SHOWN_ELSEWHERE),
            [(check.name, checks.slicer.digest([check.name])) for check in checks.of(exercise.name)],
        )
        for exercise in lesson.exercises
    }
    return CourseVersion(_of(lesson.title, exercises), exercises)


def attempt_key(submission: str, submitted_at: str | None, course: str, seed: str) -> str:
    """Key of an attempt: digest of the submission, its time, the course's version and the id of the seed."""
    return _of("attempt", submission, submitted_at, course, seed)[:40]


def _of(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
