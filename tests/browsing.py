"""A page in a browser, and what axe says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def opened(browser: Any, path: Path, *, width: int = 1100, scheme: str = "light", media: str = "screen") -> Any:
    """The page, loaded."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.emulate_media(media=media, color_scheme=scheme)
    page.goto(path.as_uri())
    return page


def unfold(page: Any) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def width_of(page: Any) -> int:
    """How wide the page is, with what one would have to scroll sideways to see."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def violations(page: Any, rules: list[str]) -> list[str]:
    """One line for each element that breaks one of axe's rules."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    return [f"{v['id']}: {n['html'][:120]} {n['failureSummary']}" for v in found for n in v["nodes"]]
