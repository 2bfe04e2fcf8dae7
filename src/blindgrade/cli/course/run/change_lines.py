"""Lines at the end of `course grade`: who gained, who lost, how much, because of which check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blindgrade.cohort.changes import Change, Changes, Effect

MOST_EFFECTS = 12
MOST_STUDENTS = 6


def lines(changes: Changes) -> list[str]:
    """Lines about the changes; none if no submission was graded with other checks before."""
    if not changes.all:
        return []
    lost, gained = changes.lost, changes.gained
    same = len(changes.all) - len(lost) - len(gained)
    counts = f"{_verb(len(lost), 'lose')} points, {_verb(len(gained), 'gain')}, {same} as before"
    found = [f"the checks changed since {_many(len(changes.all))} graded: {counts}"]
    for word, some in (("lose", lost), ("gain", gained)):
        if some:
            found.append(f"  {word}: {_listed({_who(one): one.difference for one in some})}")
    effects = changes.effects()
    if effects:
        found.append("  because of:")
    found += [f"    {_effect(one)}" for one in effects[:MOST_EFFECTS]]
    if len(effects) > MOST_EFFECTS:
        found.append(f"    and {len(effects) - MOST_EFFECTS} more; --changes FILE writes all of them")
    return found


def as_data(changes: Changes) -> dict[str, object]:
    """JSON of all changes, by submission and by cause. Points are before the deduction for lateness."""
    return {
        "schema": "blindgrade/changes/v1",
        "submissions": [_change(one) for one in changes.all],
        "causes": [
            {**vars(one.cause), "points": round(sum(one.students.values()), 6), "students": dict(one.students)}
            for one in changes.effects()
        ],
    }


def _change(one: Change) -> dict[str, object]:
    return {
        "student": one.student,
        "lesson": one.lesson,
        "submission": one.submission,
        "old_points": one.old_points,
        "new_points": one.new_points,
        "difference": one.difference,
        "old_max_points": one.old_max,
        "new_max_points": one.new_max,
        "causes": [{**vars(cause), "points": points} for cause, points in one.causes.items()],
    }


def _effect(one: Effect) -> str:
    return f"{one.cause.text}: {_listed(one.students)}"


def _who(one: Change) -> str:
    return f"{one.student} {one.lesson}"


def _listed(points: Mapping[str, float]) -> str:
    """The students with the largest differences, and the number of the others."""
    ordered: Sequence[tuple[str, float]] = sorted(points.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    said = [f"{student} {difference:+g}" for student, difference in ordered[:MOST_STUDENTS]]
    return ", ".join(said) + (f" and {len(ordered) - MOST_STUDENTS} more" if len(ordered) > MOST_STUDENTS else "")


def _verb(count: int, verb: str) -> str:
    return f"{count} {verb}{'s' if count == 1 else ''}"


def _many(count: int) -> str:
    return "1 submission was" if count == 1 else f"{count} submissions were"
