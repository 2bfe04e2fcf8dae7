"""The grader's loop with a real pool of processes, and work that obeys the text of the submission."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort.grading import Result
from blindgrade.cohort.pool import Pool
from blindgrade.models import Attempt, SubmissionRef
from blindgrade.service import queue
from blindgrade.service.database.tables import IndexedAttempt, Job, Submission
from blindgrade.service.grader.loop import Loop
from blindgrade.service.grader.work import WARM_UP, Order
from blindgrade.service.indexing import reindex
from blindgrade.service.queue import Lane
from blindgrade.service.service import Service

from ...served import LESSON
from ...web_app import Web

FAST = "slow = 0"


class Obedient:
    """Work that does what the submission's text says: end the process, raise, sleep, or give an attempt."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def store(self, order: Order) -> AttemptStore:
        return self.service.marks if order.purpose == "mark" else self.service.feedback

    def do(self, content: bytes) -> bytes:
        if content == WARM_UP:
            return b""
        order = Order(**json.loads(content))
        text = self.service.blobs.read(order.digest)["basics.py"]
        if text.startswith("die"):
            os._exit(1)
        if text.startswith("raise"):
            raise RuntimeError("a fault of ours")
        if text.startswith("slow = "):
            time.sleep(float(text.removeprefix("slow = ").split()[0]))
        key = f"{order.digest[:30]}{order.purpose}"
        if self.store(order).read(order.lesson, order.student, key) is not None:
            return Result(order.lesson, order.student, "unchanged", key=key).to_json()
        attempt = Attempt(
            lesson=order.lesson, title="Basics", points=1, max_points=1, student=order.student,
            submitted_at=order.submitted_at, graded_at=order.submitted_at, reference="live", sandbox="none",
            submission=SubmissionRef(path=order.submission, sha256=order.digest), seed=1, seconds=0, key=key,
            purpose=order.purpose, exercises=[],
        )  # fmt: skip
        return Result(order.lesson, order.student, "graded", "", attempt, key=key).to_json()

    def next_to_prepare(self, lesson: str, known: set[int]) -> None:
        """There is no reference."""

    def close(self) -> None:
        """Nothing is open."""


