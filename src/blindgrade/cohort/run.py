"""Grade a cohort: make the tasks, run them in worker processes, and store the attempts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Target, need_packages
from blindgrade.cohort.grading import LessonGrader, Plan, Result, Warm
from blindgrade.cohort.pool import Pool, Task
from blindgrade.cohort.settings import Settings
from blindgrade.engine.grading.budget import whole_seconds
from blindgrade.models import Attempt, Outcome
from blindgrade.submitted import Skipped, SubmittedWork

SLACK_SECONDS = 120.0  # added to the lesson's own budget: reading, the start of a warm process, diagnosis

Report = Callable[[Result, int, int], None]  # called with a result, the number of finished tasks and their total
Grade = Callable[["Work", list[Task]], Iterator[tuple[Task, bytes | None, str]]]


@dataclass
class Summary:
    """Counts and problems of a run."""

    graded: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[Skipped] = field(default_factory=list)  # graded, with checks that the grader could not judge

    @property
    def done(self) -> bool:
        """Was every submission graded, without an error of the grader?"""
        return not self.skipped and not self.errors


class Work:
    """State of a worker process: a grader for each lesson, forked with the shared data, and its own warm process."""

    def __init__(self, targets: list[Target], store: AttemptStore, submitted: Path, settings: Settings) -> None:
        need_packages(targets)
        self.store = store
        self.settings = settings
        self.warm = Warm(targets, settings.sandbox, (store.root.resolve(), submitted.resolve()))
        self.graders: dict[str, LessonGrader] = {}
        for target in targets:
            lesson = target.files.entry.id
            self.graders[lesson] = LessonGrader(target, store.seed(lesson), self.warm)

    def prepare(self) -> None:
        """Compute the reference's results for every check, or read them from an earlier run with the same seed."""
        for lesson, grader in self.graders.items():
            name = f"expected-{grader.version.digest[:16]}.json"
            kept = self.store.blob(lesson, name)
            if kept is None or not grader.take_expected(kept):
                try:
                    self.store.keep_blob(lesson, name, grader.expected())
                except OSError as error:
                    logging.getLogger(__name__).info("%s is not kept: %s", name, error)

    def do(self, content: bytes) -> bytes:
        """Grade one submission of one lesson."""
        asked = json.loads(content)
        grader = self.graders[asked["lesson"]]
        submission = SubmittedWork(asked["student"], Path(asked["path"]), asked["submitted_at"])
        plan = grader.plan(submission, self.store, regrade=self.settings.regrade)
        return (grader.carry_out(plan) if isinstance(plan, Plan) else plan).to_json()

    def close(self) -> None:
        """End the warm process."""
        self.warm.close()


def tasks(targets: list[Target], submissions: list[SubmittedWork]) -> list[Task]:
    """Tasks for each lesson and student, lesson by lesson."""
    return [
        Task(
            json.dumps([target.files.entry.id, one.student]),
            json.dumps({
                "lesson": target.files.entry.id, "student": one.student, "path": str(one.path),
                "submitted_at": one.at(target.files.entry.id),
            }).encode(),
            whole_seconds(target.lesson.seconds) + SLACK_SECONDS,
        )
        for target in targets
        for one in submissions
    ]  # fmt: skip


def in_processes(work: Work, todo: list[Task]) -> Iterator[tuple[Task, bytes | None, str]]:
    """Run the tasks in worker processes of this machine."""
    with Pool(work, work.settings.workers) as pool:
        yield from pool.run(todo)


def grade_cohort(
    targets: list[Target],
    submissions: list[SubmittedWork],
    submitted: Path,
    store: AttemptStore,
    settings: Settings,
    report: Report,
    how: Grade = in_processes,
) -> Summary:
    """Grade every submission that is not graded yet. StoreError or CourseError if the run cannot begin.

    Only this process writes attempts, each as soon as it is finished. If an attempt cannot be written, the process
    tries again at the end of the run.
    """
    summary = Summary()
    unsaved: list[Result] = []
    with store.writing():
        work = Work(targets, store, submitted, settings)
        work.prepare()
        todo = tasks(targets, submissions)
        for number, result in enumerate(_results(how(work, todo)), start=1):
            saved = _save(store, result)
            if saved.state == "skipped" and result.attempt is not None:
                unsaved.append(result)
            else:
                _count(summary, saved)
            report(saved, number, len(todo))
        for result in unsaved:
            _count(summary, _save(store, result))
    return summary


def _results(answers: Iterable[tuple[Task, bytes | None, str]]) -> Iterator[Result]:
    for task, content, reason in answers:
        lesson, student = json.loads(task.name)
        yield Result.from_json(content) if content is not None else Result(lesson, student, "skipped", reason)


def _save(store: AttemptStore, result: Result) -> Result:
    if result.attempt is None:
        return result
    try:
        store.write(result.attempt)
    except OSError as error:
        reason = f"the attempt could not be stored ({error.strerror}); free some disk space and run the command again"
        return replace(result, state="skipped", reason=reason)
    return result


def _count(summary: Summary, result: Result) -> None:
    if result.state == "skipped":
        summary.skipped.append(Skipped(result.student, result.reason, result.lesson))
        return
    if result.state == "unchanged":
        summary.unchanged += 1
        return
    summary.graded += 1
    if result.attempt is not None and (failed := _ours(result.attempt)):
        reason = f"the grader could not judge {', '.join(failed)}; this costs no points; run `course verify`"
        summary.errors.append(Skipped(result.student, reason, result.lesson))


def _ours(attempt: Attempt) -> list[str]:
    return [e.name for e in attempt.exercises if e.outcome is Outcome.ERROR]
