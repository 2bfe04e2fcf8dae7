"""The pages in a real browser: axe finds nothing, a phone need not scroll sideways, the keyboard reaches everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from blindgrade.catalog import Catalog
from blindgrade.figures import FigurePair, arrows, curves, image
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Level, Outcome, SubmissionRef
from blindgrade.render.html.card import html_card
from blindgrade.render.html.feedback import feedback_page
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.html.report import report
from blindgrade.render.html.theme import read_theme
from blindgrade.student_view import student_view

from ...browsing import RULES, opened, unfold, violations, width_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
MINI = ROOT / "tests" / "courses" / "mini"
WHOLE = ("report", *(f"feedback {level.value}" for level in Level))
LONG = "a_name_that_is_longer_than_any_phone_is_wide_" * 6


def attempt(at: str, *, right: bool) -> Attempt:
    catalog = Catalog(MINI)
    lesson = catalog.lesson(catalog.files("lesson-1.1.1"))
    results = []
    outcomes = [Outcome.FAILED, Outcome.BLOCKED, Outcome.NOT_ATTEMPTED, Outcome.ERROR]
    for exercise, outcome in zip(lesson.exercises * 2, outcomes, strict=False):
        outcome = Outcome.PASSED if right else outcome
        checks = [
            CheckResult(
                name=f"check_{number}", claim="Each row has mean `0`.", public=not number, outcome=which, message=LONG,
                hint="The spread is still there.", misconception="not_divided" if number else None, where="basics.py:4",
            )
            for number, which in enumerate((outcome, outcome, Outcome.PASSED))
        ]  # fmt: skip
        points = exercise.points if right else 0.0
        results.append(
            ExerciseResult(
                name=exercise.name, title=exercise.title, outcome=outcome, points=points, max_points=exercise.points,
                concepts=exercise.concepts, checks=checks, output=LONG,
            )
        )  # fmt: skip
    results = results[: len(lesson.exercises)]
    return Attempt(
        lesson=lesson.id, title=lesson.title, points=0, max_points=100, student="Ana", graded_at=at, seed=7,
        submission=SubmissionRef(path=f"exercises/{LONG}", sha256="0"), reference="live", sandbox="namespaces",
        seconds=1, problems=[LONG], exercises=results,
    )  # fmt: skip


def figures(names: list[str]) -> list[FigurePair]:
    places, t = torch.randn(30, 2), torch.linspace(0, 1, 9)
    figures = [
        arrows("A field", places, -places),
        curves("Signal and noise", {"signal": (t, 1 - t), "noise": (t, t)}, xlabel="t", ylabel="share"),
        image("A map", torch.rand(8, 8), lines=(3,)),
    ]
    return [FigurePair("lesson-1.1.1", name, "check_0", f, f) for name, f in zip(names, figures, strict=False)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    catalog = Catalog(MINI)
    lesson = catalog.lesson(catalog.files("lesson-1.1.1"))
    names = [e.name for e in lesson.exercises]
    now, past = attempt("2026-11-20T10:00:00Z", right=False), [attempt("2026-11-19T10:00:00Z", right=True)]
    whole = report(Grading.of([now]), catalog.course, {lesson.id: lesson}, past=past, figures=figures(names))
    card = html_card(now)
    themed = html_card(now, Look(read_theme(ROOT / "reports" / "theme.css", "theme.css")))
    # Text and background as JupyterLab's dark theme sets them: the card takes both from the notebook.
    dark = '<body data-jp-theme-light="false" style="background: #111; color: rgba(255, 255, 255, .87)">'
    feedback = {
        f"feedback {level.value}": feedback_page(student_view(now, level), "Mini", LONG, PLAIN) for level in Level
    }
    texts = {
        "report": whole,
        **feedback,
        "card": f'<html lang="en"><title>x</title><body><main><h1>x</h1><h2>y</h2>{card}</main>',
        "dark card": f'<html lang="en"><title>x</title>{dark}<main>{card}</main>',
        "themed card": f'<html lang="en"><title>x</title><body><main>{themed}</main>',
        "dark themed card": f'<html lang="en"><title>x</title>{dark}<main>{themed}</main>',
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text if name in WHOLE else f"<!DOCTYPE html>{text}", encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
@pytest.mark.parametrize("width", [1100, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Any, pages: dict[str, Path], scheme: str, width: int, folded: bool) -> None:
    page = opened(chromium, pages["report"], scheme=scheme, width=width)
    if not folded:
        unfold(page)
    assert violations(page, RULES) == []
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (360, "dark")])
@pytest.mark.parametrize("level", Level)
def test_axe_finds_nothing_in_a_students_feedback(
    chromium: Any, pages: dict[str, Path], level: Level, width: int, scheme: str
) -> None:
    page = opened(chromium, pages[f"feedback {level.value}"], scheme=scheme, width=width)
    unfold(page)
    assert violations(page, RULES) == []
    assert width_of(page) <= width
    page.close()


def test_axe_finds_faults(chromium: Any, pages: dict[str, Path]) -> None:
    page = opened(chromium, pages["report"])
    page.evaluate("document.body.style.setProperty('--dim', '#bbbbbb')")
    assert any("color-contrast" in line for line in violations(page, RULES))
    page.close()


@pytest.mark.parametrize("name", ["card", "dark card", "themed card", "dark themed card"])
def test_axe_finds_nothing_in_a_card(chromium: Any, pages: dict[str, Path], name: str) -> None:
    page = opened(chromium, pages[name], width=600)
    unfold(page)
    assert violations(page, ["wcag2a", "wcag2aa", "wcag21aa"]) == []
    page.close()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_is_wider_than_the_screen(chromium: Any, pages: dict[str, Path], width: int) -> None:
    page = opened(chromium, pages["report"], width=width)
    unfold(page)
    assert width_of(page) <= width
    page.close()


def test_nothing_is_asked_of_the_network_and_nothing_is_refused(chromium: Any, pages: dict[str, Path]) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(pages["report"].as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:image/png")] == [pages["report"].as_uri()]
    assert said == []
    page.close()


def test_the_keyboard_opens_a_hint(chromium: Any, pages: dict[str, Path]) -> None:
    page = opened(chromium, pages["report"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.parentElement.className") == "ladder":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True
    page.close()


def test_on_paper_all_is_unfolded_but_the_hints(chromium: Any, pages: dict[str, Path]) -> None:
    page = opened(chromium, pages["report"], media="print", scheme="dark")
    assert page.get_by_text("What your code printed").first.is_visible()
    assert page.locator("details:not(.ladder) pre").first.evaluate("e => e.getBoundingClientRect().height") > 0
    assert not page.locator("details.ladder").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert violations(page, ["wcag2aa"]) == []
    page.close()
