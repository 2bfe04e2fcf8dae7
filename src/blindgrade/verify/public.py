"""Public proof: with the public checks alone, as in a released course, each misconception loses points.

`graders/<lesson>/hidden_on_purpose.toml` lists the exceptions, each with its reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blindgrade.catalog import CourseError
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.files import toml_data
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Outcome
from blindgrade.verify.workshop import Workshop

HIDDEN_SHARE = 0.05  # of the course's misconceptions, at most; one is always allowed


@dataclass(frozen=True)
class HiddenMisconception:
    """An entry of hidden_on_purpose.toml: a wrong answer that no public check notices, with the reason."""

    exercise: str
    name: str
    reason: str


@dataclass(frozen=True)
class HiddenPromise:
    """An entry of hidden_on_purpose.toml: something that only hidden checks observe, with the reason."""

    exercise: str
    promise: str
    reason: str


def read_hidden(files: LessonFiles) -> tuple[list[HiddenMisconception], list[HiddenPromise]]:
    """Entries of the lesson's file; none if it is missing. CourseError if it has another form."""
    path = files.hidden_on_purpose
    if not path.is_file():
        return [], []
    try:
        entries = toml_data(path)
        misconceptions = [HiddenMisconception(**entry) for entry in entries.pop("misconception", [])]
        promises = [HiddenPromise(**entry) for entry in entries.pop("promise", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise _malformed(path, error) from None
    if entries:
        raise _malformed(path, f"there is no {', '.join(entries)}")
    return misconceptions, promises


def hidden_misconceptions(workshop: Workshop) -> list[HiddenMisconception]:
    """The lesson's exceptions. CourseError if one names no misconception, or the point of its exercise."""
    path = workshop.files.hidden_on_purpose
    hidden, _ = read_hidden(workshop.files)
    points: dict[str, str] = {}
    known = set()
    for variant in workshop.misconceptions:
        points.setdefault(variant.exercise, variant.name)
        known.add((variant.exercise, variant.name))
    for entry in hidden:
        if (entry.exercise, entry.name) not in known:
            raise CourseError(f"{path}: `{entry.exercise}` has no misconception `{entry.name}`; correct the entry")
        if points[entry.exercise] == entry.name:
            raise CourseError(
                f"{path}: `{entry.name}` is the first misconception of `{entry.exercise}`, so it is the point of the"
                " exercise; write a public check that notices it"
            )
    return hidden


def misconceptions_lose_public_points(workshop: Workshop, exercise: str, subject: str, seed: int) -> str:
    """Each misconception of the exercise fails a public check, judged by the answer key."""
    allowed = {entry.name for entry in hidden_misconceptions(workshop) if entry.exercise == exercise}
    checks = workshop.public_checks
    grading = Trusted(checks, KeyReference(workshop.files, checks))
    missed = []
    for variant in workshop.misconceptions:
        if variant.exercise == exercise:
            module = workshop.solution.variant(variant)
            results = (grading.check(check, module, KEY_SEED) for check in checks.of(exercise))
            if all(result.outcome is Outcome.PASSED for result in results):
                missed.append(variant.name)
    path = workshop.files.hidden_on_purpose
    problems = [f"no public check notices `{name}`" for name in missed if name not in allowed]
    if problems:
        problems[-1] += f"; make a check public that does, or list it with its reason in {path}"
    for name in sorted(allowed - set(missed)):
        problems.append(f"{path} lists `{name}`, but a public check notices it; remove the entry")
    return "; ".join(problems)


def few_are_hidden(workshops: Iterable[Workshop]) -> str:
    """Reason why too many misconceptions of the course are hidden; "" if they are few."""
    known = hidden = 0
    for workshop in workshops:
        known += len(workshop.misconceptions)
        hidden += len(hidden_misconceptions(workshop))
    most = max(1, int(HIDDEN_SHARE * known))
    return (
        f"no public check notices {hidden} of the course's {known} misconceptions; at most {most} may be hidden, so"
        " make more checks public"
        if hidden > most
        else ""
    )


def decides_public_proof(workshop: Workshop, exercise: str) -> list[Any]:
    """What the public proof of an exercise depends on, beside its checks and its wrong answers."""
    try:
        checks = workshop.public_checks
        key = KeyReference(workshop.files, checks).entries
        listed = sorted(entry.name for entry in read_hidden(workshop.files)[0] if entry.exercise == exercise)
    except CourseError as error:  # then the proof fails, with the same message
        return [str(error)]
    return [listed, *([checks.slicer.local_digest([one.name]), key.get(one.name)] for one in checks.of(exercise))]


def _malformed(path: Path, reason: object) -> CourseError:
    return CourseError(
        f"{path}: {reason}; each [[misconception]] has exercise, name and reason, and each [[promise]] has exercise,"
        " promise and reason"
    )
