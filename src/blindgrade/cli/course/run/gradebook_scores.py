"""Scores by the policy, for both commands of `course gradebook`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.gradebook.scores import LessonScores, read_scores
from blindgrade.models import Late


def scores(
    catalog: Catalog, lessons: tuple[str, ...], attempts: Path | None, count: str | None, before_penalties: bool
) -> Iterator[LessonScores]:
    """Scores of the named lessons, or of all lessons with attempts."""
    policy = catalog.course.policy
    policy = policy.model_copy(update={"attempts": count or policy.attempts})
    if before_penalties:
        policy = policy.model_copy(update={"late": Late()})
    wanted = [t.files.entry.id for t in catalog.find(lessons)] if lessons else None
    here = Path("attempts")
    return read_scores(attempts or (here if here.is_dir() else catalog.attempts), policy, wanted)
