"""What `course standings` does."""

from __future__ import annotations

from pathlib import Path

import click

from blindgrade.attempts import Store, StoreError
from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.policies import standings as by_policy
from blindgrade.render.safe import shown


def standings(attempts: Path | None, as_json: bool) -> None:
    """Print a line for each student and lesson."""
    with stops(BAD_REQUEST, CourseError, StoreError):
        catalog = Catalog.locate()
        store = Store(attempts or catalog.root / "attempts")
        lessons = store.lessons()
        students = sorted({student for lesson in lessons for student in store.students(lesson)})
        policy = catalog.course.policy
        found = [
            standing
            for student in students
            for standing in by_policy(student, {name: store.attempts(name, student) for name in lessons}, policy)
        ]
    if as_json:
        return print_json(found)
    for one in found:
        late = f"  {one.days_late} days late, {one.from_bank} from the bank" if one.days_late else ""
        click.echo(shown(f"{one.student}  {one.lesson}  {one.points:g} of {one.max_points:g} points{late}"))
