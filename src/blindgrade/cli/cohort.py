"""`course grade` and `course replay`: many submissions, and one attempt again."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click

# torch and all that needs it is imported inside the commands, so that `course --help` is quick.
if TYPE_CHECKING:
    from rich.progress import Progress

    from blindgrade.catalog import Catalog, Target
    from blindgrade.cohort.grading import Result
    from blindgrade.cohort.replay import Replay
    from blindgrade.cohort.run import Grade, Summary
    from blindgrade.cohort.settings import Settings
    from blindgrade.engine.grading.warm_process import Zygote

ALL_GRADED, SOME_ASIDE, BAD_REQUEST, GRADER_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
PLAIN_EVERY = 10.0  # seconds between two lines of progress where there is no terminal


@click.command(name="grade")
@click.argument("lesson")
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--cluster", metavar="ADDRESS", help="Grade on the Dask cluster whose scheduler is there.")
@click.option(
    "--attempts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where attempts are kept.  [default: attempts/ of the course]",
)
@click.option("--regrade", is_flag=True, help="Grade also what has not changed since it was graded.")
@click.option("--resume", is_flag=True, hidden=True, help="What every run does: kept for those who look for it.")
@click.option(
    "--sandbox",
    type=click.Choice(["strict", "process"]),
    default="strict",
    show_default=True,
    help="How students' code is isolated; `process` does not isolate it.",
)
def grade_command(
    lesson: str,
    submitted: Path,
    workers: int | None,
    cluster: str | None,
    attempts: Path | None,
    regrade: bool,
    resume: bool,
    sandbox: str,
) -> None:
    """Grade every submission in SUBMITTED.

    SUBMITTED holds a folder, file or archive for each student, named by the student's id. LESSON is a lesson
    (lesson-7.2.1) or a module (lesson-7.2). A run that was broken off goes on where it was when the command is given
    again; what has not changed is not graded twice.

    \b
    Examples:
      course grade lesson-7.2.1 submitted/
      course grade lesson-7.2 submitted/ --workers 8
      course grade lesson-7.2.1 submitted/ --cluster tcp://10.0.0.5:8786

    Exit code: 0 all graded, 1 some were set aside, 2 the request was wrong, 3 the grader failed.
    """
    # Before torch is imported: a process that will fork must not have started threads.
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})
    from blindgrade.attempts import StoreError
    from blindgrade.catalog import Catalog, CourseError, UnknownId
    from blindgrade.cohort.settings import Settings
    from blindgrade.submitted import NothingHandedIn

    settings = Settings(workers or os.cpu_count() or 1, "process" if sandbox == "process" else "strict", regrade)
    try:
        catalog = Catalog.locate()
        targets = _whole_lessons(catalog, lesson)
        store = attempts or catalog.root / "attempts"
        summary = _grade(targets, submitted, store, settings, cluster)
    except (CourseError, UnknownId, NothingHandedIn, StoreError) as error:
        _stop("grade", str(error), BAD_REQUEST)
    except KeyboardInterrupt:
        _stop("grade", "interrupted; the same command goes on from here", INTERRUPTED)
    code = _say_summary(summary, store)
    sys.stdout.flush()
    os._exit(code)  # all is said and stored; taking torch apart in order would only take time


@click.command(name="replay")
@click.argument("attempt", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--submission", type=click.Path(path_type=Path), help="What was handed in, if it lies elsewhere now.")
@click.option("--sandbox", type=click.Choice(["strict", "process"]), default="strict", show_default=True)
def replay_command(attempt: Path, submission: Path | None, sandbox: Literal["strict", "process"]) -> None:
    """Repeat ATTEMPT, a file that `course grade` wrote, with its seed, and say what differs.

    Exit code: 0 repeated to the bit, 1 something differs, 2 the request was wrong, 3 the grader failed.
    """
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")})
    from blindgrade.attempts import StoreError, read_attempt
    from blindgrade.catalog import Catalog, CourseError, UnknownId

    try:
        catalog, made = Catalog.locate(), read_attempt(attempt)
        from blindgrade.cohort.grading import Warm
        from blindgrade.cohort.replay import CannotReplay, replay
        from blindgrade.engine.grading.warm_process import SandboxMissing
        from blindgrade.engine.grading.worker_client import ZygoteFailed

        warm = Warm(catalog.find([made.lesson]), sandbox)
        try:
            found = replay(catalog, made, submission, warm)
        except (CannotReplay, SandboxMissing) as error:
            _stop("replay", str(error), BAD_REQUEST)
        except ZygoteFailed as error:
            _stop("replay", str(error), GRADER_FAILED)
        finally:
            warm.close()
    except (CourseError, UnknownId, StoreError) as error:
        _stop("replay", str(error), BAD_REQUEST)
    _say_replay(found)


def _say_replay(found: Replay) -> None:
    from blindgrade.render.safe import shown

    for line in found.versions:
        click.echo(shown(f"other version: {line}"))
    for line in found.differences:
        click.echo(shown(f"differs: {line}"))
    if found.differences:
        click.echo(f"{len(found.differences)} differences" + ("" if found.versions else ", on the same versions"))
    else:
        click.echo("repeated to the bit")
    sys.exit(1 if found.differences else 0)


@click.command(name="standings")
@click.option("--attempts", type=click.Path(path_type=Path, file_okay=False), help="[default: attempts/ of the course]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on standard output, nothing else there.")
def standings_command(attempts: Path | None, as_json: bool) -> None:
    """What each student's attempts are worth by the policy of course.toml: lateness, and which attempt counts."""
    import json
    from dataclasses import asdict

    from blindgrade.attempts import Store, StoreError
    from blindgrade.catalog import Catalog, CourseError
    from blindgrade.policies import standings
    from blindgrade.render.safe import shown

    try:
        catalog = Catalog.locate()
        store = Store(attempts or catalog.root / "attempts")
        lessons = store.lessons()
        students = sorted({student for lesson in lessons for student in store.students(lesson)})
        policy = catalog.course.policy
        found = [
            standing
            for student in students
            for standing in standings(student, {name: store.attempts(name, student) for name in lessons}, policy)
        ]
    except (CourseError, StoreError) as error:
        _stop("standings", str(error), BAD_REQUEST)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    for one in found:
        late = f"  {one.days_late} days late, {one.from_bank} from the bank" if one.days_late else ""
        click.echo(shown(f"{one.student}  {one.lesson}  {one.points:g} of {one.max_points:g} points{late}"))


