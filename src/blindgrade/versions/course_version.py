"""Digests and version numbers of all that an attempt depends on, besides the submission and the seed."""

from __future__ import annotations

import ast
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata

from blindgrade import clock, environment
from blindgrade.catalog import CourseError, Target
from blindgrade.engine.answers.known import KnownAnswers, read_known_answers
from blindgrade.engine.answers.slices import SliceError, Slicer
from blindgrade.engine.answers.solution_text import SolutionText
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson
from blindgrade.versions.deciding import MODELS, PACKAGE, code_digest, deciding
from blindgrade.versions.declared_checks import declared_checks
from blindgrade.versions.digests import digest_of, digest_of_file

# Fields of an exercise that no result depends on, and that no result shows.
SHOWN_ELSEWHERE = {"difficulty", "mental_models", "use"}


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


def course_version(target: Target) -> CourseVersion:
    """Version of the lesson from its present files. Comments in checks do not count; other changes to a check do.

    The commands that show marks need it, so it is made without an import of torch where that is possible. CourseError
    if the lesson has no checks, or if they cannot be read.
    """
    try:
        return _version(target)
    except SliceError as error:
        raise CourseError(str(error)) from None


@lru_cache(maxsize=1)
def engine_files() -> str:
    """Digest of the files whose code decides results. It changes more often than the code, and is made faster."""
    return digest_of(platform.python_version(), [digest_of_file(path) for path in (*deciding(), PACKAGE / MODELS)])


def lesson_files(target: Target) -> str:
    """Digest of all files that the lesson's version is made from. Equal files have equal versions."""
    files = target.files
    toys = sorted(files.grader_toys.rglob("*.py"))
    single = [files.spec, files.checks, files.solution, files.known_answers, *files.shared.paths]
    toys += files.private_assets
    named = [(path.relative_to(files.root).as_posix(), digest_of_file(path)) for path in (*single, *toys)]
    return digest_of(engine_files(), target.lesson.id, target.packages, named)


def attempt_key(submission: str, submitted_at: str | None, course: str, seed: str) -> str:
    """Key of an attempt: digest of the submission, its time, the course's version and the id of the seed.

    Two spellings of one instant give the same key. An unreadable time is an unknown one.
    """
    known = clock.utc(clock.instant(submitted_at), "auto") if clock.is_known(submitted_at) else None
    return digest_of("attempt", submission, known, course, seed)[:40]


def _version(target: Target) -> CourseVersion:
    files, lesson = target.files, target.lesson
    checks, slicer = _checks(files, lesson)
    shared = {
        "engine": code_digest(),
        "lesson": lesson.id,
        "seconds": lesson.seconds,
        "solution": digest_of_file(files.solution),
        "toys": [(path.name, digest_of_file(path)) for path in (*files.shared.paths, *files.private_assets)],
        "packages": target.packages,
    }
    known = read_known_answers(SolutionText(files, lesson)) if files.solution.is_file() else KnownAnswers([], [], [])
    exercises = {
        exercise.name: digest_of(
            shared,
            known.digest(exercise.name),
            exercise.model_dump(mode="json", exclude=SHOWN_ELSEWHERE),
            [(name, slicer.local_digest([name])) for owner, name in checks if owner == exercise.name],
        )
        for exercise in lesson.exercises
    }
    return CourseVersion(digest_of(lesson.title, exercises), exercises)


def _checks(files: LessonFiles, lesson: Lesson) -> tuple[list[tuple[str, str]], Slicer]:
    """Exercise and name of each check, in the file's order, and the slicer of the file."""
    if not files.checks.is_file():
        raise CourseError(f"{files.checks} is missing; write the lesson's checks, or set its status to planned")
    slicer = Slicer(files.checks, files.grader_toys)
    plain = declared_checks(files, ast.parse(files.checks.read_text(encoding="utf-8")))
    if plain is None:
        from blindgrade.engine.answers.lesson_checks import LessonChecks  # it imports torch

        plain = [(check.exercise, check.name) for check in LessonChecks(files, lesson).all]
    return plain, slicer
