"""Two graders and one database: each grading is done by one of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blindgrade.service import queue
from blindgrade.service.database.connect import Database
from blindgrade.service.database.tables import Job, Person, Submission
from blindgrade.service.database.upgrade import upgrade
from blindgrade.service.queue import Lane, Purpose

from ..postgres_server import new_database, postgres
from ..served import SOLUTION, Served, served

STUDENTS, ROUNDS = 6, 8


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres() as found:
        yield found


def test_two_graders_and_students_at_once_lose_nothing_and_do_nothing_twice(url: str) -> None:
    database = Database(url)
    upgrade(database)
    with database.writing() as session:
        session.add_all([Person(id=n, student=f"s{n}", created_at=0.0) for n in range(1, STUDENTS + 1)])
    done: Counter[str] = Counter()
    faults: list[BaseException] = []
    over = threading.Event()

    def student(number: int) -> None:
        for one in range(1, ROUNDS + 1):
            with database.writing() as session:
                now = time.time()
                row = Submission(
                    uuid=f"{number}-{one}", person_id=number, lesson="l", number=one, digest="d", accepted_at=now
                )  # fmt: skip
                session.add(row)
                session.flush()
                queue.enqueue(session, row, Lane.INTERACTIVE)
                queue.enqueue(session, row, Lane.MARK, Purpose.MARK)
            time.sleep(0.01)

    def grader(owner: str) -> None:
        while not over.is_set():
            try:
                with database.writing() as session:
                    found = queue.claim(session, owner, time.time(), list(Lane))
            except IntegrityError:
                continue  # the other grader began one of the same student at this moment
            if found is None:
                time.sleep(0.005)
                continue
            time.sleep(0.002)
            with database.writing() as session:
                if queue.finish(session, found.job, owner):
                    done[f"{found.submission} {found.purpose}"] += 1
                    if found.purpose is Purpose.FEEDBACK:
                        session.get_one(Submission, found.submission).state = "done"

    def guarded(work: object, *args: object) -> None:
        try:
            work(*args)  # type: ignore[operator]  # one of the two functions above
        except BaseException as error:
            faults.append(error)

    graders = [threading.Thread(target=guarded, args=(grader, name)) for name in ("here:1:a", "there:1:b")]
    students = [threading.Thread(target=guarded, args=(student, n)) for n in range(1, STUDENTS + 1)]
    for thread in (*graders, *students):
        thread.start()
    for thread in students:
        thread.join(60)
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with database.reading() as session:
            if not session.scalar(select(Job.id).where(Job.state.in_(("waiting", "leased"))).limit(1)):
                break
        time.sleep(0.05)
    over.set()
    for thread in graders:
        thread.join(10)
    with database.reading() as session:
        states = Counter(session.scalars(select(Submission.state)))
        last = {f"{n}-{ROUNDS}" for n in range(1, STUDENTS + 1)}
        assert {one.state for one in session.scalars(select(Submission).where(Submission.uuid.in_(last)))} == {"done"}
    database.close()
    assert faults == []
    assert set(states) <= {"done", "superseded"} and states.total() == STUDENTS * ROUNDS
    assert max(done.values()) == 1
    assert sum(name.endswith("mark") for name in done) == STUDENTS * ROUNDS


def test_two_services_of_one_course_share_the_work_and_one_goes_on_when_the_other_is_killed(
    url: str, tmp_path: Path
) -> None:
    own = new_database(url, "two_services")
    more = ("--mark-after", "0.2", "--database", own)
    with served(tmp_path, more=more) as first:
        first.invite("ana", "ben", "cleo")
        second = Served(tmp_path, more=more, tokens=first.tokens)
        second.start()
        try:
            found = [one.result(student, SOLUTION) for one, student in ((first, "ana"), (second, "ben"))]
            for name in (first.pid("grader"), first.process.pid if first.process else 0):
                os.kill(name, signal.SIGKILL)
            found.append(second.result("cleo", SOLUTION))
        finally:
            second.stop()
        assert [(one.state, one.view.points if one.view else None) for one in found] == [("done", 100.0)] * 3
        assert [one["student"] for one in first.attempts("feedback")] == ["ana", "ben", "cleo"]
