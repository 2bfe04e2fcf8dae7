"""`course verify`: the proofs of the course."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@options.as_json
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write the proofs as JUnit XML.")
@click.option(
    "--seeds", default=5, show_default=True, type=click.IntRange(1), help="Seeds that the solution is graded with."
)
@click.option("--mutants", is_flag=True, help="Also prove that each small change of a solution is noticed.")
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--coverage", is_flag=True, help="Write docs/coverage.md (what is exercised where) and prove nothing.")
@runs("blindgrade.cli.course.run.verify:verify")
def verify() -> None:
    """Prove the course against itself (default: every lesson that is ready).

    The solution earns every point and the stub none; alternatives earn all; misconceptions are caught and named;
    lazy answers earn little; concepts are covered; checks are quick. Exit status: 0 everything holds, 1 something
    does not, 2 bad request.
    """
