"""The queue of gradings: a table, because the order in it is what the service exists for.

- One submission of a student and lesson is in flight; another one waits.
- A newer submission takes the waiting one's place and its position.
- Lanes: `interactive`, `training` (long lessons), `mark` (held-back seed), `regrade`. One worker is never taken by the
  last two, and none of them begins before the interactive lane is empty.
- A grading is leased. A dead grader's work comes back when the lease ends, or when the grader starts again.
- What kills two workers is not tried again, with a reason. A fault of ours costs no attempt.

Each function is part of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, and_, func, select, update
from sqlalchemy.orm import Session, aliased

from blindgrade.service.database.tables import Job, Person, Submission

LEASE_SECONDS = 30.0
MAX_KILLS = 2  # workers that one submission may kill
MAX_LOSSES = 10  # graders that may die while they have it: they die for other reasons, but not for ever
MAX_ERRORS = 3  # faults of ours until a submission is failed
RETRY_SECONDS = 5.0


class Lane(StrEnum):
    """Lanes, the most urgent first."""

    INTERACTIVE = "interactive"
    TRAINING = "training"
    MARK = "mark"
    REGRADE = "regrade"


class Purpose(StrEnum):
    """What a grading is for: feedback for the student, or the mark."""

    FEEDBACK = "feedback"
    MARK = "mark"


BACKGROUND = (Lane.MARK, Lane.REGRADE)


@dataclass(frozen=True)
class Claimed:
    """A grading that this grader has leased."""

    job: int
    submission: str
    student: str
    person_id: int
    lesson: str
    purpose: Purpose
    lane: Lane
    number: int
    digest: str
    accepted_at: float


def enqueue(
    session: Session, submission: Submission, lane: Lane, purpose: Purpose = Purpose.FEEDBACK, *,
    not_before: float = 0.0,
) -> str | None:  # fmt: skip
    """Let the submission wait. The uuid of the one whose place and position it took; None if it took none."""
    if purpose is Purpose.FEEDBACK:
        waiting = session.scalar(_waiting(submission.person_id, submission.lesson).with_for_update())
        if waiting is not None:
            older = waiting.submission
            waiting.submission, waiting.lane = submission.uuid, lane.value
            waiting.kills = waiting.losses = waiting.errors = 0
            waiting.not_before, waiting.reason = 0.0, ""
            _supersede(session, older)
            session.flush()
            return older
    session.add(
        Job(
            submission=submission.uuid,
            person_id=submission.person_id,
            lesson=submission.lesson,
            purpose=purpose.value,
            lane=lane.value,
            position=submission.accepted_at,
            not_before=not_before,
        )
    )
    session.flush()
    return None


def _waiting(person_id: int, lesson: str) -> Select[Job]:
    return select(Job).where(
        Job.person_id == person_id,
        Job.lesson == lesson,
        Job.purpose == Purpose.FEEDBACK.value,
        Job.state == "waiting",
    )


def _supersede(session: Session, uuid: str) -> None:
    reason = "a newer submission took its place before it was graded"
    session.execute(update(Submission).where(Submission.uuid == uuid).values(state="superseded", reason=reason))


def drop_marks(session: Session, person_id: int, lesson: str, keep: str) -> None:
    """Drop waiting marks of the student's other submissions: under the policy "last" they cannot count."""
    session.execute(
        update(Job)
        .where(
            Job.person_id == person_id, Job.lesson == lesson, Job.purpose == Purpose.MARK.value,
            Job.state == "waiting", Job.submission != keep,
        )
        .values(state="dropped", reason="a newer submission counts")
    )  # fmt: skip


# ---------------------------------------------------------------- for a grader


