"""Replies of an exercise's mutants beside a lesson's attempts: computed once for a seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.discover import mutant_replies as mutants
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.verify.workshop import Workshop

Progress = Callable[[str, int, int], None]  # what is done, how much of it, and of how much


def kept_mutants(
    workshop: Workshop,
    store: AttemptStore,
    seed: RunSeed,
    exercise: str,
    version: str,
    workers: int,
    progress: Progress = lambda what, done, total: None,
    *,
    wider: bool = False,
) -> list[MutantReply]:
    """Replies of all mutants of the exercise. `version` is that of the exercise: a change of it makes other replies.

    With `wider` they are those of the wider changes.
    """
    lesson = workshop.lesson.id
    name = f"{'wider-' if wider else ''}mutants-{exercise}-{version[:16]}-{seed.id}"
    expected = mutants.expected_frames(workshop, exercise, seed.seed)
    kept = store.blob(lesson, name)
    if kept is not None:
        try:
            return mutants.from_bytes(kept, expected)
        except ValueError:
            pass  # it is computed again
    what = f"{lesson}/{exercise}: {'more' if wider else 'small'} changes of the solution"
    found = mutants.mutant_replies(workshop, exercise, seed.seed, workers, partial(progress, what), wider=wider)
    store.keep_blob(lesson, name, mutants.to_bytes(found, expected))
    return found
