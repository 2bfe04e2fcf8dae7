"""The cohort's page in a real browser: axe finds nothing, a phone need not scroll sideways, paper has it all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.alike import Alike, Pair
from blindgrade.cohort_report.cohort import analyse
from blindgrade.cohort_report.page import write_report
from blindgrade.cohort_report.records import records_of
from blindgrade.models import Attempt
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.rehearsed import Rehearsals, attempts
from blindgrade.simulate.simulation import SimulatedCohort

from ..browsing import RULES, opened, unfold, violations, width_of
from ..graded import handed_in

pytestmark = pytest.mark.browser

LONG = "a_name_that_is_longer_than_any_phone_is_wide_" * 6


@pytest.fixture(scope="module")
def page(
    mini: Catalog, pieces: list[Pieces], cohort: SimulatedCohort, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A cohort with a lesson twice, because titles of tables repeat in each lesson, and a student with a long name."""
    lesson = pieces[0].lesson
    submissions: dict[str, list[Attempt]] = {}
    for attempt in attempts(Rehearsals(pieces[0], 0, assumed=True), cohort):
        submissions.setdefault(str(attempt.student), []).append(attempt)
    first = next(iter(submissions))
    submissions[LONG] = [attempt.model_copy(update={"student": LONG}) for attempt in submissions[first]]
    group = [
        records_of(name, {lesson.id: handed_in(*found)}, mini.course.policy)[lesson.id]
        for name, found in submissions.items()
    ]
    again = lesson.model_copy(update={"id": "lesson-1.1.2"})
    found = analyse(mini.course, {lesson.id: group, again.id: group}, [lesson, again])
    pair = Pair(LONG, first, ["lesson-1.1.1/standardize"] * 3, 3, 30.0, 1e-4)
    path = tmp_path_factory.mktemp("report") / "cohort.html"
    return write_report(path, found, Alike([pair], [[LONG, first]], 2), LONG, "now")[0]


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Any, page: Path, scheme: str, width: int, folded: bool) -> None:
    shown = opened(chromium, page, scheme=scheme, width=width)
    if not folded:
        unfold(shown)
    assert violations(shown, RULES) == []
    shown.close()


def test_axe_finds_faults(chromium: Any, page: Path) -> None:
    shown = opened(chromium, page)
    shown.evaluate("document.body.style.setProperty('--dim', '#bbbbbb')")
    assert any("color-contrast" in line for line in violations(shown, RULES))
    shown.close()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_wider_than_the_screen(chromium: Any, page: Path, width: int) -> None:
    shown = opened(chromium, page, width=width)
    unfold(shown)
    assert width_of(shown) <= width
    shown.close()


def test_no_name_covers_the_columns_that_scroll_below_it(chromium: Any, page: Path) -> None:
    shown = opened(chromium, page, width=390)
    unfold(shown)
    sticky = shown.get_by_role("rowheader", name=LONG).first
    assert sticky.bounding_box()["width"] < 390 / 2
    shown.close()


def test_nothing_is_asked_of_the_network_and_nothing_is_refused(chromium: Any, page: Path) -> None:
    shown = chromium.new_page()
    asked: list[str] = []
    said: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    shown.goto(page.as_uri())
    shown.wait_for_load_state("networkidle")
    assert asked == [page.as_uri()]
    assert said == []
    shown.close()


def test_on_paper_it_is_light(chromium: Any, page: Path) -> None:
    shown = opened(chromium, page, media="print", scheme="dark")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert violations(shown, ["wcag2aa"]) == []
    shown.close()
