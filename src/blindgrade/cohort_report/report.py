"""Write a report from a folder of attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.cohort_report.alike import alike, read_forms, read_groups
from blindgrade.cohort_report.cohort import Cohort, analyse
from blindgrade.cohort_report.groups import grouped
from blindgrade.cohort_report.page import write_report
from blindgrade.cohort_report.records import NoAttempts, Record, read_records
from blindgrade.cohort_report.unread import Unread
from blindgrade.cohort_report.work_links import WorkLinks
from blindgrade.marks.marks import Marks
from blindgrade.models import Outcome
from blindgrade.render.html.look import look_of
from blindgrade.roster.matching import Roster


def report(
    marks: Marks,
    targets: list[Target],
    submitted: Path | None,
    to: Path,
    heading: str,
    roster: Roster | None = None,
) -> tuple[Cohort, list[Path]]:
    """Write the report on these lessons. NoAttempts if there are no attempts, or if a file is damaged.

    `submitted` is the folder to search for submissions with the same structure; None searches none.
    """
    catalog, attempts = marks.catalog, marks.store.root
    lessons = [t.lesson for t in targets]
    records = read_records(marks, [lesson.id for lesson in lessons], catalog.course.policy)
    if not any(records.values()):
        raise NoAttempts(
            f"{attempts} holds no attempt at {heading}; run `course grade {heading} SUBMITTED/`, or name --attempts"
        )
    if submitted is not None and not submitted.is_dir():
        raise NoAttempts(f"{submitted} is no folder; name the one that holds a submission for each student")
    found = None
    if submitted is not None:
        forms = read_forms(submitted, [(t.files, t.lesson) for t in targets])
        found = alike(forms, _passed(records), read_groups(submitted))
    not_graded = [
        Unread(one.student, one.lesson, one.reason)
        for lesson in records
        for one in marks.answers[lesson].stale
        if one.unread
    ]
    cohort = analyse(catalog.course, records, lessons, roster, marks.decisions.in_force(), not_graded)
    links = WorkLinks.to(to, marks, submitted, targets, records)
    groups = [grouped(t.files, t.lesson, records[t.lesson.id]) for t in targets if records[t.lesson.id]]
    graded_at = max(r.last.graded_at for group in records.values() for r in group)
    to.parent.mkdir(parents=True, exist_ok=True)
    return cohort, write_report(to, cohort, found, heading, graded_at, look_of(catalog), links, groups)


def _passed(records: Mapping[str, Sequence[Record]]) -> dict[str, dict[str, bool]]:
    """Whether each exercise passed in the newest submission, which is the one in the folder of submissions."""
    found: dict[str, dict[str, bool]] = {}
    for lesson, group in records.items():
        for record in group:
            for result in record.last.exercises:
                found.setdefault(record.student, {})[f"{lesson}/{result.name}"] = result.outcome is Outcome.PASSED
    return found
