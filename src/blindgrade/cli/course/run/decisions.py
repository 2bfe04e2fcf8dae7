"""Run `course decisions`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from blindgrade.attempts.decision import Decision, DecisionKind, undone_by
from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.deciding import BadRequest, nearest, ruling, store_rulings
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.render.safe import shown


def decisions(
    student: str | None,
    lesson: str | None,
    undo: int | None,
    reason: str | None,
    by_whom: str | None,
    attempts: Path | None,
    as_json: bool,
) -> None:
    """Print the decisions, or take one back."""
    with stops(BAD_REQUEST, CourseError, UnknownId, StoreError, BadRequest):
        catalog = Catalog.locate()
        store = DecisionStore(attempts or catalog.attempts)
        if undo is not None:
            found = [_undo(store, undo, student, lesson, reason, by_whom)]
        elif reason is not None or by_whom is not None:
            raise BadRequest("--reason and --by-whom belong to --undo; name the number of a decision")
        else:
            found = _asked(catalog, store.all(), student, lesson)
        undone = undone_by(store.all())
    if as_json:
        return print_json([as_data(one, undone) for one in found])
    for one in found:
        click.echo(shown(_line(one, undone)))
    if not found:
        click.echo(f"there are no decisions{' about this' if student or lesson else ''} in {store.folder}", err=True)


def as_data(decision: Decision, undone: Mapping[int, int]) -> dict[str, object]:
    """JSON of a decision, with the number of the decision that took it back."""
    data = decision.model_dump(mode="json", by_alias=True, exclude={"previous"})
    return {**data, "what": decision.what, "undone_by": undone.get(decision.number)}


def _undo(
    store: DecisionStore, number: int, student: str | None, lesson: str | None, reason: str | None, by_whom: str | None
) -> Decision:
    if not reason:
        raise BadRequest("--undo needs --reason, which is stored with it")
    if student or lesson:
        raise BadRequest("--undo takes back one decision by its number; leave out STUDENT and --lesson")
    known = store.all()
    # A number that nobody has is refused by the store, which looks again when it writes.
    first = known[number - 1] if number <= len(known) else None
    about = (first.student, first.lesson) if first else ("-", "-")
    [stored] = store_rulings(store.folder.parent, [ruling(DecisionKind.UNDO, *about, reason, undoes=number)], by_whom)
    return stored


def _asked(catalog: Catalog, found: list[Decision], student: str | None, lesson: str | None) -> list[Decision]:
    if student is not None:
        known = {one.student for one in found}
        if found and student not in known:
            raise BadRequest(nearest(student, known, "no decision is about {!r}"))
        found = [one for one in found if one.student == student]
    if lesson is not None:
        lessons = {target.lesson.id for target in catalog.find([lesson])}
        exercise = catalog.exercise_in(lesson)
        found = [one for one in found if one.lesson in lessons and exercise in (None, one.exercise)]
    return found


def _line(one: Decision, undone: Mapping[int, int]) -> str:
    back = f" (taken back by decision {undone[one.number]})" if one.number in undone else ""
    return f"{one.number}  {one.student}  {one.lesson}  {one.what}: {one.reason}{back}  [{one.author}, {one.at[:16]}Z]"
