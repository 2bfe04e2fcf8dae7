"""Run `course verify`."""

from __future__ import annotations

import os
import sys
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.as_json import print_json
from blindgrade.cli.bars import Bar
from blindgrade.cli.course.run.verify_relations import show_relations
from blindgrade.cli.course.run.verify_watch import watch_course
from blindgrade.cli.course.run.verify_why import show_why
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stop, stops
from blindgrade.generate.coverage_page import PAGE, coverage_page
from blindgrade.verify.bench import Effort, Known
from blindgrade.verify.junit import write_junit
from blindgrade.verify.mutant import LACKING, can_make_mutants
from blindgrade.verify.proofs import prove
from blindgrade.verify.tasks import Proof

LONG = 60.0  # seconds: an estimate is shown before such work


def verify(
    lessons: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    seeds: int,
    mutants: bool,
    workers: int | None,
    known: Known | None,
    watch: bool,
    why: str | None,
    relations: bool,
    coverage: bool,
) -> None:
    """Run the proofs and show them, or do what another option asks for."""
    if (mutants or why is not None) and not can_make_mutants():
        stop(LACKING, BAD_REQUEST)
    effort = Effort(seeds, mutants, workers or os.cpu_count() or 1, known or "kept")
    ids = lessons or ("all",)
    with stops(BAD_REQUEST, CourseError, UnknownId):
        if coverage:
            return _write_coverage()
        catalog = Catalog.locate()
        if why is not None:
            sys.exit(show_why(catalog, why, effort))
        if relations:
            return show_relations(catalog, ids, effort, as_json=as_json)
        if watch:
            return watch_course(catalog, lambda: _show(prove(Catalog(catalog.root), ids, effort), Console()))
        with Bar() as bar:
            proofs = prove(catalog, ids, effort, bar.step, _say_estimate)
    passed = all(p.passed for p in proofs)
    if junit:
        write_junit(proofs, junit)
    if as_json:
        print_json({"schema": "blindgrade/proofs/v1", "passed": passed, "proofs": proofs}, indent=2)
    else:
        _show(proofs, Console())
    sys.exit(ALL_DONE if passed else SOME_NOT)


def _say_estimate(seconds: float | None) -> None:
    if seconds is not None and seconds > LONG:
        click.echo(f"this takes about {seconds / 60:.0f} minutes, as far as earlier runs show", err=True)


def _write_coverage() -> None:
    catalog = Catalog.locate()
    page = catalog.root / PAGE
    page.parent.mkdir(exist_ok=True)
    page.write_text(coverage_page(catalog), encoding="utf-8")
    click.echo(f"wrote {PAGE}")


def _show(proofs: list[Proof], console: Console) -> None:
    console.print(_table(proofs))
    failed = [p for p in proofs if not p.passed]
    for proof in failed:
        subject = f" ({proof.subject})" if proof.subject else ""
        named = escape(proof.name + subject)
        # Lines are not broken: a person copies a path or a mutant from here into a file.
        console.print(f"\n[red]✗[/red] [bold]{escape(proof.lesson)}[/bold] {named}", soft_wrap=True)
        console.print(f"  {escape(proof.detail)}", highlight=False, soft_wrap=True)
        if proof.lesson.startswith("lesson-"):
            again = f"course verify {proof.lesson}" + (" --mutants" if proof.name == "mutants are killed" else "")
            console.print(f"  again: [cyan]{escape(again)}[/cyan]", highlight=False, soft_wrap=True)
    held = f"{len(proofs) - len(failed)} of {len(proofs)} proofs hold"
    before = sum(bool(p.source) for p in proofs)
    console.print(f"\n{held}{f', {before} of them proved before' if before else ''}", highlight=False)


def _table(proofs: list[Proof]) -> Table:
    """Table with a line for each kind of proof of each lesson."""
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
            now = sum(p.seconds for p in group if not p.source)
            table.add_row("" if number else lesson, name, count, f"{now:.1f}" if now else "")
    return table
