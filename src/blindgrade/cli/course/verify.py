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
@click.option("--mutants", is_flag=True, help="Also prove that the checks notice each small change of a solution.")
@click.option("--workers", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--all", "known", flag_value="nothing", help="Prove everything from nothing.")
@click.option(
    "--recorded",
    "known",
    flag_value="recorded",
    help="Prove everything from nothing but what the record of trained exercises has (as `make test` does).",
)
@click.option(
    "--record",
    "known",
    flag_value="record",
    help="Prove trained exercises from nothing and write their record, graders/<lesson>/proofs.json.",
)
@click.option("--watch", is_flag=True, help="Prove again after each change of the course's files.")
@click.option(
    "--why",
    metavar="EXERCISE",
    help="Show what the proofs of one exercise miss, and propose misconceptions for it.",
)
@click.option(
    "--relations",
    is_flag=True,
    help="Show what each misconception's replies are, compared with the expected ones.",
)
@click.option("--coverage", is_flag=True, help="Only write docs/coverage.md, the list of what each exercise trains.")
@runs("blindgrade.cli.course.run.verify:verify")
def verify() -> None:
    """Prove that the course is sound.

    Without LESSON, the command verifies every lesson that is ready. The solution earns every point and the stub none;
    alternatives earn all points; checks catch misconceptions and name them; misconceptions lose points with the public
    checks alone; lazy answers earn little; exercises cover the concepts; checks are quick.

    --mutants and --why need the extra: pip install 'blindgrade[author]'.

    A proof that passed before is not done again until something that decides it changes: the exercise, its checks, its
    known answers, the part of the solution that it uses, the engine, or a version of Python or torch.

    \b
    Examples:
      course verify                                  what changed since the last time
      course verify lesson-7.2.1/gaussian_score --watch
      course verify --why gaussian_score
      course verify --relations lesson-7.2.1         what the numbers of misconceptions say
      course verify --all --seeds 20 --mutants       everything from nothing

    Exit code: 0 every proof passed, 1 a proof failed, 2 the request was wrong.
    """