class Grader:
    """A grader in a thread, which a test starts and stops."""

    def __init__(self, web: Web, workers: int = 2) -> None:
        self.web, self.workers = web, workers
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        service = Service(self.web.settings, durable=False)
        work: Any = Obedient(service)

        def run() -> None:
            with Pool(work, self.workers) as pool:
                Loop(service, work, pool, self._stop.is_set).run()
            service.database.close()

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)

    def until(self, count: int, *states: str, seconds: float = 30) -> list[Submission]:
        """Submissions, when so many are in one of the states."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            rows = self.web.rows()
            if sum(one.state in states for one in rows) >= count:
                return rows
            time.sleep(0.05)
        raise AssertionError([(one.uuid, one.state, one.reason) for one in self.web.rows()])


@contextmanager
def grader(tmp_path: Path, workers: int = 2) -> Iterator[Grader]:
    web = Web(tmp_path)
    for number in range(6):
        web.enrol(f"s{number}")
    found = Grader(web, workers)
    with web.client:
        try:
            yield found
        finally:
            found.stop()
    web.database.close()


def test_accepted_while_the_grader_is_down_and_graded_when_it_comes(tmp_path: Path) -> None:
    with grader(tmp_path) as one:
        for number in range(4):
            assert one.web.put({"basics.py": f"{FAST}\n# {number}"}, f"s{number}").status_code == 202
        one.start()
        rows = one.until(4, "done")
        assert all(row.feedback_key and row.graded_at for row in rows)
        marked = one.web.service.marks
        ends = time.monotonic() + 30
        while len(marked.students(LESSON)) < 4 and time.monotonic() < ends:
            time.sleep(0.1)
        assert marked.students(LESSON) == ["s0", "s1", "s2", "s3"]


def test_what_ends_two_workers_is_set_aside_with_a_reason_and_stops_nobody(tmp_path: Path) -> None:
    with grader(tmp_path, workers=1) as one:
        one.web.put({"basics.py": "die"}, "s0")
        one.web.put({"basics.py": FAST}, "s1")
        one.start()
        rows = {row.person_id: row for row in one.until(2, "done", "set_aside")}
        aside, done = sorted(rows.values(), key=lambda row: row.state == "done")
        assert (aside.state, done.state) == ("set_aside", "done")
        assert "2 of the grader's processes" in aside.reason
        again = one.web.put({"basics.py": "die"}, "s0")
        assert again.status_code == 202  # it cost no attempt, and the same files may be tried again


def test_a_fault_of_ours_is_tried_again_and_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "RETRY_SECONDS", 0.05)
    with grader(tmp_path) as one:
        one.web.put({"basics.py": "raise"}, "s0")
        one.start()
        [row] = one.until(1, "failed")
        assert "a fault of ours" in row.reason
        seen = one.web.ask("GET", f"/lessons/{LESSON}/submissions/{row.uuid}", "s0")
        assert "a fault of ours" not in seen.text
        assert one.web.service.marks.students(LESSON) == []


def test_marks_wait_for_feedback_and_only_the_newest_version_gets_one(tmp_path: Path) -> None:
    with grader(tmp_path, workers=1) as one:
        for number in range(3):
            one.web.put({"basics.py": f"slow = 0.2\n# {number}"}, "s0")
        one.web.put({"basics.py": "slow = 0.2"}, "s1")
        one.start()
        one.until(2, "done")
        with one.web.database.reading() as session:
            marks = select(Job).where(Job.purpose == "mark", Job.state != "dropped")
            assert {job.lane for job in session.scalars(marks)} <= {Lane.MARK.value}
        ends = time.monotonic() + 30
        while len(one.web.service.marks.students(LESSON)) < 2 and time.monotonic() < ends:
            time.sleep(0.1)
        assert len(one.web.service.marks.keys(LESSON, "s0")) == 1


def test_a_stopped_grader_gives_its_gradings_back_without_a_count(tmp_path: Path) -> None:
    with grader(tmp_path, workers=1) as one:
        one.web.put({"basics.py": "slow = 60"}, "s0")
        one.start()
        one.until(1, "grading")
        one.stop()
        [row] = one.web.rows()
        with one.web.database.reading() as session:
            [job] = session.scalars(select(Job))
        assert (row.state, job.state, job.kills, job.losses) == ("waiting", "waiting", 0, 0)


def test_the_index_is_made_anew_from_the_files_and_is_the_same(tmp_path: Path) -> None:
    with grader(tmp_path) as one:
        for number in range(3):
            one.web.put({"basics.py": f"{FAST}\n# {number}"}, f"s{number}")
        one.start()
        one.until(3, "done")
        ends = time.monotonic() + 30
        while len(one.web.service.marks.students(LESSON)) < 3 and time.monotonic() < ends:
            time.sleep(0.1)
        one.stop()

        def index() -> list[tuple[Any, ...]]:
            with one.web.database.reading() as session:
                rows = session.scalars(select(IndexedAttempt).order_by(IndexedAttempt.student, IndexedAttempt.purpose))
                return [(row.student, row.key, row.purpose, row.points, row.sha256, row.submitted_at) for row in rows]

        def keys() -> list[tuple[str, str]]:
            return sorted((row.feedback_key, row.mark_key) for row in one.web.rows())

        before, named = index(), keys()
        assert len(before) == 6 and all(all(pair) for pair in named)
        with one.web.database.writing() as session:
            for row in session.scalars(select(Submission)):
                row.feedback_key = row.mark_key = ""
            session.delete(session.scalars(select(IndexedAttempt)).first())
        assert reindex(one.web.service) == (6, 6)
        assert (index(), keys()) == (before, named)
