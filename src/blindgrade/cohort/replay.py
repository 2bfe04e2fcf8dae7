"""Repeat one attempt with the same files and the same seed, and compare the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.catalog import Catalog
from blindgrade.cohort.grading import LessonGrader, Plan, Result, Warm, comparable
from blindgrade.cohort.versions import software
from blindgrade.engine.grading.runner import GraderFailed
from blindgrade.engine.grading.worker_client import ZygoteFailed
from blindgrade.models import Attempt
from blindgrade.submitted import SubmittedWork

# Fields about the grading and not about the submission; they are not compared.
ABOUT = ("submission", "sandbox", "key", "course")


class CannotReplay(Exception):
    """The attempt's submission or seed is not available. The message says what to do."""


@dataclass(frozen=True)
class Replay:
    """Result of a replay, in sentences. Without differences, the attempt was repeated to the bit."""

    versions: list[str]
    differences: list[str]


def replay(catalog: Catalog, attempt: Attempt, submission: Path | None, warm: Warm) -> Replay:
    """Grade the attempt's submission again with its seed. CannotReplay, CourseError, UnknownId or ZygoteFailed."""
    if attempt.reference == "key":
        raise CannotReplay("the attempt was judged by an answer key, whose seed is public: use `grade --reference key`")
    target = catalog.find([attempt.lesson])[0]
    grader = LessonGrader(target, RunSeed("", attempt.seed), warm)
    path = submission or Path(attempt.submission.path)
    found = grader.read(SubmittedWork(attempt.student or "", path, attempt.submitted_at))
    if isinstance(found, Result):
        raise CannotReplay(f"{found.reason}; name the submission with --submission")
    if found.sha256 != attempt.submission.sha256:
        raise CannotReplay(f"{path} differs from the graded submission; name the graded files with --submission")
    work = SubmittedWork(attempt.student or "", path, attempt.submitted_at)
    try:
        again = grader.carry_out(Plan(work, attempt.key, found, {}, [])).attempt
    except GraderFailed as error:
        raise ZygoteFailed(str(error)) from None
    assert again is not None
    return Replay(_versions(attempt, again, target.packages), _differences(attempt, again))


def _versions(attempt: Attempt, again: Attempt, packages: tuple[str, ...]) -> list[str]:
    now = software(packages)
    changes = [
        f"{name}: {attempt.versions.get(name, 'not recorded')} then, {now.get(name, 'none')} now"
        for name in {**now, **attempt.versions}
        if attempt.versions.get(name) != now.get(name)
    ]
    if attempt.course != again.course:
        before = {result.name: result.version for result in attempt.exercises}
        changed = [result.name for result in again.exercises if result.version != before.get(result.name)]
        changes.append(f"course: the checks or the solution of {', '.join(changed) or 'the lesson'} have changed since")
    if attempt.sandbox != again.sandbox:
        changes.append(f"sandbox: {attempt.sandbox} then, {again.sandbox} now")
    return changes


def _differences(attempt: Attempt, again: Attempt) -> list[str]:
    old, new = comparable(attempt), comparable(again)
    for name in ABOUT:
        del old[name], new[name]
    for exercise in [*old["exercises"], *new["exercises"]]:
        del exercise["version"]
    return list(_compare("", old, new))


def _compare(place: str, old: Any, new: Any) -> Iterator[str]:
    """Differences of two trees of plain data, each with its place: names of exercises, checks and fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _compare(f"{place}/{key}" if place else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and all(isinstance(x, dict) for x in [*old, *new]):
        names = {one["name"]: one for one in old}, {one["name"]: one for one in new}
        for name in {**names[0], **names[1]}:
            yield from _compare(f"{place}/{name}", names[0].get(name), names[1].get(name))
    elif old != new:
        yield f"{place}: {old!r} then, {new!r} now"
