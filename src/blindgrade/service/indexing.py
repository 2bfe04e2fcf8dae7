"""The index of attempts in the database. The files are the truth; the index can be made anew from them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Attempt
from blindgrade.service.database.tables import IndexedAttempt, Person, Submission
from blindgrade.service.service import Service


def row_of(attempt: Attempt) -> IndexedAttempt:
    """Row of an attempt."""
    assert attempt.student
    return IndexedAttempt(
        lesson=attempt.lesson,
        student=attempt.student,
        key=attempt.key,
        purpose=attempt.purpose,
        points=attempt.points,
        max_points=attempt.max_points,
        sha256=attempt.submission.sha256,
        submitted_at=attempt.submitted_at,
        graded_at=attempt.graded_at,
        course=attempt.course,
    )


def index_attempt(session: Session, attempt: Attempt) -> None:
    """Add an attempt to the index, or bring its row up to date."""
    session.merge(row_of(attempt))


def every_attempt(service: Service) -> Iterator[Attempt]:
    """Every attempt in the files. StoreError names a damaged one."""
    for store in (service.marks, service.feedback):
        for lesson in store.lessons():
            yield from store.all(lesson)


def reindex(service: Service) -> tuple[int, int]:
    """Make the index anew from the files: the number of attempts, and of submissions whose attempts were found."""
    found = list(every_attempt(service))
    with service.database.writing() as session:
        session.execute(delete(IndexedAttempt))
        session.add_all([row_of(attempt) for attempt in found])
        linked = _link(session, service)
    return len(found), linked


def _link(session: Session, service: Service) -> int:
    """Note the attempts of submissions whose rows do not name them: the attempt's path is the submission's uuid."""
    linked = 0
    students = {person.id: person.student for person in session.scalars(select(Person))}
    known: dict[tuple[str, str, str], Attempt] = {}
    for attempt in (one for store in (service.feedback, service.marks) for one in _readable(store)):
        known[attempt.submission.path, attempt.purpose, attempt.student or ""] = attempt
    for submission in session.scalars(select(Submission)):
        student = students.get(submission.person_id, "")
        feedback = known.get((submission.uuid, "feedback", student))
        mark = known.get((submission.uuid, "mark", student))
        if feedback is not None and not submission.feedback_key:
            submission.feedback_key, linked = feedback.key, linked + 1
        if mark is not None and not submission.mark_key:
            submission.mark_key, linked = mark.key, linked + 1
    return linked


def _readable(store: AttemptStore) -> Iterator[Attempt]:
    for lesson in store.lessons():
        for student in store.students(lesson):
            yield from store.readable(lesson, student)
