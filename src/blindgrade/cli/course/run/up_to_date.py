"""Lines on standard error about marks that are not up to date, for every command that shows marks."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from blindgrade.attempts.handed_in import Count
from blindgrade.cli.course.run.notes import SHOWN_NOTES, say_notes
from blindgrade.cli.exits import ALL_DONE, SOME_NOT
from blindgrade.marks.marks import Marks
from blindgrade.marks.state import not_helped, notes, to_grade
from blindgrade.render.safe import shown


def say_up_to_date(marks: Marks, attempts: Path | None, count: Count | None = None) -> int:
    """Print the notes and commands about the marks that were asked for. Return the command's exit code.

    `attempts` and `count` are those that the user named: the printed commands need them, too.
    """
    answers = list(marks.answers.values())
    say_notes(notes(answers))
    helped = to_grade(marks.catalog, answers)
    for one in helped:
        options = [*(["--attempts", str(attempts)] if attempts else []), *(["--count", count] if count else [])]
        command = shlex.join(["course", "grade", one.lesson, _short(one.folder), *options])
        click.echo(shown(f"{_number(one.marks)} not up to date: run `{command}`"), err=True)
    others = not_helped(answers)
    if others:
        click.echo(f"{_number(len(others))} not up to date, and need another submission:", err=True)
    for line in others[:SHOWN_NOTES]:
        click.echo(shown(f"  {line}"), err=True)
    if len(others) > SHOWN_NOTES:
        click.echo(f"  and {len(others) - SHOWN_NOTES} more", err=True)
    return SOME_NOT if helped or others else ALL_DONE


def _number(marks: int) -> str:
    return "1 mark is" if marks == 1 else f"{marks} marks are"


def _short(folder: Path) -> str:
    """Path of the folder from here if it is below the working directory, with a slash at the end."""
    here = Path.cwd()
    inside = folder.is_relative_to(here) and folder != here
    return f"{os.path.relpath(folder, here) if inside else folder}/"


def ask_all(marks: Marks, lessons: Iterable[str], count: Count) -> None:
    """Find out about all marks of these lessons, before anything is written."""
    for lesson in lessons:
        marks.of(lesson, marks.readable_summary, count)
