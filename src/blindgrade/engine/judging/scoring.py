"""Results of exercises, from the results of checks: points, the gravest outcome, and `blocked` exercises."""

from __future__ import annotations

from collections.abc import Mapping

from blindgrade.models import GRAVITY, CheckResult, Exercise, ExerciseResult, Outcome

EARNS = (Outcome.PASSED, Outcome.ERROR)  # an error is the grader's fault, so it costs no points


def score(exercise: Exercise, checks: list[CheckResult], output: str = "") -> ExerciseResult:
    """Result of the exercise. Its points are split among the checks by weight."""
    total = sum(c.weight for c in checks)
    earned = sum(c.weight for c in checks if c.outcome in EARNS)
    outcome = max((c.outcome for c in checks), key=GRAVITY.index, default=Outcome.ERROR)
    if outcome is Outcome.NOT_ATTEMPTED and any(c.outcome is not Outcome.NOT_ATTEMPTED for c in checks):
        outcome = Outcome.FAILED  # the student began it and did not finish
    return ExerciseResult(
        name=exercise.name,
        title=exercise.title,
        outcome=outcome,
        points=round(exercise.points * earned / total, 6) if total else exercise.points,
        max_points=exercise.points,
        concepts=exercise.concepts,
        checks=checks,
        output=output,
    )


def block(exercise: Exercise, result: ExerciseResult, outcomes: Mapping[str, Outcome]) -> ExerciseResult:
    """Result of the exercise, marked as blocked if it failed and an exercise with one of these outcomes failed too.

    Its checks keep their own failures in `own`.
    """
    waits = [name for name in exercise.requires_here if outcomes.get(name, Outcome.PASSED) not in EARNS]
    if result.outcome is not Outcome.FAILED or not waits:
        return result
    text = f"waits for {', '.join(waits)}"
    checks = [
        c.model_copy(
            update={
                "outcome": Outcome.BLOCKED,
                "message": text,
                "own": c.message,
                "hint": "",
                "misconception": None,
                "relation": None,
                "relation_text": "",
            }
        )
        if c.outcome in (Outcome.FAILED, Outcome.NOT_ATTEMPTED)
        else c
        for c in result.checks
    ]
    return result.model_copy(update={"outcome": Outcome.BLOCKED, "checks": checks})
