"""`course new-exercise`: an exercise to overwrite, or one taken from a file."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli.lazy import runs


@click.command("new-exercise")
@click.argument("lesson")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["function", "class", "training"]),
    help="How it is graded: by values, or by the outcome of a training.  [default: function]",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take the definition NAME of this Python file. The file is read and not run.",
)
@runs("blindgrade.cli.course.run.new_exercise:new_exercise", needs=("blindgrade.scaffold", "author"))
def new_exercise() -> None:
    """Add an exercise to a lesson.

    The exercise is written into the lesson's four files, with an example to overwrite. Its proofs hold as it is.

    With --from, the exercise is the function or class NAME of a file. The command proposes regions, checks, and small
    changes as misconceptions. It writes TODO where you have to think, and `course verify` names what is left. The
    proposals of misconceptions need the extra: pip install 'blindgrade[author]'.

    \b
    Examples:
      course new-exercise curves slope
      course new-exercise curves Polynomial --kind class
      course new-exercise curves attention --from ../research/layers.py

    Exit code: 0 made, 1 made but not built, 2 the request was wrong.
    """
