"""Grading without a sandbox, in this process: for trusted code (verify, mutants) and for `grade --debug`."""

from __future__ import annotations

from collections.abc import Iterable

from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed, observe
from blindgrade.engine.judging.diagnosis import Seen, diagnose
from blindgrade.engine.judging.judging import ReferenceFailed, judge_by
from blindgrade.engine.judging.scoring import block, score
from blindgrade.engine.worker.lesson import LoadedLesson
from blindgrade.models import Exercise, ExerciseResult, Outcome


def rehearse_exercise(
    exercise: Exercise, module: LoadedLesson, reference: LiveReference, seed: int, *, diagnosed: bool = True
) -> ExerciseResult:
    """One exercise of a module that is trusted. Raises ReferenceFailed if the course itself is at fault."""
    checks: LessonChecks = reference.checks
    seen: list[Seen] = []
    for check in checks.of(exercise.name):
        own = check_seed(seed, checks.lesson.id, check)
        reply = observe(checks, check, module, own, reference.device)
        try:
            result = judge_by(reference, check, reply, own)
        except ReferenceFailed as error:
            raise ReferenceFailed(f"{check.name}: {error}") from error
        seen.append((check, own, reply, result))
    if diagnosed:
        diagnose(exercise, seen, reference)
    return score(exercise, [result for *_, result in seen])


def rehearse(
    module: LoadedLesson,
    reference: LiveReference,
    seed: int,
    names: Iterable[str] | None = None,
    *,
    diagnosed: bool = True,
) -> list[ExerciseResult]:
    """The named exercises (default: all) of a trusted module, blame told once."""
    lesson = reference.checks.lesson
    wanted = [e for e in lesson.exercises if names is None or e.name in set(names)]
    outcomes: dict[str, Outcome] = {}
    results = []
    for exercise in wanted:
        result = block(exercise, rehearse_exercise(exercise, module, reference, seed, diagnosed=diagnosed), outcomes)
        outcomes[exercise.name] = result.outcome
        results.append(result)
    return results
