"""Shared by tests of several folders: a headless Chromium, and guards: no command ends pytest or leaves a process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

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
