"""What counts is what is handed in now, judged by the checks of now: against a model that knows only the raw facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blindgrade.attempts.handed_in import up_to_date
from blindgrade.clock import instant
from blindgrade.marks import signature
from blindgrade.models import Policy
from blindgrade.policies import standings

from .cohort import LESSON, Cohort, points_of

NOON, SAME_NOON, LATER = "2026-11-01T12:00:00Z", "2026-11-01T13:00:00+01:00", "2026-11-02T12:00:00Z"
STUDENTS = st.sampled_from(["ana", "bo"])
CONTENTS = st.sampled_from("abc")
TIMES = st.sampled_from([None, NOON, SAME_NOON, LATER])
WORTH = st.sampled_from([40, 41])  # an edit is undone as often as not
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("hand in"), STUDENTS, CONTENTS, TIMES),
        st.tuples(st.just("edit"), WORTH),
        st.tuples(st.just("grade"), st.sampled_from([None, None, 0, 1])),
    ),
    max_size=12,
)
# Of a submission without a time, only its content is known. Each fact is (content, instant or None).
Fact = tuple[str, object]


def fact(content: str, at: str | None) -> Fact:
    return content, instant(at) if at else None


@dataclass
class Facts:
    """The raw facts: what was handed in, what the course is worth, and what was graded with which course."""

    worth: int = 40
    handed_in: dict[str, list[Fact]] = field(default_factory=dict)
    graded: dict[str, list[tuple[Fact, int]]] = field(default_factory=dict)  # in the order of grading

    def counting(self, student: str, count: str, kept: bool) -> list[Fact]:
        """Submissions that count, the current one last."""
        current = self.handed_in[student][-1]
        if count == "last":
            return [current]
        others = list(
            dict.fromkeys(reversed(self.handed_in[student]) if kept else [f for f, _ in self.graded[student]])
        )
        timed = {content for content, at in others if at is not None}
        return [
            other
            for other in others
            if other[0] != current[0] or (None not in (other[1], current[1]) and other[1] != current[1])
            if other[1] is not None or other[0] not in timed
        ] + [current]

    def points(self, student: str, one: Fact, kept: bool) -> float | None:
        """Points under the course of now. If the files are not kept, those of the newest grading, too."""
        worths = [worth for graded, worth in self.graded[student] if graded == one]
        if self.worth in worths:
            return points_of(one[0], self.worth)
        return points_of(one[0], worths[-1]) if worths and not kept else None

    def mark(self, student: str, count: str, kept: bool) -> float | None:
        """The student's points; None if they are not up to date."""
        *others, current = self.counting(student, count, kept)
        found = [self.points(student, one, kept) for one in others] + [self.points(student, current, True)]
        points = [one for one in found if one is not None]
        if len(points) < len(found):
            return None
        return max(points) if count == "best" else sum(points) / len(points)


def play(cohort: Cohort, events: list[tuple], count: str, kept: bool) -> Facts:
    facts = Facts()
    versions: dict[str, list[tuple[str, str | None]]] = {}
    for what, *values in events:
        if what == "edit":
            facts.worth = values[0]
            cohort.edit(values[0])
        elif what == "hand in":
            student, content, at = values
            facts.graded.setdefault(student, [])
            facts.handed_in.setdefault(student, []).append(fact(content, at))
            versions.setdefault(student, []).append((content, at))
            cohort.collect(student, versions[student]) if kept else cohort.hand_in(student, content, at)
        elif facts.handed_in:
            cohort.grade(count, killed_after=values[0])
            todo = [
                (student, one)
                for student in sorted(facts.handed_in)
                for one in _to_grade(facts, student, count, kept)
            ]  # fmt: skip
            for student, one in todo[: values[0]]:
                if (one, facts.worth) not in facts.graded[student]:
                    facts.graded[student].append((one, facts.worth))
    return facts


def _to_grade(facts: Facts, student: str, count: str, kept: bool) -> list[Fact]:
    """What a run grades, in its order: the kept versions that count, oldest first, else the current files alone."""
    if not kept or count == "last":
        return facts.handed_in[student][-1:]
    counting = facts.counting(student, count, kept)
    order = {one: number for number, one in enumerate(facts.handed_in[student])}
    return sorted(counting, key=lambda one: order[one])


@pytest.mark.parametrize("kept", [False, True], ids=["plain", "collected"])
@pytest.mark.parametrize("count", ["last", "best", "mean"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, remembered=st.booleans())
def test_marks_are_those_that_the_raw_facts_give(
    events: list[tuple], remembered: bool, count: str, kept: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if remembered:  # trust signatures at once, so that digests come from the record
            patch.setattr(signature, "SURE_AFTER", -1e9)
        cohort = Cohort(tmp_path_factory.mktemp("cohort"))
        facts = play(cohort, events, count, kept)
        marks = cohort.marks(count)
    recorded = {one.student for one in marks.stale} | set(marks.students)
    if not any(event[0] == "grade" for event in events[_first_hand_in(events) :]):
        assert not recorded
        return
    assert recorded == set(facts.handed_in)
    for student, versions in marks.students.items():
        wanted = facts.mark(student, count, kept)
        assert (up_to_date(versions, count) is True) == (wanted is not None)  # type: ignore[arg-type]
        assert (student in {one.student for one in marks.stale}) == (wanted is None)
        if wanted is not None:
            [found] = standings(student, {LESSON: versions}, Policy(attempts=count))  # type: ignore[arg-type]
            assert found.points == pytest.approx(wanted)
            assert found.up_to_date is True


def _first_hand_in(events: list[tuple]) -> int:
    return next((number for number, event in enumerate(events) if event[0] == "hand in"), len(events))


def test_an_edit_that_is_undone_brings_the_first_mark_back(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    cohort.hand_in("ana", "b")
    for worth in (40, 41, 40):
        cohort.edit(worth)
        cohort.grade()
    [version] = cohort.marks().students["ana"]
    assert version.attempt is not None and version.attempt.points == points_of("b", 40)


def test_after_a_b_a_without_times_the_mark_is_that_of_a(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path)
    for content in "aba":
        cohort.hand_in("ana", content)
        cohort.grade()
    assert [v.attempt.points for v in cohort.marks().students["ana"] if v.attempt] == [points_of("a", 40)]
    both = [v.attempt.points for v in cohort.marks("mean").students["ana"] if v.attempt]
    assert both == [points_of("b", 40), points_of("a", 40)]
