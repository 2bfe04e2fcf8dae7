"""What each process of the pool does: grade one submission with one seed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blindgrade import clock
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target, need_packages
from blindgrade.cohort.grading import LessonGrader, Plan, Result, Warm
from blindgrade.cohort.pool import Task
from blindgrade.cohort.tasks import SLACK_SECONDS
from blindgrade.engine.grading.budget import whole_seconds
from blindgrade.engine.grading.references import References
from blindgrade.models import SubmissionRef
from blindgrade.service.feedback_seeds import choice, feedback_seeds
from blindgrade.service.policy import moment
from blindgrade.service.queue import Claimed, Purpose
from blindgrade.service.service import Service
from blindgrade.submitted import SubmittedWork

WARM_UP = b"{}"  # the task that starts the warm process
PREPARE = "prepare"
PREPARE_SECONDS = 1800.0


@dataclass(frozen=True)
class Order:
    """A grading, for another process."""

    submission: str
    student: str
    lesson: str
    purpose: str
    number: int
    digest: str
    submitted_at: str

    @classmethod
    def of(cls, claimed: Claimed) -> Order:
        """Order for a grading that was claimed."""
        return cls(
            claimed.submission, claimed.student, claimed.lesson, claimed.purpose.value, claimed.number,
            claimed.digest, clock.utc(moment(claimed.accepted_at), "microseconds"),
        )  # fmt: skip

    def task(self, name: str, target: Target) -> Task:
        """Task of the pool."""
        seconds = whole_seconds(target.lesson.seconds) + SLACK_SECONDS
        return Task(name, json.dumps(asdict(self)).encode(), seconds)


def expected_name(grader: LessonGrader) -> str:
    """Name under which the reference's results for the grader's seed are stored."""
    return f"expected-{grader.version.digest[:16]}-{grader.seed.id}.json"


def prepare(lesson: str, number: int) -> Task:
    """Task that computes the reference's results for one of the lesson's seeds, while nobody waits."""
    return Task("", json.dumps({PREPARE: [lesson, number]}).encode(), PREPARE_SECONDS)


def warm_up() -> Task:
    """Task that makes a process of the pool ready."""
    return Task("", WARM_UP, SLACK_SECONDS)


class GradingWork:
    """State of a process of the pool: the checks and references of every lesson, and its own warm process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        settings = service.settings
        targets = service.lessons.all
        need_packages(targets)
        private = (settings.data.resolve(), settings.attempts.resolve())
        self.warm = Warm(targets, "process" if settings.sandbox == "process" else "strict", private)
        self._references = {target.lesson.id: References() for target in targets}
        self._graders: dict[tuple[str, str], LessonGrader] = {}
        self._with_reference: set[tuple[str, str]] = set()
        for target in targets:
            # Made before the fork: checks and solution are loaded once, and are in memory once.
            self.grader(target, service.marks.seed(target.lesson.id))
            feedback_seeds(service.feedback, target.lesson.id)

    def grader(self, target: Target, seed: RunSeed) -> LessonGrader:
        """Grader of a lesson with a seed. All seeds of a lesson share its checks and its reference."""
        key = target.lesson.id, seed.id
        if key not in self._graders:
            self._graders[key] = LessonGrader(target, seed, self.warm, self._references[target.lesson.id])
        return self._graders[key]

    def prepared(self, target: Target, seed: RunSeed) -> LessonGrader:
        """The same, with the reference's results: another process may have computed them for this seed already."""
        grader = self.grader(target, seed)
        if (key := (target.lesson.id, seed.id)) not in self._with_reference:
            store, name = self.service.feedback, expected_name(grader)
            kept = store.blob(target.lesson.id, name)
            if kept is None or not grader.take_expected(kept):
                with suppress(OSError):  # then the next process computes them again
                    store.keep_blob(target.lesson.id, name, grader.expected())
            self._with_reference.add(key)
        return grader

    def next_to_prepare(self, lesson: str, known: set[int]) -> int | None:
        """Number of a seed for feedback of which the reference's results are not stored; None if all are.

        It leaves out the numbers in `known`, and adds those that are stored.
        """
        target = self.service.lessons.find(lesson)
        if target is None:
            return None
        for number, seed in enumerate(feedback_seeds(self.service.feedback, lesson)):
            if number in known:
                continue
            known.add(number)
            if self.service.feedback.blob(lesson, expected_name(self.grader(target, seed))) is None:
                return number
        return None

    def _prepare(self, lesson: str, number: int) -> None:
        target = self.service.lessons.find(lesson)
        assert target is not None
        self.prepared(target, feedback_seeds(self.service.feedback, lesson)[number])

    def seed(self, order: Order) -> RunSeed:
        """Seed for the grading: the held-back one for a mark, else one of the pool."""
        if order.purpose == Purpose.MARK.value:
            return self.service.marks.seed(order.lesson)
        pool = feedback_seeds(self.service.feedback, order.lesson)
        return pool[choice(self.service.secret, order.student, order.lesson, order.number)]

    def store(self, order: Order) -> AttemptStore:
        """Where the attempt goes."""
        return self.service.marks if order.purpose == Purpose.MARK.value else self.service.feedback

    def do(self, content: bytes) -> bytes:
        """Grade one submission. The result as JSON."""
        if content == WARM_UP:
            self.warm.zygote()
            return b""
        asked = json.loads(content)
        if PREPARE in asked:
            self._prepare(*asked[PREPARE])
            return b""
        return self.grade(Order(**asked)).to_json()

    def grade(self, order: Order) -> Result:
        """Result for one submission. Its attempt is None if a grader that was killed stored it already."""
        target = self.service.lessons.find(order.lesson)
        if target is None:
            return Result(order.lesson, order.student, "skipped", f"the course has no {order.lesson} any more")
        grader = self.prepared(target, self.seed(order))
        with self._laid_out(order, target) as folder:
            plan = grader.plan(SubmittedWork(order.student, folder, order.submitted_at), self.store(order))
            found = grader.carry_out(plan) if isinstance(plan, Plan) else plan
        return for_people(found, order, str(folder))

    def plan(self, order: Order) -> Plan | Result:
        """What another machine needs to grade the submission, or a result if there is nothing to grade."""
        target = self.service.lessons.find(order.lesson)
        if target is None:
            return self.grade(order)
        with self._laid_out(order, target) as folder:
            work = SubmittedWork(order.student, folder, order.submitted_at)
            found = self.grader(target, self.seed(order)).plan(work, self.store(order))
        return found if isinstance(found, Plan) else for_people(found, order, str(folder))

    @contextmanager
    def _laid_out(self, order: Order, target: Target) -> Iterator[Path]:
        scratch = self.service.settings.data / "scratch"
        scratch.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as name:
            self.service.blobs.lay_out(order.digest, Path(name) / target.files.folder)
            yield Path(name)

    @property
    def graders(self) -> dict[str, LessonGrader]:
        """Grader of each lesson with the seed of the mark."""
        lessons = self.service.lessons.all
        return {one.lesson.id: self.grader(one, self.service.marks.seed(one.lesson.id)) for one in lessons}

    def close(self) -> None:
        """End the warm process."""
        self.warm.close()


def for_people(result: Result, order: Order, folder: str) -> Result:
    """The result with its purpose, and without a path of this machine."""
    reason = result.reason.replace(f"{folder}/", "").replace(folder, "it") if folder else result.reason
    values: dict[str, Any] = {**vars(result), "reason": reason}
    if result.attempt is not None:
        ref = SubmissionRef(path=order.submission, sha256=result.attempt.submission.sha256)
        values["attempt"] = result.attempt.model_copy(update={"purpose": order.purpose, "submission": ref})
    return Result(**values)
