"""Shared by tests: their order, a headless Chromium, and guards: no command ends pytest or leaves a process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same code gives the same result each time. To look for new examples: pytest --hypothesis-profile=default.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

# Modules that take longest, the longest first. They run first, so that no worker of `make test` ends with one alone.
LONGEST = (
    "term/test_term.py",
    "service/test_serving.py",
    "cohort/test_run.py",
    "cohort/test_compared.py",
    "engine/grading/test_runner.py",
    "cli/course/test_grade.py",
    "verify/test_kept.py",
    "notebooks/test_three_ways.py",
    "cohort/test_cluster.py",
    "systems/test_exits.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first. All other tests keep their order."""
    first = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


# Also for the commands that tests start. The tests of the resident grader turn it on, in a folder of their own.
os.environ["BLINDGRADE_RESIDENT"] = "0"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser for `browsing.opened`; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; install the package chromium")
    quiet = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=[*quiet, "--disable-sync", "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _commands_do_not_end_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands end their process at once. Inside pytest that would skip the other tests and report success."""

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("blindgrade.cli.exits.leave", leave)
