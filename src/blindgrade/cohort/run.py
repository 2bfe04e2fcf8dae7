"""Grade a cohort: make the tasks, run them in worker processes, and store the attempts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.effects import by_student
from blindgrade.attempts.kept_answers import keep_answers
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, Target, need_packages
from blindgrade.cohort.changes import Changes
from blindgrade.cohort.compared import Comparison
from blindgrade.cohort.grading import LessonGrader, Plan, Result, Warm
from blindgrade.cohort.kept_tasks import kept_tasks
from blindgrade.cohort.pool import Pool, Task
from blindgrade.cohort.settings import Settings
from blindgrade.cohort.tasks import named, tasks
from blindgrade.marks.kept import KeptVersions, kept_versions
from blindgrade.marks.recording import Recorded, record_handed_in
from blindgrade.models import Attempt, Outcome
from blindgrade.submitted import Skipped, SubmittedWork

Report = Callable[[Result, int, int], None]  # called with a result, the number of finished tasks and their total
Grade = Callable[["Work", list[Task]], Iterator[tuple[Task, bytes | None, str]]]


@dataclass
class Summary:
    """Counts and problems of a run."""

    graded: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[Skipped] = field(default_factory=list)  # graded, with checks that the grader could not judge
    moved: dict[Path, set[str]] = field(default_factory=dict)  # students who were graded from another folder before

    changes: Changes = field(default_factory=Changes)
    pending: list[tuple[str, str, str]] = field(default_factory=list)  # lesson, student and key; see Result.pending

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
            seed = drawn_seed(store, lesson) if settings.preview else store.seed(lesson)
            self.graders[lesson] = LessonGrader(target, seed, self.warm)

    def prepare(self) -> None:
        """Compute the reference's results for every check, or read them from an earlier run with the same seed."""
        for lesson, grader in self.graders.items():
            name = f"expected-{grader.version.digest[:16]}.json"
            kept = self.store.blob(lesson, name)
            if kept is not None and grader.take_expected(kept):
                continue
            expected = grader.expected()
            if self.settings.preview:
                continue
            try:
                self.store.keep_blob(lesson, name, expected)
            except OSError as error:
                logging.getLogger(__name__).info("%s is not kept: %s", name, error)

    def do(self, content: bytes) -> bytes:
        """Grade one submission of one lesson."""
        asked = json.loads(content)
        grader = self.graders[asked["lesson"]]
        submission = SubmittedWork(asked["student"], Path(asked["path"]), asked["submitted_at"])
        plan = grader.plan(submission, self.store, regrade=self.settings.regrade)
        return (grader.carry_out(plan) if isinstance(plan, Plan) else plan).to_json()

    def kept_tasks(self, submissions: list[SubmittedWork], recorded: Recorded, kept: KeptVersions) -> list[Task]:
        """Tasks for earlier versions that count and are not graded yet."""
        return [
            one
            for lesson, grader in self.graders.items()
            for one in kept_tasks(
                grader.target, grader.seed, grader.version.digest, submissions, recorded.lessons[lesson], kept,
                self.store, self.settings.regrade,
            )
        ]  # fmt: skip

    def close(self) -> None:
        """End the warm process."""
        self.warm.close()


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
    finish: Callable[[Changes], None] = lambda _: None,
) -> Summary:
    """Grade every submission that is not graded yet. StoreError or CourseError if the run cannot begin.

    Only this process writes attempts, each as soon as it is finished. If an attempt cannot be written, the process
    tries again at the end of the run. `finish` is called with the effects of changed checks when all attempts are
    stored. If the run is killed before it returns, the next run finds the same effects.
    """
    summary = Summary()
    unsaved: list[Result] = []
    preview = settings.preview
    comparison = Comparison(store, by_student(DecisionStore(store.root).in_force()), settings.again)
    comparison.read([target.lesson.id for target in targets])
    lock = nullcontext() if preview else store.writing()
    with lock, kept_versions(Catalog(targets[0].files.root), None if preview else store.root) as versions:
        work = Work(targets, store, submitted, settings)
        work.prepare()
        kept = None if settings.count == "last" else versions
        recorded = record_handed_in(store, targets, submissions, submitted, kept, write=not preview)
        summary.moved = recorded.moved
        todo = tasks(targets, submissions)
        if kept is not None:
            todo += work.kept_tasks(submissions, recorded, kept)
        for number, result in enumerate(_results(how(work, todo)), start=1):
            saved = result if preview else _save(store, result)
            if saved.state == "skipped" and result.attempt is not None:
                unsaved.append(result)
            else:
                _count(summary, saved)
                comparison.add(saved)
            report(saved, number, len(todo))
        for result in unsaved:
            saved = _save(store, result)
            _count(summary, saved)
            comparison.add(saved)
        if kept is not None:
            for lesson, grader in work.graders.items():
                comparison.rest(lesson, grader.version.digest, grader.seed.id, recorded.lessons[lesson])
        summary.changes = comparison.changes
        finish(summary.changes)
        if preview:
            return summary
        try:
            comparison.write()
            record_handed_in(store, targets, submissions, submitted, kept)
        except StoreError as error:  # the next run says the changes again, and reads the files again
            logging.getLogger(__name__).info("%s", error)
    return summary


def drawn_seed(store: AttemptStore, lesson: str) -> RunSeed:
    """Seed of a lesson that was graded before. StoreError if it was not: a preview stores no new seed."""
    seed = store.drawn_seed(lesson)
    if seed is None:
        raise StoreError(
            f"{lesson} was never graded in {store.root}, so there is nothing to compare; leave out --preview"
        )
    return seed


def _results(answers: Iterable[tuple[Task, bytes | None, str]]) -> Iterator[Result]:
    for task, content, reason in answers:
        lesson, student, shown = named(task)
        result = Result.from_json(content) if content is not None else Result(lesson, student, "skipped", reason)
        if shown and result.attempt is not None:
            ref = result.attempt.submission.model_copy(update={"path": shown})
            result = replace(result, attempt=result.attempt.model_copy(update={"submission": ref}))
        yield replace(result, version=Path(shown).name)


def _save(store: AttemptStore, result: Result) -> Result:
    if result.attempt is None:
        return result
    try:
        keep_answers(store, result.lesson, result.answers)
        store.write(result.attempt)
    except OSError as error:
        reason = f"the attempt could not be stored ({error.strerror}); free some disk space and run the command again"
        return replace(result, state="skipped", reason=reason)
    return result


def _count(summary: Summary, result: Result) -> None:
    if result.state == "skipped":
        summary.skipped.append(Skipped(result.student, result.reason, result.lesson))
        return
    if result.pending:
        summary.pending.append((result.lesson, result.student, result.key))
    if result.state == "unchanged":
        summary.unchanged += 1
        return
    summary.graded += 1
    if result.attempt is not None and (failed := _ours(result.attempt)):
        reason = f"the grader could not judge {', '.join(failed)}; this costs no points; run `course verify`"
        summary.errors.append(Skipped(result.student, reason, result.lesson))


def _ours(attempt: Attempt) -> list[str]:
    return [e.name for e in attempt.exercises if e.outcome is Outcome.ERROR]
