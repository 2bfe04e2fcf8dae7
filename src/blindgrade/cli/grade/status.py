"""`grade --status` and `grade --stop`: look at the course's resident, and end it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, stop
from blindgrade.resident import use
from blindgrade.resident.client import runs_now
from blindgrade.resident.messages import Gone
from blindgrade.resident.place import NoPlace, Place, place_of


def show_status(*, as_json: bool) -> int:
    """Print whether a resident runs for this course, and what it holds. Return the exit code."""
    root, place = _here()
    found = _asked(place, root, "status")
    refused = use.refusal(root, os.environ)
    if as_json:
        click.echo(json.dumps({"running": bool(found), "course": str(root), "refused": refused, **(found or {})}))
    elif not found:
        why = f", and none will be started: {refused}" if refused else "; the next grading starts one"
        click.echo(f"No resident grader runs for {root}{why}.")
    else:
        click.echo("\n".join(_lines(found, place, refused)))
    return ALL_DONE


def end_resident() -> int:
    """End the course's resident. Return the exit code."""
    root, place = _here()
    found = _asked(place, root, "end")
    click.echo(
        f"The resident grader (process {found['pid']}) ends." if found else f"No resident grader runs for {root}."
    )
    return ALL_DONE


def _here() -> tuple[Path, Place]:
    root = use.course_of(Path(), os.environ)
    if root is None:
        stop(f"there is no course.toml in {Path().resolve()} or above it; run the command inside a course's folder",
             BAD_REQUEST)  # fmt: skip
    try:
        return root, place_of(root, os.environ)
    except NoPlace as error:
        stop(str(error), BAD_REQUEST)


def _asked(place: Place, root: Path, op: str) -> dict[str, Any]:
    """Answer of the resident; empty if there is none."""
    found = runs_now(place, root)
    if found is None:
        return {}
    resident, sock = found
    try:
        return resident.ask(sock, op)
    except Gone:
        return {}


def _lines(found: dict[str, Any], place: Place, refused: str) -> list[str]:
    lessons = ", ".join(found["lessons"]) or "none yet"
    state = "it grades now" if found["busy"] else f"it ends in {_minutes(found['ends_in'])} if nobody asks it"
    served = f"{found['served']} grading{'s' * (found['served'] != 1)}"
    lines = [
        f"A resident grader runs for {found['course']}.",
        f"  process    {found['pid']}, for {_minutes(found['seconds'])}, {served}; {state}",
        f"  memory     {found['memory_mb']} MB, with its warm process",
        f"  lessons    {lessons}",
        f"  address    {place.card if place.loopback else place.socket}",
    ]
    if refused:
        lines.append(f"  not used   {refused}")
    return [*lines, "Run `grade --stop` to end it."]


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
