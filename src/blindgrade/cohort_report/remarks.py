"""Remarks about an exercise. A remark is made only if the whole 95 % interval of its figure says the same.

A limit of 20 % is passed by a share of 15 % of 20 students only by chance: the interval reaches 36 %. So small classes
get few remarks, and the table of exercises shows all figures with their limits.
"""

from __future__ import annotations

from collections.abc import Mapping

from blindgrade.cohort_report.statistics import Interval, ItemStatistics, share_interval
from blindgrade.models import Outcome

WEAK = 0.2  # Ebel and Frisbie 1991: an instructor should look at an item with a lower discrimination
FEW = 20  # students; with fewer there are no remarks, because the limits of a correlation are only approximate
HARD, EASY = 0.2, 0.95  # shares
LEFT = 1 / 3  # share of students who do not attempt an exercise
HELD_UP = 1 / 4  # share of students whom an earlier exercise blocks
EVERYONE = "everyone passes: it does not separate strong and weak students"


def separates_poorly(found: ItemStatistics) -> bool:
    """Whether the exercise surely separates strong and weak students poorly. An easy one cannot do it better."""
    r = found.point_biserial
    return r is not None and r.high < WEAK and (found.difficulty < EASY or r.high < 0)


def remarks(found: ItemStatistics, outcomes: Mapping[Outcome, int]) -> list[str]:
    """Sentences about an exercise that an instructor should look at.

    `outcomes` are those of the students whose file loaded. An exercise that the grader could not judge does not count.
    """
    students = sum(outcomes.values()) - outcomes[Outcome.ERROR]
    if students < FEW:
        return []
    said = []
    r = found.point_biserial
    passed = outcomes[Outcome.PASSED]
    if passed == 0:
        said.append(f"no one of {students} passes: is it taught, and does a check require more than the text says?")
    elif passed == students:
        said.append(EVERYONE)
    elif r is not None and separates_poorly(found):
        if r.high < 0:
            said.append(
                f"students who are strong elsewhere fail it more often: read its checks and text ({_limits(r)})"
            )
        else:
            said.append(f"it separates strong and weak students poorly ({_limits(r)})")
    if passed > 0 and share_interval(passed, students).high < HARD:
        said.append(f"hard: {passed} of {students} pass")
    if share_interval(outcomes[Outcome.NOT_ATTEMPTED], students).low > LEFT:
        said.append(f"{outcomes[Outcome.NOT_ATTEMPTED]} of {students} students do not attempt it")
    if share_interval(outcomes[Outcome.BLOCKED], students).low > HELD_UP:
        said.append(f"an earlier exercise blocks {outcomes[Outcome.BLOCKED]} of {students} students")
    return said


def surely_failed(reached: int) -> bool:
    """Whether a check that no one passes is surely hard, and not only reached by a few."""
    return share_interval(0, reached).high < HARD


def _limits(r: Interval) -> str:
    return f"point-biserial {r.value:.2f}, 95 % limits {r.low:.2f} to {r.high:.2f}"
