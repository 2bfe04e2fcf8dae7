"""`course discover`: what wrong answers of a cohort have in common."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import runs


@click.command()
@click.argument("lesson")
@options.attempts
@options.submitted
@options.as_json
@click.option("--all", "everything", is_flag=True, help="Also show groups of one student, and all of many groups.")
@click.option("--adopt", metavar="GROUP", help="Make the answer of this group a misconception of the course.")
@click.option("--name", help="With --adopt: the misconception's name, as in Python: mean_instead_of_sum.")
@click.option("--hint", help="With --adopt: the sentence that a student with this answer reads.")
@click.option("--yes", is_flag=True, help="With --adopt: do not ask whether you have read a student's code.")
@runs("blindgrade.cli.course.run.discover:discover", one_thread=True)
def discover() -> None:
    """Group the wrong answers that no misconception explains.

    Answers are in one group if they reply the same to every check of an exercise. The largest group comes first. Each
    has the number of its students, what its numbers say, a small change of the solution that replies the same, and the
    shortest answer, without its author's name. Run `course grade` before: this command compares what it has stored.

    --adopt writes a group's answer into graders/LESSON/known_answers.py and proves it: the checks catch it and name it,
    and every other misconception of the exercise is still named. If a proof fails, the file stays as it was. The next
    `course grade` names the misconception.

    A misconception runs without a sandbox when the course is verified. So read a student's code before you adopt it.

    \b
    Examples:
      course discover lesson-7.2.1
      course discover lesson-7.2 --json
      course discover lesson-7.2.1 --adopt 4f9ac1 --name adds_the_mean \\
          --hint "Move the values to mean 0: in which direction?"

    Exit code: 0 shown or adopted, 1 not adopted, or some marks are not up to date, 2 the request was wrong.
    """
