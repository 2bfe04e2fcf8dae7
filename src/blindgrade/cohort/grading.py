"""Grade many submissions of one lesson. Data that are the same for all submissions are made once."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from blindgrade import clock
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import CourseError, Target
from blindgrade.engine.answers.reference import LiveReference, check_seed
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.references import References
from blindgrade.engine.grading.runner import GraderFailed, grade_lesson
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.worker_client import SandboxMissing, ZygoteFailed
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.judging.wrong_answers import LONGEST, CollectedReplies
from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.wire import frames, replies
from blindgrade.marks.reading import NotRead, read_lesson
from blindgrade.models import Attempt, ExerciseResult, Outcome
from blindgrade.submitted import SubmittedWork
from blindgrade.versions.course_version import CourseVersion, attempt_key, course_version, software

RECYCLE = 2_000  # submissions that one warm process serves; this limits the effect of a leak or a damaged state
ENDED_BY_BLAME = (Outcome.FAILED, Outcome.BLOCKED)  # which of these two it is depends on the required exercises


@dataclass(frozen=True)
class Result:
    """Result for one submission. `attempt` is None if the attempt was stored already, or if the grader skipped it."""

    lesson: str
    student: str
    state: Literal["graded", "unchanged", "skipped"]
    reason: str = ""
    attempt: Attempt | None = None
    reused: int = 0  # exercises whose results were taken from an earlier attempt
    version: str = ""  # name of a kept version; empty for the current files
    submission: str = ""  # digest of the files
    key: str = ""
    course: str = ""
    answers: dict[str, str] = field(default_factory=dict)  # replies of unexplained wrong answers, by digest, as base64
    pending: bool = False  # has the attempt wrong answers that were not compared yet?

    def to_json(self) -> bytes:
        """JSON for another process."""
        attempt = self.attempt.model_dump(mode="json", by_alias=True) if self.attempt else None
        return json.dumps({**vars(self), "attempt": attempt}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Inverse of `to_json`. ValueError if the data are no result."""
        values: dict[str, Any] = json.loads(data)
        attempt = values.pop("attempt")
        return cls(**values, attempt=Attempt.model_validate(attempt) if attempt else None)


@dataclass(frozen=True)
class Plan:
    """A submission that was read, with the results that need not be graded again."""

    work: SubmittedWork
    key: str
    submission: LessonSubmission
    earlier: dict[str, ExerciseResult]  # results that are still valid, by exercise
    problems: list[str]  # of the attempt with the earlier results

    def to_json(self) -> bytes:
        """JSON for another machine, with files as base64."""
        read = self.submission
        files = {name: base64.b64encode(content).decode() for name, content in read.files.items()}
        graded = None if read.graded is None else sorted(read.graded)
        return json.dumps({
            "student": self.work.student, "path": str(self.work.path), "submitted_at": self.work.submitted_at,
            "key": self.key, "problems": self.problems,
            "earlier": {name: result.model_dump(mode="json") for name, result in self.earlier.items()},
            "submission": {
                **vars(read), "files": files, "lines": vars(read.lines), "graded": graded, "released": [],
            },
        }).encode()  # fmt: skip

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Inverse of `to_json`."""
        values: dict[str, Any] = json.loads(data)
        read = values["submission"]
        lines = LineMap(read["lines"]["file"], tuple((first, number) for first, number in read["lines"]["cells"]))
        files = {name: base64.b64decode(content) for name, content in read["files"].items()}
        graded = None if read["graded"] is None else frozenset(read["graded"])
        return cls(
            SubmittedWork(values["student"], Path(values["path"]), values["submitted_at"]),
            values["key"],
            LessonSubmission(**{**read, "files": files, "lines": lines, "graded": graded, "released": ()}),
            {name: ExerciseResult.model_validate(result) for name, result in values["earlier"].items()},
            values["problems"],
        )


@dataclass
class Warm:
    """The warm process that forks a worker for each submission. A new one replaces it after `recycle` submissions.

    `private` are paths that no worker may read, in addition to the course's private folders.
    """

    targets: list[Target]
    sandbox: Sandbox = "strict"
    private: tuple[Path, ...] = ()
    recycle: int = RECYCLE
    _zygote: Workers | None = None
    _served: int = 0

    def zygote(self) -> Workers:
        """Warm process for one more submission. ZygoteFailed if it does not start."""
        if self._zygote is not None and self._served >= self.recycle:
            self.close()
        if self._zygote is None:
            self._zygote = workers_for(self.targets, sandbox=self.sandbox, private=self.private, many=True)
            self._served = 0
        self._served += 1
        return self._zygote.ready()

    def close(self) -> None:
        """End the warm process."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


