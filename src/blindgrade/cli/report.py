"""`course report` and `course simulate`: what a cohort's attempts say, and a cohort to try it on."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

BAD_REQUEST = 2


@click.command(name="report")
@click.argument("lesson")
@click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where attempts are kept.  [default: attempts/ of the course]",
)
@click.option(
    "--submitted",
    type=click.Path(path_type=Path, file_okay=False),
    help="The submissions, one for each student, to see which have one structure.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write; its tables go beside it as CSV.  [default: build/reports/cohort-LESSON.html]",
)
def report_command(lesson: str, attempts: Path | None, submitted: Path | None, to: Path | None) -> None:
    """Report on a cohort: exercises, concepts, misconceptions, who needs help.

    LESSON is a lesson (lesson-7.2.1), a module (lesson-7.2) or `all`. Which of a student's attempts counts is in
    course.toml (policy.attempts); points are before anything is taken off for lateness.

    \b
    Examples:
      course report lesson-7.2
      course report lesson-7.2 --submitted submitted/
      course report all --to build/reports/term.html

    Exit code: 0 written, 2 the request was wrong.
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.cohort_report.records import NoAttempts

    try:
        import scipy  # noqa: F401
    except ImportError:
        _refuse("report", "the statistics need scipy: pip install 'blindgrade[report]'")
    from blindgrade.cohort_report.report import report

    try:
        catalog = Catalog.locate()
        targets = catalog.find([lesson])
        if "/" in lesson:
            raise UnknownId(f"{lesson} is an exercise; name its lesson, {lesson.split('/')[0]}")
        page = to or catalog.root / "build" / "reports" / f"cohort-{lesson}.html"
        cohort, written = report(catalog, targets, attempts or catalog.root / "attempts", submitted, page, lesson)
    except (CourseError, UnknownId, NoAttempts) as error:
        _refuse("report", str(error))
    except OSError as error:
        _refuse("report", f"{error.filename} cannot be written ({error.strerror}); name another --to")
    click.echo(f"{len(cohort.students)} students, {len(cohort.lessons)} lessons; {len(cohort.needs)} need help")
    click.echo(f"wrote {written[0]} and {len(written) - 1} tables in {written[1].parent}")


@click.command(name="simulate")
@click.argument("lesson")
@click.option("--students", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds, equal cohorts.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder for submissions; new or empty.",
)
@click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write attempts there, without grading: results are assumed from what was written.",
)
@click.option("--rehearse", is_flag=True, help="With --attempts: run each distinct answer once instead of assuming.")
def simulate_command(lesson: str, students: int, seed: int, to: Path, attempts: Path | None, rehearse: bool) -> None:
    """Write the submissions of a cohort that never was, drawn from the lessons' known answers.

    The truth about it (abilities, difficulties, who copied) goes into TO/.simulated.json. Submissions hold solutions:
    keep them from students.

    \b
    Examples:
      course simulate lesson-7.2 --to build/submitted
      course grade lesson-7.2 build/submitted --attempts build/attempts
      course simulate all --to build/submitted --attempts build/attempts

    Exit code: 0 written, 2 the request was wrong.
    """
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})
    from blindgrade.catalog import Catalog, CourseError, UnknownId

    try:
        catalog = Catalog.locate()
        targets = catalog.find([lesson])
        if "/" in lesson:
            raise UnknownId(f"{lesson} is an exercise; name its lesson, {lesson.split('/')[0]}")
        for folder in filter(None, (to, attempts)):
            if folder.exists() and any(folder.iterdir()):
                raise CourseError(f"{folder} is not empty; name a new folder, so that no real cohort is mixed up")
        from blindgrade.simulate.composing import Pieces
        from blindgrade.simulate.rehearsed import write_attempts
        from blindgrade.simulate.simulation import simulate
        from blindgrade.simulate.written import write_submissions

        pieces = [Pieces(catalog, t.files.entry.id) for t in targets]
        cohort = simulate([p.known for p in pieces], students, seed)
        click.echo(f"wrote {write_submissions(pieces, cohort, to)} files of {students} students to {to}")
        if attempts is not None:
            tell = _progress if rehearse else lambda lesson: None
            count = write_attempts(pieces, cohort, attempts, assumed=not rehearse, tell=tell)
            click.echo(f"wrote {count} attempts to {attempts}")
    except (CourseError, UnknownId) as error:
        _refuse("simulate", str(error))
    except FileNotFoundError as error:
        _refuse("simulate", f"{error.filename} is missing; a cohort is simulated where the solutions are")


def _progress(lesson: str) -> None:
    click.echo(f"rehearsed {lesson}", err=True)


def _refuse(command: str, reason: str) -> NoReturn:
    click.echo(f"course {command}: {reason}", err=True)
    sys.exit(BAD_REQUEST)
