"""Tasks for the earlier versions of students, which count under the policies "best" and "mean"."""

from __future__ import annotations

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target
from blindgrade.cohort.grading import has_errors
from blindgrade.cohort.pool import Task
from blindgrade.cohort.tasks import task
from blindgrade.marks.kept import KeptVersions
from blindgrade.marks.record import Seen
from blindgrade.submitted import SubmittedWork
from blindgrade.versions.course_version import attempt_key


def kept_tasks(
    target: Target, seed: RunSeed, course: str, works: list[SubmittedWork], seen: dict[str, Seen], kept: KeptVersions,
    store: AttemptStore, regrade: bool,
) -> list[Task]:  # fmt: skip
    """Tasks for the kept versions of the lesson that have no attempt under the present checks."""
    lesson = target.lesson.id
    found = []
    for work in works:
        wanted = {}
        for one in seen[work.student].versions:
            key = attempt_key(one.sha256, one.submitted_at, course, seed.id)
            done = store.read(lesson, work.student, key) if one.kept and not regrade else None
            if one.kept and (done is None or has_errors(done)):
                wanted[one.kept] = one
        places = kept.earlier(work, lesson) or [] if wanted else []
        for version, place in places:
            if version.folder in wanted:
                one = wanted[version.folder]
                found.append(task(target, work.student, place, one.submitted_at, shown=one.path))
    return found
