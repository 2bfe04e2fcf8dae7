"""A student's marks, by the same policy and the same attempts as `course standings`, from what the service knows."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from blindgrade import clock
from blindgrade.attempts.effects import UNDECIDED
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.reading import AttemptSummary, StoreError
from blindgrade.policies import Standing, standings
from blindgrade.service.database.tables import Person, Submission
from blindgrade.service.policy import moment
from blindgrade.service.service import Service

NOT_HANDED_IN = ("failed", "set_aside")  # they cost no attempt


def standings_of(service: Service, session: Session, person: Person) -> list[Standing]:
    """Standings of a person in each lesson with a mark. Submissions without a mark yet are not up to date."""
    mine = select(Submission).where(Submission.person_id == person.id, Submission.state.not_in(NOT_HANDED_IN))
    versions: dict[str, list[HandedIn[AttemptSummary]]] = defaultdict(list)
    for one in session.scalars(mine.order_by(Submission.number)):
        attempt = _mark(service, person.student, one)
        at = clock.utc(moment(one.accepted_at), "microseconds")
        versions[one.lesson].append(HandedIn(attempt, at, None, attempt is not None))
    policy = service.lessons.catalog.course.policy
    if policy.attempts == "last":
        versions = defaultdict(list, {lesson: own[-1:] for lesson, own in versions.items()})
    decided = service.lessons.decided().get(person.student, UNDECIDED)
    return standings(person.student, versions, policy, decisions=decided)


def shown_standings(service: Service, session: Session, person: Person, now: float) -> list[Standing]:
    """Those that the person may read: of lessons for which nobody can hand in in time any more."""
    return [one for one in standings_of(service, session, person) if service.lessons.is_over(one.lesson, now)]


def _mark(service: Service, student: str, submission: Submission) -> AttemptSummary | None:
    if not submission.mark_key:
        return None
    try:
        return service.marks.part(AttemptSummary, submission.lesson, student, submission.mark_key)
    except (FileNotFoundError, StoreError):
        return None
