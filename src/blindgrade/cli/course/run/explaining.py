"""The last part of `course grade`: compare the wrong answers that no misconception explains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import CourseError, Target
from blindgrade.cli.bars import Bar
from blindgrade.cli.exits import say
from blindgrade.render.sentences import many
from blindgrade.verify.mutant import NEEDED, can_make_mutants


def explain_pending(
    targets: Sequence[Target], attempts: Path, pending: Sequence[tuple[str, str, str]], workers: int
) -> None:
    """Group the answers and compare them with small changes of the solution. What fails is done by the next run."""
    if not pending:
        return
    if not can_make_mutants():
        say(
            f"no misconception explains some wrong answers. {NEEDED} is not installed, so they were not compared with"
            " small changes of the solution; run pip install 'blindgrade[discover]' and the same command again"
        )
        return
    # Imported here, because most runs have no such answers.
    from blindgrade.discover.explain import explain

    try:
        with Bar() as bar:
            done = explain(targets, AttemptStore(attempts), pending, workers, bar.step)
    except (StoreError, CourseError, OSError) as error:
        say(f"the wrong answers that no misconception explains were not compared ({error}); the same command does it")
        return
    if not done.answers:
        return
    found = (
        f"; a small change of the solution replies exactly like {done.by_mutants} of them" if done.by_mutants else ""
    )
    count = many(done.answers, "wrong answer")
    see = " and ".join(f"`course discover {lesson}`" for lesson in dict.fromkeys(lesson for lesson, _, _ in pending))
    click.echo(f"\nno misconception explains {count}{found}; see {see}")
