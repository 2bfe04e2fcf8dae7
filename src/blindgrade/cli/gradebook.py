"""`course gradebook`: attempts into the gradebooks that instructors already have."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from blindgrade.catalog import Catalog
    from blindgrade.gradebook.people import People
    from blindgrade.gradebook.scores import LessonScores
    from blindgrade.models import Policy
    from blindgrade.systems.canvas.export import Filled

BAD_REQUEST = 2


@click.group()
def gradebook() -> None:
    """Bring attempts into nbgrader's gradebook, or into files for Canvas, Moodle and spreadsheets.

    Points are those of `course standings`: by the policy of course.toml, which says which of a student's attempts
    counts and what lateness costs. Attempts lie at ATTEMPTS/<lesson>/<student>/<key>.json, where `course grade` writes
    them.
    """


def _shared(command: Any) -> Any:
    """The options that both commands have."""
    for option in (
        click.option(
            "--roster",
            type=click.Path(path_type=Path),
            help="CSV with a line of titles: id, and name, email, login, sid.",
        ),
        click.option(
            "--count",
            type=click.Choice(["best", "last", "mean"]),
            help="Which of a student's attempts counts; lateness costs what it costs.  [default: course.toml's policy]",
        ),
        click.option(
            "--before-penalties",
            is_flag=True,
            help="Points before lateness, for a system that takes its own penalties.",
        ),
        click.option(
            "--attempts",
            type=click.Path(path_type=Path),
            default=Path("attempts"),
            show_default=True,
            help="The folder of attempts.",
        ),
        click.argument("lessons", nargs=-1, metavar="[LESSON]..."),
    ):
        command = option(command)
    return command


@gradebook.command()
@_shared
@click.option("--db", "url", default="sqlite:///gradebook.db", show_default=True, help="nbgrader's database, as a URL.")
def sync(
    lessons: tuple[str, ...], attempts: Path, count: str | None, before_penalties: bool, roster: Path | None, url: str
) -> None:
    """Write attempts into nbgrader's gradebook (default: every lesson that has some).

    Running it again changes nothing that has not changed; scores and comments by hand stay. Points are those of `course
    standings`: exercises get what was earned (with "mean" the mean of the attempts), and what lateness takes off is
    nbgrader's late submission penalty.

    \b
    Examples:
      course gradebook sync
      course gradebook sync lesson-7.2 --db postgresql://grader@db.uni.edu/course
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.gradebook.errors import GradebookError

    try:
        from blindgrade.systems.nbgrader.gradebook import sync as write
    except ModuleNotFoundError as error:
        _stop("sync", f"{error.name} is not installed; run pip install 'blindgrade[nbgrader]'")
    try:
        catalog = Catalog.locate()
        found = _scores(catalog, lessons, attempts, _policy(catalog, count, before_penalties))
        targets = ((catalog.files(s.lesson), catalog.lesson(catalog.files(s.lesson)), s) for s in found)
        done = write(url, targets, _people(roster))
    except (CourseError, UnknownId, GradebookError) as error:
        _stop("sync", str(error))
    _say(done.notes)
    click.echo(f"{done.submissions} submissions: {done.added} rows added, {done.changed} changed")


@gradebook.command()
@_shared
@click.option("--as", "kind", type=click.Choice(["canvas", "moodle", "csv"]), required=True, help="What it is for.")
@click.option("--to", type=click.Path(path_type=Path), help="The file to write.  [default: standard output]")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path),
    help="A file of the other system to fill in: Moodle's grading worksheet, Canvas's exported gradebook.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="KIND=TITLE",
    help="What a column of Moodle's is called on a site in another language: grade=Bewertung.",
)
def export(
    lessons: tuple[str, ...],
    attempts: Path,
    count: str | None,
    before_penalties: bool,
    roster: Path | None,
    kind: str,
    to: Path | None,
    worksheet: Path | None,
    columns: tuple[str, ...],
) -> None:
    """Write scores as a file for another system.

    Canvas: with --worksheet the gradebook that it exported is filled in, without it one is made. Moodle: one lesson,
    into the grading worksheet that was downloaded. Nothing in these files is run as a formula by a spreadsheet. Points
    are those of `course standings`.

    \b
    Examples:
      course gradebook export lesson-7.2.1 --as moodle --worksheet Grades-Lesson.csv --to filled.csv
      course gradebook export --as canvas --worksheet 2026_Grades.csv --to import.csv
      course gradebook export --as csv --to scores.csv
    """
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.gradebook.errors import GradebookError

    try:
        catalog = Catalog.locate()
        scores = list(_scores(catalog, lessons, attempts, _policy(catalog, count, before_penalties)))
        filled = _export(catalog, kind, scores, _people(roster), worksheet, columns)
        if to is None:
            click.echo(filled.text, nl=False)
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(filled.text, encoding="utf-8", newline="")
    except (CourseError, UnknownId, GradebookError, OSError) as error:
        _stop("export", str(error))
    _say(filled.notes)
    click.echo(f"{filled.written} scores{f' in {to}' if to else ''}", err=True)


