"""Marks and policy for both commands of `course gradebook`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blindgrade.attempts.handed_in import Count
from blindgrade.catalog import Catalog
from blindgrade.cli.course.run.submitted import submitted_at
from blindgrade.cli.course.run.up_to_date import ask_all, say_up_to_date
from blindgrade.cli.exits import ALL_DONE, stop
from blindgrade.gradebook.scores import LessonScores, lesson_groups, read_scores
from blindgrade.marks.marks import Marks
from blindgrade.models import Late, Policy


@dataclass(frozen=True)
class Scores:
    """Scores of the named lessons, or of all lessons with attempts. `code` is the exit code that the marks ask for."""

    marks: Marks
    policy: Policy
    lessons: list[str] | None
    code: int

    def read(self) -> Iterator[LessonScores]:
        """Scores of each lesson."""
        return read_scores(self.marks, self.policy, self.lessons)


def up_to_date_scores(
    catalog: Catalog, lessons: tuple[str, ...], attempts: Path | None, submitted: Path | None, count: Count | None,
    before_penalties: bool, stale: bool,
) -> Scores:  # fmt: skip
    """Scores to write. End the command if a mark is not up to date and `stale` is not set."""
    policy = catalog.course.policy
    policy = policy.model_copy(update={"attempts": count or policy.attempts})
    if before_penalties:
        policy = policy.model_copy(update={"late": Late()})
    wanted = [t.files.entry.id for t in catalog.find(lessons)] if lessons else None
    here = Path("attempts")
    store = attempts or (here if here.is_dir() else catalog.attempts)
    marks = Marks(catalog, store, submitted_at(submitted))
    for group, _ in lesson_groups(marks, policy, wanted):
        ask_all(marks, group, policy.attempts)
    named = store if store.resolve() != catalog.attempts.resolve() else None
    code = say_up_to_date(marks, named, count if count != catalog.course.policy.attempts else None)
    if code != ALL_DONE and not stale:
        stop("nothing is written; bring the marks up to date, or write them as they are with --stale", code)
    return Scores(marks, policy, wanted, code)