@dataclass
class LessonGrader:
    """Grades submissions of one lesson with one seed."""

    target: Target
    seed: RunSeed
    warm: Warm
    _references: References = field(default_factory=References)

    def __post_init__(self) -> None:
        self.options = Options(seed=self.seed.seed, sandbox=self.warm.sandbox, reference="live")
        self.checks, reference = self._references.of(self.target, self.options)
        assert isinstance(reference, LiveReference)
        self.reference = reference

    @property
    def references(self) -> References:
        """Checks and reference of the lesson, for a grader with another seed."""
        return self._references

    @cached_property
    def version(self) -> CourseVersion:
        """Version of the lesson at the beginning of the run."""
        return course_version(self.target)

    # ------------------------------------------------------------ the reference

    def expected(self) -> bytes:
        """JSON with the reference's results for every check with this seed, to be stored or sent to a worker."""
        lesson = self.target.lesson.id
        found = {}
        for check in self.checks.all:
            if check.reference:
                reply = self.reference.own(check, check_seed(self.seed.seed, lesson, check))
                found[check.name] = base64.b64encode(frames.encode(replies.sent(reply))).decode()
        return json.dumps({"version": self.version.digest, "seed": self.seed.id, "replies": found}).encode()

    def take_expected(self, content: bytes) -> bool:
        """Use the output of `expected` from another process. False if it has another version or seed."""
        try:
            data = json.loads(content)
            if (data["version"], data["seed"]) != (self.version.digest, self.seed.id):
                return False
            found = {name: replies.read(base64.b64decode(frame)) for name, frame in data["replies"].items()}
        except (frames.WireError, KeyError, TypeError, ValueError):
            return False
        for check in self.checks.all:
            if check.name in found:
                seed = check_seed(self.seed.seed, self.target.lesson.id, check)
                self.reference.remember(check, seed, found[check.name])
        return True

    # ------------------------------------------------------------ one submission

    def read(self, work: SubmittedWork) -> LessonSubmission | Result:
        """Files of the submission for this lesson, or a result with the reason why the submission is skipped."""
        found = read_lesson(work.path, self.target)
        if isinstance(found, NotRead):
            return Result(self.target.lesson.id, work.student, "skipped", found.reason)
        return found

    def plan(self, work: SubmittedWork, store: AttemptStore, *, regrade: bool = False) -> Plan | Result:
        """Read a submission and look up its stored results. Return a result if nothing is left to grade."""
        lesson = self.target.lesson.id
        found = self.read(work)
        if isinstance(found, Result):
            return found
        found = replace(found, released=())  # they are the grader's own files, on each machine in another place
        key = attempt_key(found.sha256, work.submitted_at, self.version.digest, self.seed.id)
        if regrade:
            return Plan(work, key, found, {}, [])
        done = store.read(lesson, work.student, key)
        if done is not None and not has_errors(done):
            return Result(
                lesson,
                work.student,
                "unchanged",
                submission=found.sha256,
                key=key,
                course=self.version.digest,
                pending=has_pending(done),
            )
        return Plan(work, key, found, *self._still_valid(store, work.student, found.sha256))

    def _still_valid(
        self, store: AttemptStore, student: str, sha256: str
    ) -> tuple[dict[str, ExerciseResult], list[str]]:
        """Results of an earlier attempt at the same files that are still valid, and that attempt's problems."""
        earlier = [
            attempt
            for attempt in store.readable(self.target.lesson.id, student)
            if attempt.submission.sha256 == sha256 and attempt.seed == self.seed.seed
        ]
        best: dict[str, ExerciseResult] = {}
        problems: list[str] = []
        for attempt in earlier:
            valid = self._valid(attempt)
            if len(valid) > len(best):
                best, problems = valid, attempt.problems
        return best, problems

    def _valid(self, attempt: Attempt) -> dict[str, ExerciseResult]:
        same = {
            result.name: result
            for result in attempt.exercises
            if result.outcome is not Outcome.ERROR and result.version == self.version.exercises.get(result.name)
        }
        for exercise in self.target.lesson.exercises:  # in this order, required exercises come first
            result = same.get(exercise.name)
            blamed = result is not None and result.outcome in ENDED_BY_BLAME
            if blamed and any(name not in same for name in exercise.requires_here):
                del same[exercise.name]  # the required exercise is graded again, and its outcome may change
        return same

    def carry_out(self, plan: Plan) -> Result:
        """Grade the other exercises. GraderFailed if grading fails twice, the second time with a new warm process."""
        collected = CollectedReplies()
        try:
            attempt = self._attempt(plan, collected)
        except GraderFailed:
            self.warm.close()
            attempt = self._attempt(plan, collected)
        attempt, answers = self._with_answers(attempt, collected)
        completed = self._completed(attempt, plan)
        return Result(
            self.target.lesson.id, plan.work.student, "graded", "", completed, len(plan.earlier),
            submission=plan.submission.sha256, key=plan.key, course=self.version.digest, answers=answers,
            pending=has_pending(completed),
        )  # fmt: skip

    def _with_answers(self, attempt: Attempt, collected: CollectedReplies) -> tuple[Attempt, dict[str, str]]:
        """The attempt with digests of its wrong answers that nothing explains, and their replies by digest."""
        results, kept = [], {}
        for result in attempt.exercises:
            exercise = self.target.lesson.exercise(result.name)
            answer = collected.unexplained(self.target.lesson.id, exercise, result)
            if answer is not None:
                result = result.model_copy(update={"answer": answer.digest})
                if len(content := answer.to_bytes()) <= LONGEST:
                    kept[answer.digest] = base64.b64encode(content).decode()
            results.append(result)
        return attempt.model_copy(update={"exercises": results}), kept

    def _attempt(self, plan: Plan, collected: CollectedReplies) -> Attempt:
        names = tuple(name for name in self.target.exercises if name not in plan.earlier)
        part = replace(self.target, exercises=names)
        submission = replace(plan.submission, released=self.target.files.stubs)
        try:
            zygote = self.warm.zygote()
            options = replace(self.options, replies=collected)
            return grade_lesson(part, submission, plan.work.path, options, zygote, self._references)
        except SandboxMissing:
            raise
        except (CourseError, ZygoteFailed) as error:
            raise GraderFailed(str(error)) from None

    def _completed(self, attempt: Attempt, plan: Plan) -> Attempt:
        fresh = {result.name: result for result in attempt.exercises}
        results = [plan.earlier.get(name) or fresh[name] for name in self.target.exercises]
        versions = self.version.exercises
        results = [r.model_copy(update={"version": versions[r.name]}) for r in results]
        return attempt.model_copy(update={
            "exercises": results,
            "points": round(sum(r.points for r in results), 6),
            "max_points": sum(r.max_points for r in results),
            "student": plan.work.student,
            "submitted_at": plan.work.submitted_at,
            "graded_at": clock.now("microseconds"),
            "problems": list(dict.fromkeys([*plan.problems, *attempt.problems])),
            "key": plan.key,
            "course": self.version.digest,
            "versions": software(self.target.packages),
        })  # fmt: skip


def has_errors(attempt: Attempt) -> bool:
    """Did the grader itself fail in a check? Then the next run grades the exercise again."""
    return any(result.outcome is Outcome.ERROR for result in attempt.exercises)


def has_pending(attempt: Attempt) -> bool:
    """Has the attempt wrong answers that were not compared with the cohort's and with changes of the solution yet?"""
    return any(result.answer and not result.group for result in attempt.exercises)


def comparable(attempt: Attempt) -> dict[str, Any]:
    """Attempt without times, versions and comparisons: the data that are equal after a repetition."""
    data = attempt.model_dump(mode="json", by_alias=True, exclude={"graded_at", "seconds", "versions"})
    for exercise in data["exercises"]:
        for compared in ("answer", "group", "mutant"):
            del exercise[compared]
        for check in exercise["checks"]:
            del check["seconds"]
    return data
