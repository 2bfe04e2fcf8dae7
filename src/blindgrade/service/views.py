"""A submission as its student sees it. Every exit of the service (API, page, mail) is made by this module.

It adds to the one view of an attempt (`student_view`) what the service knows: state, place in the queue, and time. The
result is not there before its slot. It says nothing about how long the grading took.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from blindgrade import clock
from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Attempt, Level
from blindgrade.service import policy, queue, receipts
from blindgrade.service.database.tables import Person, Submission
from blindgrade.service.lessons import Lessons
from blindgrade.service.pace import Pace
from blindgrade.student_view import StudentView, student_view
from blindgrade.submitting.wire_models import Receipt, SubmissionStatus

OPEN = ("waiting", "grading")
MESSAGES = {
    "waiting": "it waits, or it is graded now",
    "done": "it was graded",
    "superseded": "a newer submission of yours took its place before it was graded",
    "failed": "the grading service could not grade it, which is not your fault and costs no attempt; submit it again,"
    " or ask your instructor",
    "set_aside": "the grader stopped while it ran your code, twice; this costs no attempt. Run `grade` on your own"
    " machine, and ask your instructor if it passes there",
}


@dataclass(frozen=True)
class Views:
    """Makes views of submissions."""

    lessons: Lessons
    feedback: AttemptStore
    secret: bytes
    pace: Pace

    def status(self, session: Session, submission: Submission, now: float) -> SubmissionStatus:
        """The submission as its student sees it now."""
        person = session.get_one(Person, submission.person_id)
        level = self.level(submission, now)
        found = SubmissionStatus(
            uuid=submission.uuid,
            lesson=submission.lesson,
            receipt=self.receipt(submission, person.student),
            state="waiting" if submission.state in OPEN else submission.state,  # type: ignore[arg-type]  # a word of State
            level=level,
            over_quota=submission.over_quota,
        )
        if submission.state in OPEN or self.hides(submission, level, now):
            # Whether it is in flight, or graded and its slot has not come, would show how long code runs: this one's,
            # or that of the student's submission before it.
            found.state = "waiting"
            found.position = queue.position(session, submission.uuid)
            found.expected_seconds = self.pace.expected(submission, level, found.position, now)
        elif submission.state == "done":
            found.view = self.view(submission, person.student, level)
        found.message = MESSAGES[found.state]
        if found.state == "done" and not submission.feedback_key:
            # The reason may quote the student's own file alone, but a level below `checks` shows no such detail.
            reason = f": {submission.reason}" if level is Level.CHECKS else "; `grade` on your own machine says why"
            found.message = f"it could not be read{reason}"
        return found

    def level(self, submission: Submission, now: float) -> Level:
        """What the student may read about this submission now."""
        level = self.lessons.level(submission.lesson, now)
        if submission.over_quota and not self.lessons.is_over(submission.lesson, now):
            return policy.lesser(level, self.lessons.beyond(submission.lesson))
        return level

    def hides(self, submission: Submission, level: Level, now: float) -> bool:
        """Is there a result that must not be read yet? Its slot has not come."""
        if submission.state not in ("done", "failed", "set_aside") or submission.graded_at is None:
            return False
        return now < policy.shown_at(level, submission.accepted_at, submission.graded_at)

    def shown_at(self, submission: Submission, now: float) -> float | None:
        """When the result may be read; None if there is none."""
        if submission.graded_at is None:
            return None
        return policy.shown_at(self.level(submission, now), submission.accepted_at, submission.graded_at)

    def view(self, submission: Submission, student: str, level: Level) -> StudentView | None:
        """The student's view of the feedback; None if its file is missing."""
        attempt = self.feedback.read(submission.lesson, student, submission.feedback_key)
        return None if attempt is None else self.of_attempt(attempt, submission, level)

    def of_attempt(self, attempt: Attempt, submission: Submission, level: Level) -> StudentView:
        """View of an attempt, with the time of its slot in place of the time when its grading ended."""
        view = student_view(attempt, level)
        at = policy.shown_at(level, submission.accepted_at, submission.graded_at or submission.accepted_at)
        return view.model_copy(update={"graded_at": clock.utc(policy.moment(at))})

    def receipt(self, submission: Submission, student: str) -> Receipt:
        """The submission's receipt. It is the same each time."""
        at = clock.utc(policy.moment(submission.accepted_at), "microseconds")
        return receipts.signed(
            self.secret, submission.uuid, submission.lesson, student, submission.number, submission.digest, at
        )  # fmt: skip