def _whole_lessons(catalog: Catalog, lesson: str) -> list[Target]:
    from blindgrade.catalog import UnknownId

    targets = catalog.find([lesson])
    if "/" in lesson:
        raise UnknownId(f"{lesson} is one exercise; a cohort is graded by whole lessons: {lesson.split('/')[0]}")
    return targets


def _grade(targets: list[Target], submitted: Path, attempts: Path, settings: Settings, cluster: str | None) -> Summary:
    # The walls are tried on another core while this one imports torch.
    trial = _trial(targets, (submitted, attempts), settings) if cluster is None else None
    import torch

    from blindgrade.attempts import Store
    from blindgrade.cohort.run import grade_cohort, in_processes
    from blindgrade.submitted import handed_in

    torch.set_num_threads(1)
    handed, aside = handed_in(submitted)
    how: Grade = in_processes
    if cluster is not None:
        from blindgrade.cohort.cluster import OnCluster

        how = OnCluster(cluster)
    _need_walls(trial)
    with _Progress(len(handed) * len(targets)) as progress:
        store = Store(attempts)
        summary = grade_cohort(targets, handed, submitted, store, settings, progress.tell, how)
    summary.aside = [*aside, *summary.aside]
    return summary


def _trial(targets: list[Target], private: tuple[Path, ...], settings: Settings) -> Zygote | None:
    """Begin to try whether the walls hold on this machine; say it aloud where none are wanted."""
    from blindgrade.engine.grading.warm_process import Zygote

    if settings.sandbox == "process":
        click.echo(
            "course grade: --sandbox process: STUDENTS' CODE RUNS AS YOU, with your files, your network and the"
            " course's solutions within its reach. Only for submissions that you have read.",
            err=True,
        )
        return None
    zygote = Zygote.for_targets(targets, sandbox="strict", private=[path.resolve() for path in private])
    zygote.start()
    return zygote


def _need_walls(trial: Zygote | None) -> None:
    """Refuse before anything is graded where they do not."""
    from blindgrade.engine.grading.warm_process import SandboxMissing

    if trial is None:
        return
    try:
        with trial:
            trial.ready()
    except SandboxMissing as error:
        remedy = "Others' code is graded behind walls, or with --sandbox process at your own risk."
        _stop("grade", f"{error}\n{remedy}", BAD_REQUEST)


class _Progress:
    """A line for each finished student on standard output; how far it is, how fast, and how long still on the other."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = self._told = time.monotonic()
        self._bar: Progress | None = None
        self._graded = 0

    def __enter__(self) -> _Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        if sys.stderr.isatty():
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            # No refreshing thread: the run forks, and a fork is safest in a process of one thread.
            self._bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
            self._task = self._bar.add_task("starting", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, result: Result, done: int, total: int) -> None:
        """Say what became of one submission."""
        from blindgrade.render.safe import shown

        self._graded += result.state != "unchanged"
        line = shown(_line(result))
        now = time.monotonic()
        pace = _pace(self._graded, done, total, now - self._begun)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, description=pace)
            self._bar.refresh()
        elif now - self._told > PLAIN_EVERY:
            self._told = now
            click.echo(f"{done} of {total}, {pace}", err=True)
        if result.state != "unchanged":
            if self._bar is not None and sys.stdout.isatty():
                self._bar.console.print(line, markup=False, highlight=False)
            else:
                click.echo(line)


def _line(result: Result) -> str:
    if result.attempt is None or result.state == "aside":
        return f"✗ {result.student}  {result.lesson}  set aside: {result.reason}"
    attempt = result.attempt
    again = f", {result.reused} exercises as before" if result.reused else ""
    return (
        f"✓ {result.student}  {result.lesson}  {attempt.points:g} of {attempt.max_points:g} points"
        f"  {attempt.seconds:.1f} s{again}"
    )


def _pace(graded: int, done: int, total: int, seconds: float) -> str:
    if not graded or seconds <= 0:
        return "nothing to grade yet"
    # What was not graded cost next to nothing, so it says nothing about what is to come.
    rate = graded / seconds
    left = (total - done) / rate
    return f"{rate * 60:.0f} a minute, {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _say_summary(summary: Summary, attempts: Path) -> int:
    from blindgrade.render.safe import shown

    for title, listed in (("set aside", summary.aside), ("graded in part", summary.errors)):
        if listed:
            click.echo(f"\n{len(listed)} {title}:")
        for one in listed:
            where = f" {one.lesson}" if one.lesson else ""
            click.echo(shown(f"  {one.student}{where}: {one.reason}"))
    parts = [f"{summary.graded} graded", f"{summary.unchanged} unchanged", f"{len(summary.aside)} set aside"]
    click.echo(f"\n{', '.join(parts)}; attempts in {attempts}")
    if summary.errors:
        return GRADER_FAILED
    return SOME_ASIDE if summary.aside else ALL_GRADED


def _stop(command: str, message: str, code: int) -> NoReturn:
    from blindgrade.render.safe import shown

    click.echo(f"course {command}: {shown(message)}", err=True)
    sys.exit(code)
