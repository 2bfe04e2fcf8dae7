"""`course`: what authors and instructors type."""

from __future__ import annotations

import json
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blindgrade.frontends.cohort import grade_command, replay_command, standings_command

# torch and all that needs it is imported inside the commands, so that `course --help` is quick.
if TYPE_CHECKING:
    from blindgrade.upkeep.proofs import Proof

BAD_REQUEST = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def course() -> None:
    """Build a course and prove that it is sound.

    Run it inside the course's folder, or set BLINDGRADE_COURSE to it. A LESSON is a module (lesson-7.2),
    a lesson (lesson-7.2.1), an exercise (lesson-7.2.1/score_from_noise), or `all`.
    """


@course.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output, nothing else there.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write the proofs as JUnit XML.")
@click.option(
    "--seeds", default=5, show_default=True, type=click.IntRange(1), help="Seeds that the solution is graded with."
)
@click.option("--mutants", is_flag=True, help="Also prove that each small change of a solution is noticed.")
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
def verify(
    lessons: tuple[str, ...], as_json: bool, junit: Path | None, seeds: int, mutants: bool, workers: int | None
) -> None:
    """Prove the course against itself (default: every lesson that is ready).

    The solution earns every point and the stub none; alternatives earn all; misconceptions are caught and named;
    lazy answers earn little; concepts are covered; checks are quick. Exit status: 0 everything holds, 1 something
    does not, 2 bad request.
    """
    from blindgrade.catalog import CourseError, UnknownId

    try:
        proofs = _proofs(lessons or ("all",), seeds, mutants, workers or os.cpu_count() or 1)
    except (CourseError, UnknownId) as error:
        click.echo(f"course verify: {error}", err=True)
        sys.exit(BAD_REQUEST)
    if junit:
        from blindgrade.upkeep.junit import write_junit

        write_junit(proofs, junit)
    if as_json:
        click.echo(_as_json(proofs))
    else:
        _show(proofs)
    sys.exit(0 if all(p.passed for p in proofs) else 1)


@course.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--check", is_flag=True, help="Write nothing; name the files that are out of date, and exit with 1 if any."
)
def build(lessons: tuple[str, ...], check: bool) -> None:
    """Make stubs, notebooks, public checks and answer keys from their sources."""
    from blindgrade.catalog import Catalog, CourseError, UnknownId

    try:
        from blindgrade.upkeep.build import build as build_files

        paths = build_files(Catalog.locate(), lessons or ("all",), check=check)
    except (CourseError, UnknownId) as error:
        click.echo(f"course build: {error}", err=True)
        sys.exit(BAD_REQUEST)
    for path in paths:
        click.echo(f"out of date: {path}" if check else f"wrote {path}")
    if check and paths:
        click.echo("run `course build` and commit the result", err=True)
        sys.exit(1)
    if not paths:
        click.echo("everything is up to date")


for command in (grade_command, replay_command, standings_command):
    course.add_command(command)


def _proofs(lessons: tuple[str, ...], seeds: int, mutants: bool, workers: int) -> list[Proof]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from blindgrade.catalog import Catalog
    from blindgrade.upkeep.proofs import prove

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    # No refreshing thread: the proofs fork, and a fork is safest in a process of one thread.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        shown = bar.add_task("", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(shown, description=what, completed=done, total=total)
            bar.refresh()

        return prove(Catalog.locate(), lessons, seeds, mutants, workers, tell)


def _as_json(proofs: list[Proof]) -> str:
    from dataclasses import asdict

    passed = all(p.passed for p in proofs)
    return json.dumps(
        {"schema": "blindgrade/proofs/v1", "passed": passed, "proofs": [asdict(p) for p in proofs]}, indent=2
    )


def _show(proofs: list[Proof]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("lesson", "proof", "passed", "seconds"):
        table.add_column(column, justify="left" if column in ("lesson", "proof") else "right")
    for lesson, in_lesson in groupby(proofs, key=lambda p: p.lesson):
        named: dict[str, list[Proof]] = {}
        for proof in in_lesson:
            named.setdefault(proof.name, []).append(proof)
        for number, (name, group) in enumerate(named.items()):
            passed = sum(p.passed for p in group)
            style = "green" if passed == len(group) else "red"
            count = f"[{style}]{passed}/{len(group)}[/{style}]"
            table.add_row("" if number else lesson, name, count, f"{sum(p.seconds for p in group):.1f}")
    console.print(table)
    failed = [p for p in proofs if not p.passed]
    for proof in failed:
        subject = f" ({proof.subject})" if proof.subject else ""
        console.print(f"\n[red]✗[/red] [bold]{escape(proof.lesson)}[/bold] {escape(proof.name + subject)}")
        console.print(f"  {escape(proof.detail)}", highlight=False)
        if proof.lesson.startswith("lesson-"):
            again = _again(proof)
            console.print(f"  again: [cyan]{escape(again)}[/cyan]", highlight=False)
    console.print(f"\n{len(proofs) - len(failed)} of {len(proofs)} proofs hold", highlight=False)


def _again(proof: Proof) -> str:
    return f"course verify {proof.lesson}" + (" --mutants" if proof.name == "mutants are killed" else "")
