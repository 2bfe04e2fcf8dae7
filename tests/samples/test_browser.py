"""This course's own pages with its theme, in a real browser: axe finds nothing and nothing is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..browsing import RULES, opened, unfold, violations, width_of

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[2] / "reports" / "samples"
PAGES = [SAMPLES / "student.html", SAMPLES / "cohort.html"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [1100, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Any, path: Path, width: int, scheme: str) -> None:
    page = opened(chromium, path, scheme=scheme, width=width)
    unfold(page)
    assert violations(page, RULES) == []
    assert width_of(page) <= width
    page.close()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_theme_is_applied_and_nothing_is_loaded_or_refused(chromium: Any, path: Path) -> None:
    page = chromium.new_page(color_scheme="light")
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert page.evaluate("getComputedStyle(document.body).borderTopColor") == "rgb(75, 87, 201)"
    assert page.locator(".logo").evaluate("e => e.getBoundingClientRect().width") > 100
    assert [url for url in asked if not url.startswith("data:image/")] == [path.as_uri()] and said == []
    page.close()
