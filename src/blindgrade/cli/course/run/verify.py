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
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.generate.coverage_page import PAGE, coverage_page
from blindgrade.verify.junit import write_junit
from blindgrade.verify.proofs import Proof, prove


def verify(
    lessons: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    seeds: int,
    mutants: bool,
    workers: int | None,
    coverage: bool,
) -> None:
    """Run the proofs and show them, or write the page of coverage."""
    with stops(BAD_REQUEST, CourseError, UnknownId):
        if coverage:
            return _write_coverage()
        with Bar() as bar:
            workers = workers or os.cpu_count() or 1
            proofs = prove(Catalog.locate(), lessons or ("all",), seeds, mutants, workers, bar.step)
    passed = all(p.passed for p in proofs)
    if junit:
        write_junit(proofs, junit)
    if as_json:
        print_json({"schema": "blindgrade/proofs/v1", "passed": passed, "proofs": proofs}, indent=2)
    else:
        _show(proofs, Console())
    sys.exit(ALL_DONE if passed else SOME_NOT)


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
        console.print(f"\n[red]✗[/red] [bold]{escape(proof.lesson)}[/bold] {escape(proof.name + subject)}")
        console.print(f"  {escape(proof.detail)}", highlight=False)
        if proof.lesson.startswith("lesson-"):
            again = f"course verify {proof.lesson}" + (" --mutants" if proof.name == "mutants are killed" else "")
            console.print(f"  again: [cyan]{escape(again)}[/cyan]", highlight=False)
    console.print(f"\n{len(proofs) - len(failed)} of {len(proofs)} proofs hold", highlight=False)


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
            table.add_row("" if number else lesson, name, count, f"{sum(p.seconds for p in group):.1f}")
    return table
