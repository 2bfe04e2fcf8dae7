"""The queue, by a machine of random steps: submissions come, graders claim, finish, die and come back."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blindgrade.service import queue
from blindgrade.service.database.connect import Database
from blindgrade.service.database.tables import Job, Person, Submission, Table
from blindgrade.service.queue import Claimed, Lane, Purpose

GRADERS = ("here:1:a", "there:2:b")
STUDENTS = ("ana", "ben", "cleo")
LESSONS = {"lesson-1": Lane.INTERACTIVE, "lesson-2": Lane.TRAINING}
EVERY = list(Lane)


def database() -> Database:
    """An empty database in a file of memory that all connections share."""
    made = Database("sqlite://")
    Table.metadata.create_all(made.engine)
    with made.writing() as session:
        session.add_all([Person(id=n, student=one, created_at=0.0) for n, one in enumerate(STUDENTS, start=1)])
    return made


class Queueing(RuleBasedStateMachine):
    """Random steps, and beside the database what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.database = database()
        self.now = 1000.0
        self.number = 0
        self.held: dict[str, dict[int, Claimed]] = {one: {} for one in GRADERS}
        self.ended: Counter[str] = Counter()  # how often a submission's feedback was finished

    def teardown(self) -> None:
        self.database.close()

    # ------------------------------------------------------------ steps

    @rule(student=st.sampled_from(range(1, 4)), lesson=st.sampled_from(sorted(LESSONS)))
    def submit(self, student: int, lesson: str) -> None:
        self.number += 1
        self.now += 1
        with self.database.writing() as session:
            before = session.scalar(queue._waiting(student, lesson))
            place = (before.id, before.position) if before else None
            older = before.submission if before else None
            one = Submission(
                uuid=f"s{self.number}", person_id=student, lesson=lesson, number=self.number, digest="d",
                accepted_at=self.now, over_quota=False, state="waiting",
            )  # fmt: skip
            session.add(one)
            session.flush()
            assert queue.enqueue(session, one, LESSONS[lesson]) == older
            after = session.scalar(queue._waiting(student, lesson))
            assert after is not None and after.submission == one.uuid
            assert place is None or (after.id, after.position) == place

    @rule(grader=st.sampled_from(GRADERS), lanes=st.integers(1, 4))
    def claim(self, grader: str, lanes: int) -> None:
        with self.database.writing() as session:
            waiting = list(session.scalars(select(Job).where(Job.state == "waiting", Job.not_before <= self.now)))
            flying = {(one.person_id, one.lesson) for one in session.scalars(select(Job).where(Job.state == "leased"))}
            free = [one for one in waiting if (one.person_id, one.lesson) not in flying and one.lane in EVERY[:lanes]]
            first = min(free, key=lambda one: (EVERY.index(Lane(one.lane)), one.position, one.id), default=None)
            wanted = first.id if first is not None else None
            found = queue.claim(session, grader, self.now, EVERY[:lanes])
            assert (found.job if found else None) == wanted
        if found is not None:
            self.held[grader][found.job] = found

    @rule(grader=st.sampled_from(GRADERS), pick=st.integers(0, 9))
    def finish(self, grader: str, pick: int) -> None:
        if (claimed := self._one(grader, pick)) is None:
            return
        with self.database.writing() as session:
            if queue.finish(session, claimed.job, grader):
                if claimed.purpose is Purpose.FEEDBACK:
                    self.ended[claimed.submission] += 1
                    done = session.get_one(Submission, claimed.submission)
                    done.state = "done"
                    queue.drop_marks(session, claimed.person_id, claimed.lesson, claimed.submission)
                    queue.enqueue(session, done, Lane.MARK, Purpose.MARK, not_before=self.now + 5)

    @rule(grader=st.sampled_from(GRADERS), pick=st.integers(0, 9))
    def kill_worker(self, grader: str, pick: int) -> None:
        if (claimed := self._one(grader, pick)) is None:
            return
        with self.database.writing() as session:
            job = session.get_one(Job, claimed.job)
            mine, kills = job.owner == grader and job.state == "leased", job.kills
            aside = queue.killed(session, claimed.job, grader, "it died")
            assert aside == (mine and kills + 1 >= queue.MAX_KILLS)
            if aside:
                assert session.get_one(Job, claimed.job).reason

    @rule(grader=st.sampled_from(GRADERS), pick=st.integers(0, 9))
    def our_mistake(self, grader: str, pick: int) -> None:
        if (claimed := self._one(grader, pick)) is None:
            return
        with self.database.writing() as session:
            gone = queue.failed(session, claimed.job, grader, "our fault", self.now)
            if gone and claimed.purpose is Purpose.FEEDBACK:
                assert session.get_one(Submission, claimed.submission).state == "failed"

    @rule(grader=st.sampled_from(GRADERS))
    def die(self, grader: str) -> None:
        """`kill -9`: the grader forgets what it held, and the leases stay until they end."""
        self.held[grader] = {}

    @rule(grader=st.sampled_from(GRADERS))
    def stop(self, grader: str) -> None:
        self.held[grader] = {}
        with self.database.writing() as session:
            queue.release(session, grader)
            assert not list(session.scalars(select(Job).where(Job.owner == grader, Job.state == "leased")))

    @rule(grader=st.sampled_from(GRADERS))
    def beat(self, grader: str) -> None:
        with self.database.writing() as session:
            queue.renew(session, grader, self.now)

    @rule(seconds=st.sampled_from([1.0, 6.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        with self.database.writing() as session:
            queue.expire(session, self.now)
            assert not list(session.scalars(select(Job).where(Job.state == "leased", Job.lease_until < self.now)))

    @precondition(lambda self: self.number)
    @rule()
    def drain(self) -> None:
        """Everything that waits is graded at last, whatever happened before: nothing is stuck for ever."""
        for _ in range(200):
            self.now += 40
            with self.database.writing() as session:
                queue.expire(session, self.now)
                found = queue.claim(session, GRADERS[0], self.now, EVERY)
                if found is None:
                    break
                assert queue.finish(session, found.job, GRADERS[0])
                if found.purpose is Purpose.FEEDBACK:
                    self.ended[found.submission] += 1
                    session.get_one(Submission, found.submission).state = "done"
        self.held = {one: {} for one in GRADERS}
        with self.database.reading() as session:
            assert queue.waiting(session) == 0
            states = set(session.scalars(select(Submission.state)))
        assert states <= {"done", "superseded", "set_aside", "failed"}

    # ------------------------------------------------------------ what is always true

    @invariant()
    def holds(self) -> None:
        """One in flight, one waits; nothing is lost, nothing is double; places begin at nought and have no gaps."""
        with self.database.reading() as session:
            jobs = list(session.scalars(select(Job).where(Job.state != "dropped")))
            states = {one.uuid: one.state for one in session.scalars(select(Submission))}
            waits = [one for one in jobs if one.state == "waiting" and one.purpose == "feedback"]
            places = sorted(queue.position(session, one.submission) for one in waits)
        flying = [one for one in jobs if one.state == "leased"]
        for group in (flying, waits):
            assert max(Counter((one.person_id, one.lesson) for one in group).values(), default=0) <= 1
        assert len(states) == self.number
        of = {one.submission: one.state for one in jobs if one.purpose == "feedback"}
        for uuid, state in states.items():
            wanted = {"waiting": "waiting", "grading": "leased", "done": "done"}.get(state)
            assert wanted is None or of.get(uuid) == wanted, (uuid, state, of)
        assert max(self.ended.values(), default=0) <= 1
        assert places == list(range(len(places)))

    def _one(self, grader: str, pick: int) -> Claimed | None:
        held = list(self.held[grader].values())
        return self.held[grader].pop(held[pick % len(held)].job) if held else None


TestQueue = Queueing.TestCase
TestQueue.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)


def test_the_database_itself_refuses_a_second_waiting_submission_and_a_second_one_in_flight() -> None:
    made = database()
    for state in ("waiting", "leased"):
        job = {"person_id": 1, "lesson": "lesson-1", "purpose": "feedback", "lane": "interactive", "position": 1.0}
        with pytest.raises(IntegrityError), made.writing() as session:
            session.add(
                Submission(uuid=state, person_id=1, lesson="lesson-1", number=1, digest="d", accepted_at=1.0)
            )  # fmt: skip
            session.flush()
            session.add_all([Job(submission=state, state=state, **job), Job(submission=state, state=state, **job)])
    made.close()
