"""Run the public checks of an exercise in the student's Jupyter. The grade cells of a released notebook call this."""

from __future__ import annotations

import os
from typing import Any


class ChecksFailed(Exception):
    """At least one public check failed. The message lists the failed checks."""


class NotGradedHere(Exception):
    """A kernel must not autograde: a student who changes names in the notebook would get points."""


def check(exercise: str, names: dict[str, Any], course: str) -> None:
    """Run the public checks of `exercise` on the notebook's `names`. ChecksFailed if one fails.

    `course` is the folder of the released course. The checks are only for the student: they run without isolation, and
    `nbgrader autograde` gives no points for them.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise NotGradedHere(
            "this notebook is graded in blindgrade's sandbox, not in a kernel; run `nbgrader autograde` in the course's"
            " folder, where nbgrader_config.py is"
        )
    claims, every, failures = _run(exercise, names, course)
    if failures:
        raise ChecksFailed(f"{exercise}: {len(failures)} of {claims} public checks failed\n" + "\n".join(failures))
    more = ""
    if every > claims:
        more = f"; {claims} of {every} checks {'is' if claims == 1 else 'are'} public, the others run when you hand in"
    print(f"{exercise}: {claims} of {claims} public checks passed{more}")


def _run(exercise: str, names: dict[str, Any], course: str) -> tuple[int, int, list[str]]:
    """Number of public checks and of all checks, and a paragraph for each failed check."""
    from pathlib import Path
    from types import ModuleType

    from blindgrade.catalog import Catalog
    from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
    from blindgrade.engine.answers.lesson_checks import LessonChecks
    from blindgrade.engine.grading.in_process import Trusted
    from blindgrade.engine.worker.lesson import LoadedLesson
    from blindgrade.models import Outcome

    [target] = Catalog(Path(course).resolve()).find([exercise])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    reference = KeyReference(target.files, checks)
    grading = Trusted(checks, reference)  # the student's own kernel needs no wall
    module = ModuleType(target.files.module)
    module.__dict__.update(names)
    wanted = target.lesson.exercise(target.exercises[0])
    results = grading.exercise(wanted, LoadedLesson(module, []), KEY_SEED).checks
    failed = [result for result in results if result.outcome is not Outcome.PASSED]
    hints = ["" if one.hint in {other.hint for other in failed[:at]} else one.hint for at, one in enumerate(failed)]
    said = [
        f"✗ {one.claim}\n    {one.message}" + (f"\n    → {hint}" if hint else "")
        for one, hint in zip(failed, hints, strict=True)
    ]
    return len(results), reference.counts.get(wanted.name, len(results)), said