def _export(
    catalog: Catalog,
    kind: str,
    scores: list[LessonScores],
    people: People,
    worksheet: Path | None,
    columns: tuple[str, ...],
) -> Filled:
    from blindgrade.gradebook import plain
    from blindgrade.gradebook.errors import GradebookError
    from blindgrade.systems.canvas import export as canvas
    from blindgrade.systems.moodle import worksheet as moodle

    notes = [note for lesson in scores for note in lesson.notes]
    titles = {lesson.lesson: f"{lesson.lesson} {catalog.files(lesson.lesson).entry.title}" for lesson in scores}
    text = _read(worksheet) if worksheet else ""
    if kind == "csv":
        filled = canvas.Filled(plain.table(scores, people), sum(len(lesson.attempts) for lesson in scores), [])
    elif kind == "canvas" and not worksheet:
        filled = canvas.make(scores, titles, people)
    elif kind == "canvas":
        filled = canvas.fill(text, scores, titles, people)
    elif worksheet and len(scores) == 1:
        filled = moodle.fill(text, scores[0], people, _columns(columns))
    else:
        raise GradebookError(
            "Moodle has a worksheet for each lesson: name one lesson, and its worksheet with --worksheet (in Moodle:"
            " View all submissions, Download grading worksheet)"
        )
    filled.notes += notes
    return filled


def _policy(catalog: Catalog, count: str | None, before_penalties: bool) -> Policy:
    from blindgrade.models import Late

    policy = catalog.course.policy
    policy = policy.model_copy(update={"attempts": count or policy.attempts})
    return policy.model_copy(update={"late": Late()}) if before_penalties else policy


def _scores(catalog: Catalog, lessons: tuple[str, ...], attempts: Path, policy: Policy) -> Iterator[LessonScores]:
    from blindgrade.gradebook.scores import read_scores

    wanted = [t.files.entry.id for t in catalog.find(lessons)] if lessons else None
    return read_scores(attempts, policy, wanted)


def _people(roster: Path | None) -> People:
    from blindgrade.gradebook.people import People, read_people

    return read_people(roster) if roster else People()


def _columns(given: tuple[str, ...]) -> dict[str, str]:
    from blindgrade.gradebook.errors import GradebookError
    from blindgrade.systems.moodle.worksheet import TITLES

    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    if len(pairs) != len(given) or not set(pairs) <= set(TITLES):
        raise GradebookError(f"--column is KIND=TITLE, and KIND one of {', '.join(TITLES)}; correct it")
    return pairs


def _read(worksheet: Path) -> str:
    from blindgrade.gradebook.errors import GradebookError

    try:
        return worksheet.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GradebookError(f"{worksheet} cannot be read as UTF-8 text ({error}); download it again") from None


def _say(notes: list[str]) -> None:
    from blindgrade.render.safe import shown

    for note in notes[:20]:
        click.echo(f"note: {shown(note)}", err=True)
    if len(notes) > 20:
        click.echo(f"note: and {len(notes) - 20} more like these", err=True)


def _stop(command: str, message: str) -> Any:
    from blindgrade.render.safe import shown

    click.echo(f"course gradebook {command}: {shown(message)}", err=True)
    sys.exit(BAD_REQUEST)
