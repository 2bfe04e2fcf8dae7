"""`course`: what authors and instructors type."""

from __future__ import annotations

import json
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blindgrade.cli import version
from blindgrade.cli.cohort import grade_command, replay_command, standings_command
from blindgrade.cli.collect import collect
from blindgrade.cli.gradebook import gradebook
from blindgrade.cli.release import release
from blindgrade.cli.report import report_command, simulate_command

# torch and all that needs it is imported inside the commands, so that `course --help` is quick.
if TYPE_CHECKING:
    from rich.progress import Progress

    from blindgrade.attack.defence import Result
    from blindgrade.verify.proofs import Proof

BAD_REQUEST = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@version.option
def course() -> None:
    """Build a course, prove that it is sound, and release it.

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
@click.option("--coverage", is_flag=True, help="Write docs/coverage.md (what is exercised where) and prove nothing.")
def verify(
    lessons: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    seeds: int,
    mutants: bool,
    workers: int | None,
    coverage: bool,
) -> None:
    """Prove the course against itself (default: every lesson that is ready).

    The solution earns every point and the stub none; alternatives earn all; misconceptions are caught and named;
    lazy answers earn little; concepts are covered; checks are quick. Exit status: 0 everything holds, 1 something
    does not, 2 bad request.
    """
    from blindgrade.catalog import CourseError, UnknownId

    try:
        if coverage:
            _write_coverage()
            return
        proofs = _proofs(lessons or ("all",), seeds, mutants, workers or os.cpu_count() or 1)
    except (CourseError, UnknownId) as error:
        click.echo(f"course verify: {error}", err=True)
        sys.exit(BAD_REQUEST)
    if junit:
        from blindgrade.verify.junit import write_junit

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
        from blindgrade.generate.build import build as build_files

        paths = build_files(Catalog.locate(), lessons or ("all",), check=check)
    except (CourseError, UnknownId) as error:
        click.echo(f"course build: {error}", err=True)
        sys.exit(BAD_REQUEST)
    for path in paths:
        click.echo(f"out of date: {path}" if check else f"wrote {path}")
    if check and paths:
        click.echo(
            "run `course build` (for docs/coverage.md: `course verify --coverage`) and commit the result", err=True
        )
        sys.exit(1)
    if not paths:
        click.echo("everything is up to date")


@course.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the attacks, beside the course that they attack (../courses/mini).  [default: tests/attacks]",
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "process", "namespaces", "landlock"]),
    default="auto",
    show_default=True,
    help="The sandbox to attack: the strongest that this machine has, or one by its name.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output, nothing else there.")
def attack(names: tuple[str, ...], corpus: Path | None, sandbox: Any, as_json: bool) -> None:
    """Attack this machine's sandbox with hostile submissions, all of them or those named.

    \b
    Examples:
      course attack
      course attack forks_a_bomb reads_the_solution --sandbox strict

    Exit status: 0 all were held, 1 one was not, 2 bad request.
    """
    from blindgrade.attack.corpus import CORPUS, CorpusError, read_corpus
    from blindgrade.attack.defence import face_all
    from blindgrade.engine.grading.worker_client import ZygoteFailed

    folder = (corpus or CORPUS).absolute()
    try:
        attacks = read_corpus(folder, names)
        with _bar() as bar:
            shown = bar.add_task("", total=len(attacks))
            tier, results = face_all(
                attacks, folder.parent / "courses" / "mini", sandbox, lambda *step: _advance(bar, shown, *step)
            )
    except (CorpusError, ZygoteFailed) as error:
        click.echo(f"course attack: {error}", err=True)
        sys.exit(BAD_REQUEST)
    if as_json:
        click.echo(_attacks_as_json(tier, results))
    else:
        _show_attacks(tier, results)
    sys.exit(0 if all(r.held or r.skipped for r in results) else 1)


def _write_coverage() -> None:
    from blindgrade.catalog import Catalog
    from blindgrade.generate.coverage_page import PAGE, coverage_page

    catalog = Catalog.locate()
    page = catalog.root / PAGE
    page.parent.mkdir(exist_ok=True)
    page.write_text(coverage_page(catalog), encoding="utf-8")
    click.echo(f"wrote {PAGE}")


def _proofs(lessons: tuple[str, ...], seeds: int, mutants: bool, workers: int) -> list[Proof]:
    from blindgrade.catalog import Catalog
    from blindgrade.verify.proofs import prove

    with _bar() as bar:
        shown = bar.add_task("", total=None)
        return prove(Catalog.locate(), lessons, seeds, mutants, workers, lambda *step: _advance(bar, shown, *step))


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    # No refreshing thread: the proofs fork, and a fork is safest in a process of one thread.
    return Progress(*columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal)


def _advance(bar: Progress, shown: Any, what: str, done: int, total: int) -> None:
    bar.update(shown, description=what, completed=done, total=total)
    bar.refresh()


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


def _attacks_as_json(tier: str, results: list[Result]) -> str:
    from dataclasses import asdict

    held = all(r.held or r.skipped for r in results)
    return json.dumps(
        {"schema": "blindgrade/attacks/v1", "sandbox": tier, "held": held, "attacks": [asdict(r) for r in results]},
        indent=2,
    )


def _show_attacks(tier: str, results: list[Result]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from blindgrade.render.safe import shown

    console = Console(highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("attack", "what it tries", ""):
        table.add_column(column)
    for result in results:
        word, style = (
            ("held", "green") if result.held else ("skipped", "dim") if result.skipped else ("got through", "red")
        )
        table.add_row(result.name, result.sentence, Text(word, style))
    console.print(table)
    for result in results:
        if not result.held and not result.skipped:
            console.print(Text.assemble(("\n✗ ", "red"), (result.name, "bold"), "\n  ", shown(result.what)))
            console.print(Text.assemble("  again: ", (f"course attack {result.name}", "cyan")))
    for reason in dict.fromkeys(r.what for r in results if r.skipped):
        console.print(f"\n{sum(r.what == reason for r in results)} skipped: {reason}", markup=False)
    faced = [r for r in results if not r.skipped]
    console.print(f"\n{sum(r.held for r in faced)} of {len(faced)} attacks held in the sandbox {tier!r}", markup=False)


def _again(proof: Proof) -> str:
    return f"course verify {proof.lesson}" + (" --mutants" if proof.name == "mutants are killed" else "")


COMMANDS = (
    collect, gradebook, grade_command, release, replay_command, report_command, simulate_command, standings_command,
)  # fmt: skip
for command in COMMANDS:
    course.add_command(command)
