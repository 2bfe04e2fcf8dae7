"""Run `course verify --why`."""

from __future__ import annotations

import click

from blindgrade.catalog import Catalog
from blindgrade.cli.bars import Bar
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stop
from blindgrade.verify.bench import Effort
from blindgrade.verify.mutant import Mutant
from blindgrade.verify.why import Why, proposal, why
from blindgrade.verify.workshop import Workshop

MOST = 12  # proposals


def show_why(catalog: Catalog, name: str, effort: Effort) -> int:
    """Print what the proofs of an exercise miss. Return the exit code. UnknownId or CourseError for a wrong request."""
    targets = catalog.find([name])
    if len(targets) != 1 or len(targets[0].exercises) != 1:
        stop(f"--why takes one exercise, such as {targets[0].files.entry.id}/{targets[0].exercises[0]}", BAD_REQUEST)
    exercise = targets[0].exercises[0]
    workshop = Workshop(catalog.root, targets[0].files.entry.id)
    with Bar() as bar:
        found = why(workshop, exercise, effort.workers, lambda done, total: bar.step("mutants", done, total))
    wrong = sum(v.exercise == exercise for v in workshop.misconceptions)
    right = sum(v.exercise == exercise for v in workshop.alternatives)
    click.echo(f"{exercise}: {wrong} wrong and {right} other right answers are known, {found.tried} mutants were tried")
    _list("No check notices these; write one that does, or list them in equivalents.toml", found.unnoticed)
    _list("Only hidden checks notice these; a student sees full points for them", found.hidden)
    _propose(workshop, found)
    if found.listed:
        click.echo(f"\n{found.listed} are right answers, as equivalents.toml says")
    if not (found.unnoticed or found.hidden or found.unnamed):
        click.echo("\nNothing is missed")
        return ALL_DONE
    return SOME_NOT


def _list(title: str, mutants: list[Mutant]) -> None:
    if mutants:
        click.echo(f"\n{title} ({len(mutants)}):")
        for mutant in mutants:
            click.echo(f"  line {mutant.line}: {mutant.change}")


def _propose(workshop: Workshop, found: Why) -> None:
    """Print the mutants that no misconception names as entries of known_answers.py."""
    if found.unnamed:
        count = f"{min(MOST, len(found.unnamed))} of {len(found.unnamed)}"
        path = workshop.files.known_answers.relative_to(workshop.files.root)
        click.echo(f"\nNo misconception names these ({count}). If a person may think so, add it to {path}:")
        for mutant in found.unnamed[:MOST]:
            click.echo(f"  {proposal(workshop, mutant)}")
