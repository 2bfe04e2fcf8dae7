"""Run `course grade`: the part before torch is imported, and the summary at the end."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blindgrade.attempts.handed_in import Count
from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli import exits
from blindgrade.cli.course.run import change_lines
from blindgrade.cli.course.run.deciding import BadRequest, new_line, store_rulings
from blindgrade.cli.course.run.explaining import explain_pending
from blindgrade.cli.course.run.notes import SHOWN_NOTES
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, GRADER_FAILED, INTERRUPTED, SOME_NOT, say, stop, stops
from blindgrade.cohort.changes import Changes, keep_higher
from blindgrade.cohort.settings import Settings
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.workers import Workers
from blindgrade.files import write_whole
from blindgrade.render.safe import shown
from blindgrade.submitted import NoSubmissions

if TYPE_CHECKING:  # it needs torch
    from blindgrade.cohort.run import Summary


def grade(
    lesson: str,
    submitted: Path,
    workers: int | None,
    cluster: str | None,
    attempts: Path | None,
    count: Count | None,
    regrade: bool,
    preview: bool,
    raise_only: bool,
    reason: str | None,
    by_whom: str | None,
    changes: Path | None,
    resume: bool,
    sandbox: str,
) -> None:
    """Grade every submission. Every run resumes, so `resume` changes nothing."""
    try:
        with stops(BAD_REQUEST, CourseError, UnknownId, NoSubmissions, StoreError, BadRequest):
            _check(preview, raise_only, reason, by_whom)
            catalog = Catalog.locate()
            targets = whole_lessons(catalog, lesson, "is one exercise; a cohort is graded by whole lessons:")
            store = attempts or catalog.attempts
            settings = Settings(
                workers or os.cpu_count() or 1,
                "process" if sandbox == "process" else "strict",
                regrade,
                count or catalog.course.policy.attempts,
                preview,
                again=raise_only,
            )
            finish = partial(_keep_higher, store, reason, by_whom) if reason is not None else _nothing
            # Another core tries the sandbox's walls while this one imports torch.
            trial = _trial(targets, (submitted, store), settings) if cluster is None else None
            from blindgrade.cli.course.run.grade_cohort import grade_submissions

            summary = grade_submissions(targets, submitted, store, settings, cluster, trial, finish)
        code = _say_summary(summary, store, preview)
        if not preview:
            explain_pending(targets, store, summary.pending, settings.workers)
    except KeyboardInterrupt:
        stop("interrupted; the same command continues from here", INTERRUPTED)
    _say_changes(summary.changes, changes, preview)
    exits.leave(code)  # everything is printed and stored


def _trial(targets: list[Target], private: tuple[Path, ...], settings: Settings) -> Workers | None:
    """Start the test of the sandbox's walls on this machine. With `--sandbox process` only warn and return None."""
    if settings.sandbox == "process":
        say("--sandbox process: STUDENTS' CODE RUNS AS YOU, with your files, your network and the course's solutions"
            " within its reach. Only for submissions that you have read.")  # fmt: skip
        return None
    workers = workers_for(targets, sandbox="strict", private=[path.resolve() for path in private])
    workers.start()
    return workers


def _check(preview: bool, raise_only: bool, reason: str | None, by_whom: str | None) -> None:
    """BadRequest if options do not fit together."""
    if raise_only and preview:
        raise BadRequest("--raise-only stores decisions and --preview stores nothing; leave out one of them")
    if raise_only and not (reason or "").strip():
        raise BadRequest("--raise-only needs --reason, which is stored with each decision")
    if not raise_only and (reason is not None or by_whom is not None):
        raise BadRequest("--reason and --by-whom belong to --raise-only")


def _nothing(changes: Changes) -> None:
    """Nobody keeps points."""


def _keep_higher(attempts: Path, reason: str, by_whom: str | None, changes: Changes) -> None:
    """Store a decision for each submission that would lose points."""
    stored = store_rulings(attempts, keep_higher(changes, reason), by_whom)
    if stored:
        click.echo()
    for one in stored:
        click.echo(shown(new_line(one)))


def _say_changes(changes: Changes, file: Path | None, preview: bool) -> None:
    found = change_lines.lines(changes)
    if found:
        click.echo("\n" + shown("\n".join(found)))
    elif preview:
        click.echo("\nno submission was graded with other checks before, so nobody gains or loses")
    if file is not None:
        with stops(BAD_REQUEST, OSError):
            write_whole(file, json.dumps(change_lines.as_data(changes), indent=1) + "\n")
        click.echo(f"wrote {file}")


def _say_summary(summary: Summary, attempts: Path, preview: bool) -> int:
    for folder, students in sorted(summary.moved.items()):
        who = ", ".join(sorted(students)[:SHOWN_NOTES]) + (", …" if len(students) > SHOWN_NOTES else "")
        counts = "with a run that stores, this folder would count" if preview else "now this folder counts"
        click.echo(shown(f"\nnote: what counted before came from {folder}; {counts} for {who}"), err=True)
    for title, listed in (("skipped", summary.skipped), ("graded in part", summary.errors)):
        if listed:
            click.echo(f"\n{len(listed)} {title}:")
        for one in listed:
            where = f" {one.lesson}" if one.lesson else ""
            click.echo(shown(f"  {one.student}{where}: {one.reason}"))
    parts = [f"{summary.graded} graded", f"{summary.unchanged} unchanged", f"{len(summary.skipped)} skipped"]
    place = "nothing was stored" if preview else f"attempts in {attempts}"
    click.echo(f"\n{', '.join(parts)}; {place}")
    if summary.errors:
        return GRADER_FAILED
    return SOME_NOT if summary.skipped else ALL_DONE