def claim(
    session: Session, owner: str, now: float, lanes: Sequence[Lane], seconds: float = LEASE_SECONDS
) -> Claimed | None:
    """The next grading of these lanes, leased to the owner; None if nothing may begin now.

    A student's submission does not begin while another one of the same lesson is in flight.
    """
    other = aliased(Job)
    in_flight = select(other.id).where(
        other.person_id == Job.person_id, other.lesson == Job.lesson, other.state == "leased"
    )
    for lane in lanes:
        job = session.scalar(
            select(Job)
            .where(Job.state == "waiting", Job.lane == lane.value, Job.not_before <= now, ~in_flight.exists())
            .order_by(Job.position, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if job is None:
            continue
        job.state, job.owner, job.lease_until = "leased", owner, now + seconds
        session.flush()
        submission = session.get_one(Submission, job.submission)
        if job.purpose == Purpose.FEEDBACK.value:
            submission.state = "grading"
        person = session.get_one(Person, job.person_id)
        return Claimed(
            job.id, submission.uuid, person.student, person.id, job.lesson, Purpose(job.purpose), lane,
            submission.number, submission.digest, submission.accepted_at,
        )  # fmt: skip
    return None


def renew(session: Session, owner: str, now: float, seconds: float = LEASE_SECONDS) -> None:
    """Keep all of the owner's leases."""
    mine = update(Job).where(Job.owner == owner, Job.state == "leased")
    session.execute(mine.values(lease_until=now + seconds))


def finish(session: Session, job: int, owner: str) -> bool:
    """Mark a grading as done. False if the owner has no lease any more: another grader has its work then."""
    mine = update(Job).where(Job.id == job, Job.owner == owner, Job.state == "leased")
    return bool(session.execute(mine.values(state="done")).rowcount == 1)  # type: ignore[attr-defined]  # the result of an UPDATE has it


def killed(session: Session, job: int, owner: str, reason: str) -> bool:
    """A worker died with this grading. It comes back, but not after the second time. True if it does not come back."""
    one = _held(session, job, owner)
    if one is None:
        return False
    one.kills += 1
    if one.kills >= MAX_KILLS:
        _end(session, one, "set_aside", f"it ended {one.kills} of the grader's processes: {reason}")
        return True
    _back(session, one, 0.0)
    return False


def failed(session: Session, job: int, owner: str, reason: str, now: float) -> bool:
    """The grader made a mistake. The grading comes back later, a few times. True if it is given up."""
    one = _held(session, job, owner)
    if one is None:
        return False
    one.errors += 1
    if one.errors >= MAX_ERRORS:
        _end(session, one, "failed", reason)
        return True
    _back(session, one, now + RETRY_SECONDS * one.errors)
    return False


def release(session: Session, owner: str) -> None:
    """Give all of the owner's gradings back: the grader stops."""
    for one in session.scalars(select(Job).where(Job.owner == owner, Job.state == "leased")):
        _back(session, one, 0.0)


def expire(session: Session, now: float, dead: Collection[str] = ()) -> int:
    """Take back the gradings of graders that are dead: their leases are over, or they are in `dead`."""
    over = and_(Job.state == "leased", (Job.lease_until < now) | Job.owner.in_(dead))
    found = list(session.scalars(select(Job).where(over).with_for_update(skip_locked=True)))
    for one in found:
        one.losses += 1
        if one.losses >= MAX_LOSSES:
            _end(session, one, "set_aside", f"the grader stopped {one.losses} times while it graded this")
        else:
            _back(session, one, 0.0)
    return len(found)


def _held(session: Session, job: int, owner: str) -> Job | None:
    return session.scalar(select(Job).where(Job.id == job, Job.owner == owner, Job.state == "leased").with_for_update())


def _back(session: Session, one: Job, not_before: float) -> None:
    """Let a leased grading wait again, in its old position. If a newer submission waits, that one gets the position."""
    one.owner, one.lease_until = "", 0.0
    if one.purpose == Purpose.FEEDBACK.value:
        newer = session.scalar(_waiting(one.person_id, one.lesson).with_for_update())
        if newer is not None:
            newer.position = min(newer.position, one.position)
            one.state, one.reason = "dropped", "a newer submission took its place"
            _supersede(session, one.submission)
            session.flush()
            return
        session.execute(update(Submission).where(Submission.uuid == one.submission).values(state="waiting"))
    one.state, one.not_before = "waiting", not_before
    session.flush()


def _end(session: Session, one: Job, state: str, reason: str) -> None:
    one.state, one.reason, one.owner = "set_aside", reason, ""
    if one.purpose == Purpose.FEEDBACK.value:
        ended = update(Submission).where(Submission.uuid == one.submission)
        session.execute(ended.values(state=state, reason=reason))
    session.flush()


# ---------------------------------------------------------------- for people


def position(session: Session, uuid: str) -> int:
    """How many gradings wait before this submission's feedback; 0 if it does not wait.

    Gradings in flight do not count: a student could see from it how long the code of an earlier submission runs.
    """
    own = session.scalar(
        select(Job).where(Job.submission == uuid, Job.purpose == Purpose.FEEDBACK.value, Job.state == "waiting")
    )
    if own is None:
        return 0
    lanes = list(Lane)
    earlier = [lane.value for lane in lanes[: lanes.index(Lane(own.lane))]]
    before = (Job.position < own.position) | ((Job.position == own.position) & (Job.id < own.id))
    ahead = Job.lane.in_(earlier) | ((Job.lane == own.lane) & before)
    return session.scalar(select(func.count()).select_from(Job).where(Job.state == "waiting", ahead)) or 0


def waiting(session: Session, *lanes: Lane) -> int:
    """Number of gradings that wait in these lanes, or in all."""
    wanted = [lane.value for lane in lanes or tuple(Lane)]
    query = select(func.count()).select_from(Job).where(Job.state == "waiting", Job.lane.in_(wanted))
    return session.scalar(query) or 0
