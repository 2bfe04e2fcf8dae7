"""The fourth phase of `grade`, with torch: grade, store the result, and print it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from blindgrade.catalog import CourseError, Unfinished
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, GRADER_FAILED, SOME_NOT, say, say_unfinished, stop
from blindgrade.cli.grade import exports
from blindgrade.cli.grade.device import need_device
from blindgrade.cli.grade.job import Job
from blindgrade.cli.grade.printing import Silent
from blindgrade.cli.grade.proved import not_proved
from blindgrade.cli.grade.refusals import FORMATS
from blindgrade.cli.grade.screen import only_results, put
from blindgrade.cli.grade.session import Session
from blindgrade.cli.grade.standing import last_results
from blindgrade.engine.grading import runner
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import GraderFailed
from blindgrade.engine.grading.worker_client import SandboxMissing
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.engine.judging.wrong_answers import CollectedReplies
from blindgrade.engine.submission.reading import SubmissionError
from blindgrade.history import Progress
from blindgrade.models import Attempt, ExerciseResult, Grading
from blindgrade.next_step import next_in
from blindgrade.render.links import Links
from blindgrade.render.text.findings import findings
from blindgrade.render.text.lines import as_lines


@dataclass(frozen=True)
class Past:
    """Earlier attempts at the lessons and last results of all lessons, if the submission is the student's own."""

    attempts: list[Attempt] = field(default_factory=list)
    known: dict[str, list[ExerciseResult]] | None = None


@dataclass(frozen=True)
class Done:
    """A grading, and the other data for a page of it."""

    grading: Grading
    past: Past
    figures: CollectedFigures | None


def grade(job: Job, printing: Silent, warm: Workers, session: Session | None = None) -> Done:
    """Grade with these workers. Store the result if the submission is the student's own.

    GraderFailed only with a session: the command then does the work again, without the resident.
    """
    need_device(job.options["device"])
    past = _past(job) if job.drawn else Past()
    figures = CollectedFigures() if job.drawn else None
    replies = CollectedReplies() if job.wanted["explain"] else None
    hooks: dict[str, Any] = {
        "progress": printing.waiting, "graded": printing.exercise, "finished": printing.lesson, "figures": figures,
        "replies": replies, "interrupted": session.interrupted if session is not None else None,
    }  # fmt: skip
    options = Options(**hooks, **job.options)
    try:
        with only_results() if job.options["debug"] and job.quiet else nullcontext():
            if session is not None:
                grading = session.grade(job, options)
            else:
                grading = runner.grade(job.catalog, job.targets, job.submission, options, warm)
    except (SubmissionError, SandboxMissing) as error:
        printing.clear()
        stop(str(error), BAD_REQUEST)
    except GraderFailed as error:
        printing.clear()
        if session is not None:
            raise
        stop(str(error), GRADER_FAILED)
    finally:
        printing.clear()
    if warm.missing and warm.sandbox == "process":
        _say_unisolated(warm.missing)
    if other_torch := not_proved(job.catalog.root, grading):
        say(other_torch)
    if job.catalog.is_own(job.submission) and not job.options["debug"]:
        _remember(job, grading)
    if replies is not None:
        # After the results are stored: what explains them quotes the solution. Only instructors need its imports.
        from blindgrade.cli.grade.explain import explain

        grading = explain(job, grading, replies)
    return Done(grading, past, figures)


def deliver(job: Job, printing: Silent, done: Done) -> int:
    """Print the result and write the requested files. Return the exit code."""
    grading, links = done.grading, Links(job.submission, [t.files for t in job.targets])
    if job.wanted["as_json"]:
        put(grading.model_dump_json(by_alias=True, indent=1) + "\n")
    elif job.wanted["problems"]:
        put(as_lines(findings(grading, links)))
    else:
        printing.end(grading, links, job.planned)
        if job.wanted["explain"]:
            from blindgrade.cli.grade.explain import explanation

            put(explanation(job, grading))
    try:
        exports.write(grading, links, {name: job.wanted[name] for name in FORMATS})
    except OSError as error:
        stop(f"{error.filename or 'a file'} could not be written ({error.strerror}); name another place", GRADER_FAILED)
    if job.drawn:
        # Import the templates only if there is a page to write.
        from blindgrade.cli.grade.page import deliver_page

        deliver_page(job, grading, past=done.past.attempts, known=done.past.known, figures=done.figures)
    return _exit_code(grading)


def _past(job: Job) -> Past:
    if not job.catalog.is_own(job.submission):
        return Past()
    progress = Progress(job.catalog.local)
    attempts = [attempt for t in job.targets for attempt in progress.attempts(t.files.entry.id)]
    return Past(attempts, last_results(job.catalog.find(["all"], _say_other(job)), progress))


def _say_other(job: Job) -> Unfinished:
    """Names a lesson that is not right yet, unless it was to be graded: then it is named already."""
    wanted = [f"{name.partition('/')[0]}." for name in job.ids]

    def unfinished(lesson: str, error: CourseError) -> None:
        if "all" not in job.ids and not any(f"{lesson}.".startswith(one) for one in wanted):
            say_unfinished(lesson, error)

    return unfinished


def _remember(job: Job, grading: Grading) -> None:
    progress = Progress(job.catalog.local)
    for attempt in grading.lessons:
        if not attempt.unreadable:  # it shows nothing about the exercises
            progress.record(attempt)
    if first := next_in(grading.lessons):
        attempt, result = first
        progress.look_at(attempt.lesson, result.name)
        hints = next(t.lesson for t in job.targets if t.files.entry.id == attempt.lesson).exercise(result.name).hints
        if any(check.hint == hints[0] for check in result.checks):
            # The screen shows the first hint, so `--hint` continues with the second.
            progress.climb(attempt.lesson, result.name, 1)


def _say_unisolated(missing: dict[str, str]) -> None:
    why = "; ".join(f"{layer}: {reason}" for layer, reason in missing.items())
    say(f"this code ran without isolation, as you ({why}). That is fine for your own code. Before you grade others'"
        " code, run `grade --sandbox strict`: it says what is missing.")  # fmt: skip


def _exit_code(grading: Grading) -> int:
    outcomes = [r.outcome for a in grading.lessons for r in a.exercises]
    if "error" in outcomes:
        return GRADER_FAILED
    return ALL_DONE if grading.points >= grading.max_points - 1e-9 else SOME_NOT
