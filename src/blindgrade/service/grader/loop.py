"""The grader's loop: claim gradings, let the pool do them, write attempts, and note results in the database.

Only the grader writes attempts. An attempt's file is written before the database says that it is there. If the grader
is killed in between, the grading comes back, and the same key finds the file.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from blindgrade.attempts.kept_answers import keep_answers
from blindgrade.cohort.grading import Result, has_errors
from blindgrade.cohort.pool import Answer
from blindgrade.service import queue
from blindgrade.service.database.tables import Job, Submission
from blindgrade.service.feedback_seeds import POOL
from blindgrade.service.grader.idle import Idle
from blindgrade.service.grader.work import GradingWork, Order, prepare, warm_up
from blindgrade.service.grader.workers import Workers
from blindgrade.service.indexing import index_attempt
from blindgrade.service.queue import BACKGROUND, Claimed, Lane, Purpose
from blindgrade.service.service import Service
from blindgrade.service.waking import drain, wake

LOOK_SECONDS = 1.0  # it looks for work this often if nobody wakes it
ALONE_SECONDS = 0.2  # the same, if the web is on another machine and cannot wake it
BEAT_SECONDS = queue.LEASE_SECONDS / 3
TROUBLE_SECONDS = 2.0  # pause after the database did not answer
AHEAD = 2
LESSONS_SECONDS = 10.0
log = logging.getLogger(__name__)


def owner_name() -> str:
    """Name of this grader in leases: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}:{time.time_ns() & 0xFFFF:04x}"


