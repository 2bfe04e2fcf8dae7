"""The answer of a changed solution to an exercise: what it replies to every check, and the checks that it fails."""

from __future__ import annotations

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import check_seed, observe
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.judging.wrong_answers import WrongAnswer, wrong_answer
from blindgrade.engine.worker.lesson import LoadedLesson
from blindgrade.models import Outcome
from blindgrade.verify.workshop import Workshop

Rounds = list[tuple[Check, int]]  # checks, each with its seed


def rounds_of(workshop: Workshop, exercise: str, seed: int) -> Rounds:
    """The checks of the exercise with their seeds, which come from the lesson's seed."""
    return [(check, check_seed(seed, workshop.lesson.id, check)) for check in workshop.checks.of(exercise)]


def checks_by_name(workshop: Workshop, exercise: str) -> dict[str, Check]:
    """The checks of the exercise by their names, for a comparison of answers."""
    return {check.name: check for check in workshop.checks.of(exercise)}


def answer_of(workshop: Workshop, module: LoadedLesson, rounds: Rounds) -> WrongAnswer | None:
    """Answer of the module. None if it is right, or if it has no reply that can be compared."""
    seen, failed = {}, set()
    for check, seed in rounds:
        seen[check.name] = observe(workshop.checks, check, module, seed)
        if judge_by(workshop.reference, check, seen[check.name], seed).outcome is Outcome.FAILED:
            failed.add(check.name)
    return wrong_answer(seen, frozenset(failed))
