"""`grade --explain`: what small changes of the solution say about the wrong answers of one submission."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from blindgrade.catalog import Target
from blindgrade.discover.answers import checks_by_name
from blindgrade.discover.kept_mutants import Progress
from blindgrade.discover.matching import match_first
from blindgrade.discover.mutant_replies import MutantReply, mutant_replies
from blindgrade.engine.judging.unexplained import is_unexplained
from blindgrade.engine.judging.wrong_answers import CollectedReplies
from blindgrade.models import Attempt, ExerciseResult, Grading
from blindgrade.verify.workshop import Workshop


def explained(
    grading: Grading,
    targets: Iterable[Target],
    collected: CollectedReplies,
    workers: int,
    progress: Progress = lambda what, done, total: None,
) -> Grading:
    """The grading, with the mutants that reply exactly as a wrong answer that no misconception explains."""
    by_lesson = {target.files.entry.id: target for target in targets}
    lessons = [_with_mutants(one, by_lesson[one.lesson], collected, workers, progress) for one in grading.lessons]
    return grading.model_copy(update={"lessons": lessons})


def unexplained(target: Target, attempt: Attempt) -> list[ExerciseResult]:
    """Results of wrong answers that no misconception explains."""
    return [one for one in attempt.exercises if is_unexplained(target.lesson.exercise(one.name), one)]


def _with_mutants(
    attempt: Attempt, target: Target, collected: CollectedReplies, workers: int, progress: Progress
) -> Attempt:
    workshop: Workshop | None = None
    results = []
    for result in attempt.exercises:
        answer = collected.unexplained(attempt.lesson, target.lesson.exercise(result.name), result)
        if answer is not None:
            workshop = workshop or Workshop(target.files.root, attempt.lesson)
            known = partial(_replies, workshop, result.name, attempt, workers, progress)
            shown = match_first(checks_by_name(workshop, result.name), answer, known)
            result = result.model_copy(update={"mutant": shown})
        results.append(result)
    return attempt.model_copy(update={"exercises": results})


def _replies(
    workshop: Workshop, exercise: str, attempt: Attempt, workers: int, progress: Progress, wider: bool
) -> list[MutantReply]:
    what = f"{attempt.lesson}/{exercise}: {'more' if wider else 'small'} changes of the solution"
    return mutant_replies(workshop, exercise, attempt.seed, workers, partial(progress, what), wider=wider)