@dataclass
class Loop:
    """State of a grader. `stopped` is asked between two gradings."""

    service: Service
    work: GradingWork
    pool: Workers
    stopped: Callable[[], bool]
    owner: str = field(default_factory=owner_name)
    held: dict[str, Claimed] = field(default_factory=dict)  # by the task's name
    idle: Idle = field(init=False)
    _beat: float = 0.0
    _looked: float = -1e9
    _lessons: list[str] = field(default_factory=list)
    _prepared: dict[str, set[int]] = field(default_factory=dict)  # by lesson, seeds that are or will be prepared

    def __post_init__(self) -> None:
        self.idle = Idle(self.service.settings)

    def run(self) -> None:
        """Grade until somebody stops it. Then gradings that are not finished go back to the queue."""
        self.pool.start()
        for _ in range(self.pool.size):
            self.pool.give(warm_up())
        descriptor = self.service.settings.wake[1]
        pause = LOOK_SECONDS if descriptor >= 0 else ALONE_SECONDS
        answers: list[Answer] = []
        while not self.stopped():
            try:
                self.turn(answers)
                answers = self.pool.answers(pause, [descriptor] if descriptor >= 0 else [])
            except SQLAlchemyError as error:
                log.error("the database does not answer (%s); the grader tries again", error)
                time.sleep(TROUBLE_SECONDS)
            drain(descriptor)
        self.stop(answers)

    def turn(self, answers: list[Answer]) -> None:
        """Store these answers, and begin what there is room for."""
        results = [(self.held[one.task.name], one) for one in answers if one.task.name in self.held]
        stored = [(claimed, one, self._store(claimed, one)) for claimed, one in results]
        now = time.time()
        begun: list[Claimed] = []
        with self.service.database.writing() as session:
            if now - self._beat > BEAT_SECONDS:
                queue.renew(session, self.owner, now)
                queue.expire(session, now, self._dead(session))
            for claimed, one, result in stored:
                self._note(session, claimed, one, result, now)
            ended = {str(claimed.job) for claimed, _ in results}
            begun = self._claim(session, now, ended)
            idle = not begun and len(self.held) == len(ended)
            if idle:
                self.idle.look(session)
                self._look_for_lessons(session)
        # The transaction is over. If it failed, the same answers are noted again.
        for name in ended:
            self.held.pop(name, None)
        self._beat = now if now - self._beat > BEAT_SECONDS else self._beat
        for claimed in begun:
            self._give(claimed)
        if idle:
            self._prepare()
        if results:
            wake(self.service.settings.wake[1])

    def stop(self, answers: list[Answer]) -> None:
        """Note the last answers, and give the rest back."""
        with suppress(SQLAlchemyError):  # else the leases end by themselves
            with self.service.database.writing() as session:
                for one in answers:
                    claimed = self.held.get(one.task.name)
                    if claimed is not None:
                        self._note(session, claimed, one, self._store(claimed, one), time.time())
                queue.release(session, self.owner)
        self.idle.close()
        wake(self.service.settings.wake[1])

    # ------------------------------------------------------------ begin

    def _claim(self, session: Session, now: float, ended: set[str]) -> list[Claimed]:
        held = [one for name, one in self.held.items() if name not in ended]
        found: list[Claimed] = []
        try:
            while lanes := self._lanes(session, [*held, *found], len(found)):
                with session.begin_nested():
                    one = queue.claim(session, self.owner, now, lanes)
                if one is None:
                    break
                found.append(one)
        except IntegrityError:  # another grader began one of the same student and lesson at this moment
            pass
        return found

    def _lanes(self, session: Session, running: list[Claimed], more: int) -> list[Lane]:
        """Lanes from which another grading may begin now. One worker is left for the interactive lane."""
        others = [one for one in running if one.lane is not Lane.INTERACTIVE]
        workers = self.pool.size
        room = self.pool.room(1 if others else AHEAD) - more
        if room <= 0:
            return []
        lanes = [Lane.INTERACTIVE]
        if len(running) < workers and len(others) < max(workers - 1, 1):
            lanes.append(Lane.TRAINING)
            background = sum(one.lane in BACKGROUND for one in running)
            if background < max(workers - 1, 1) and not queue.waiting(session, Lane.INTERACTIVE):
                lanes += BACKGROUND
        return lanes

    def _look_for_lessons(self, session: Session) -> None:
        """Find the lessons that students hand in, from time to time."""
        if time.monotonic() - self._looked > LESSONS_SECONDS:
            self._looked = time.monotonic()
            self._lessons = list(session.scalars(select(Submission.lesson).distinct()))

    def _prepare(self) -> None:
        """Let one worker compute the reference for a seed that was not used yet. The others stay free."""
        if self.pool.size > 1 and self.pool.room() == self.pool.size:
            for lesson in self._lessons:
                known = self._prepared.setdefault(lesson, set())
                if len(known) < POOL and (number := self.work.next_to_prepare(lesson, known)) is not None:
                    self.pool.give(prepare(lesson, number))
                    return

    def _give(self, claimed: Claimed) -> None:
        target = self.service.lessons.find(claimed.lesson) or self.service.lessons.all[0]
        self.held[str(claimed.job)] = claimed
        self.pool.give(Order.of(claimed).task(str(claimed.job), target))

    def _dead(self, session: Session) -> list[str]:
        """Owners of leases on this machine whose processes have ended."""
        owners = session.scalars(select(Job.owner).where(Job.state == "leased", Job.owner != self.owner).distinct())
        return [one for one in owners if one.split(":")[0] == socket.gethostname() and not _runs(one.split(":")[1])]

    # ------------------------------------------------------------ end

    def _store(self, claimed: Claimed, one: Answer) -> Result | None:
        """Result of an answer, with its attempt in a file. None if there is no result or it cannot be stored."""
        if one.result is None:
            return None
        result = Result.from_json(one.result)
        order = Order.of(claimed)
        store = self.work.store(order)
        if result.attempt is None:
            return result
        try:
            if claimed.purpose is Purpose.MARK:
                keep_answers(store, result.lesson, result.answers)
            store.write(result.attempt)
        except OSError as error:
            log.error("an attempt could not be stored (%s); its grading is done again", error.strerror)
            return None
        return result

    def _note(self, session: Session, claimed: Claimed, one: Answer, result: Result | None, now: float) -> None:
        if result is None:
            reason = one.reason or "the attempt could not be stored"
            log.warning("%s of %s: %s", claimed.lesson, claimed.student, reason)
            ended = queue.killed(session, claimed.job, self.owner, reason) if one.died else (
                queue.failed(session, claimed.job, self.owner, reason, now)
            )  # fmt: skip
            if ended and claimed.purpose is Purpose.FEEDBACK:
                session.get_one(Submission, claimed.submission).graded_at = now
            return
        attempt = result.attempt or self.work.store(Order.of(claimed)).read(result.lesson, result.student, result.key)
        if attempt is not None and has_errors(attempt):
            if not queue.failed(session, claimed.job, self.owner, "the grader could not judge every check", now):
                return
        elif not queue.finish(session, claimed.job, self.owner):
            return
        submission = session.get_one(Submission, claimed.submission)
        if attempt is not None:
            index_attempt(session, attempt)
        if claimed.purpose is Purpose.MARK:
            submission.mark_key = result.key
            return
        submission.graded_at = now
        submission.feedback_key = result.key if result.state != "skipped" else ""
        submission.reason = result.reason
        if submission.state != "failed":
            submission.state = "done"
            self._later(session, submission, now)

    def _later(self, session: Session, submission: Submission, now: float) -> None:
        """Let the marks wait that the policy can count."""
        after = now + self.service.settings.mark_after
        wanted = [submission]
        if self.service.lessons.catalog.course.policy.attempts == "last":
            queue.drop_marks(session, submission.person_id, submission.lesson, submission.uuid)
        else:
            have = select(Job.submission).where(Job.purpose == Purpose.MARK.value)
            wanted += session.scalars(
                select(Submission).where(
                    Submission.person_id == submission.person_id, Submission.lesson == submission.lesson,
                    Submission.state == "superseded", Submission.uuid.not_in(have),
                )
            )  # fmt: skip
        for one in wanted:
            queue.enqueue(session, one, Lane.MARK, Purpose.MARK, not_before=after)


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
