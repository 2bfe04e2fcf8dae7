"""`grade`: the command for students."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import Entry, WithWords, runs
from blindgrade.seeds import MAX_SEED

FILE = click.Path(path_type=Path, dir_okay=False)
WORDS = {
    "login": Entry("blindgrade.cli.grade.login:login", "Sign in to a course's grading service."),
    "logout": Entry("blindgrade.cli.grade.login:logout", "Sign out of the course's grading service."),
    "whoami": Entry("blindgrade.cli.grade.login:whoami", "Show as whom you are signed in."),
}


@click.command(cls=WithWords, words=WORDS, context_settings=options.HELP)
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--submission",
    type=click.Path(path_type=Path),
    help="A .py or .ipynb file, a lesson folder, a folder with lesson folders, or an archive.  [default: exercises/]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and no other output.")
@click.option(
    "--seed", type=click.IntRange(0, MAX_SEED - 1), help="Repeat the attempt with this seed. Default: a fresh one."
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "process"]),
    default="auto",
    show_default=True,
    help="How the student's code is isolated.",
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="The device of all tensors."
)
@click.option(
    "--reference",
    type=click.Choice(["auto", "live", "key"]),
    default="auto",
    show_default=True,
    help="Compare with the live solution or with the answer key (public checks).",
)
@click.option("--junit", type=FILE, metavar="FILE", help="Also write JUnit XML.")
@click.option("--sarif", type=FILE, metavar="FILE", help="Also write SARIF, which editors and code scanning read.")
@click.option(
    "--summary",
    type=FILE,
    metavar="FILE",
    help="Also write Markdown for the page of a CI job, or append it to $GITHUB_STEP_SUMMARY.",
)
@click.option(
    "--report",
    is_flag=False,
    flag_value="",
    metavar="[FILE.html]",
    help="Write the grading as a page, with pictures.  [default: reports/LESSON/student.html]",
)
@click.option("--open", "open_it", is_flag=True, help="Write the page and open it in a browser.")
@click.option("--problems", is_flag=True, help="Print only a line for each problem, as compilers do.")
@click.option("--hint", is_flag=True, help="Show the next hint for an exercise, after those that you have seen.")
@click.option(
    "--show",
    metavar="CHECK",
    help="Print a snippet that reproduces a public check of an exercise in your own Python.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="For instructors: say which small change of the solution replies exactly as a wrong answer that no"
    " misconception explains. Needs the solutions.",
)
@click.option("--watch", is_flag=True, help="After every save, grade what changed; q or Ctrl-C ends it.")
@click.option(
    "--submit", is_flag=True, help="Hand the lessons in to the course's grading service, and show what it says."
)
@click.option(
    "--wait/--no-wait",
    default=None,
    help="With --submit: wait for the result, or end as soon as the service has the files.  [default: wait]",
)
@click.option("--debug", is_flag=True, help="Run in this process, so that breakpoint() works. Not for grades.")
@click.option("--verbose", is_flag=True, help="Show every failed check with its place, and the output of your code.")
@click.option("--again", is_flag=True, help="Run every exercise, also those that did not change since the last time.")
@click.option("--no-resident", is_flag=True, help="Neither ask nor start the resident grader, which makes this fast.")
@click.option("--status", is_flag=True, help="Show whether a resident grader runs for this course.")
@click.option("--stop", "stop_resident", is_flag=True, help="End the resident grader of this course.")
@options.version
@runs("blindgrade.cli.grade.begin:begin")
def grade() -> None:
    """Grade LESSON...; without one, show your progress.

    \b
    A LESSON is  lesson-7.2                      a module
                 lesson-7.2.1                    a lesson
                 lesson-7.2.1/score_from_noise   an exercise
                 all                             the whole course

    \b
    Examples:
      grade                                      your progress over all lessons
      grade lesson-7.2
      grade lesson-7.2.1/score_from_noise --verbose
      grade --hint score_from_noise              one more hint
      grade score_from_noise --show CHECK        a snippet that reproduces a check
      grade lesson-7.2.1 --watch                 again on every save
      grade lesson-7.2 --report --open           a page with pictures
      grade all --submission ~/my-solutions --json
      grade login https://grade.example.org      sign in to a course's grading service
      grade lesson-7.2.1 --submit                hand in

    Exit code: 0 every point earned, 1 some points not earned, 2 the request was wrong, 3 the grader failed.
    With --submit: 0 accepted and nothing visible is missing, 1 something visible is, 4 not accepted: the files are
    kept, and the next --submit sends them.
    """
