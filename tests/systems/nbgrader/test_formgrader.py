"""nbgrader's formgrader under a real Jupyter server, in a real browser: what an instructor clicks and sees."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .nbgrader_course import LESSON, half, hostile, nbgrader, notebook, released_cells, right, write

pytestmark = pytest.mark.browser
TOKEN = "for-this-test"
STUDENTS = {"right": right, "half": half, "hostile": hostile}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released lesson with three submissions that were collected and not graded yet."""
    root = tmp_path_factory.mktemp("formgrader")
    write(root)
    codes, log = nbgrader(root, ["generate_assignment", LESSON])
    assert codes == [0], log
    for student, submit in STUDENTS.items():
        folder = root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        (folder / "basics.ipynb").write_text(notebook(submit(released_cells(root))))
        (folder / "timestamp.txt").write_text("2026-11-01 10:00:00 UTC")
    return root


@pytest.fixture(scope="module")
def server(course: Path) -> Iterator[str]:
    """The URL of a Jupyter server in the course directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {name: str(course / ".jupyter") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={course}"]
    with open(course / "server.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", *options],
            cwd=course, env={**os.environ, **home}, stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{url}/api", timeout=5).close()
            break
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, (course / "server.log").read_text()
            time.sleep(0.5)
    yield url
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("Chromium is not installed (Debian: chromium and chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,1000"):
        options.add_argument(argument)
    chromium = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chromium
    chromium.quit()


def test_formgrader_grades_in_the_sandbox_and_shows_points_and_comments(
    course: Path, server: str, browser: Any
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def all_of(selector: str) -> list[Any]:
        return [element for element in browser.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]

    def text(selector: str) -> list[str]:
        return [element.text for element in all_of(selector)]

    def until(condition: Callable[[], Any]) -> Any:
        return WebDriverWait(browser, 60).until(lambda _: condition())

    browser.get(f"{server}/login?next=/formgrader/manage_submissions/{LESSON}")
    browser.find_element(By.ID, "password_input").send_keys(TOKEN)
    browser.find_element(By.ID, "login_submit").click()
    for student in STUDENTS:
        until(lambda: len(text("td.student-id")) == len(STUDENTS))
        row = browser.find_element(By.XPATH, f"//tr[td[contains(@class, 'student-id') and text()='{student}']]")
        row.find_element(By.CSS_SELECTOR, ".autograde a").click()
        until(lambda: all_of(".modal.in .close"))[0].click()
        until(lambda: not browser.find_elements(By.CSS_SELECTOR, ".modal"))
    browser.refresh()
    until(lambda: len(text("td.student-id")) == len(STUDENTS))
    assert dict(zip(text("td.student-id"), text("td.score"), strict=True)) == {
        "right": "100 / 100", "half": "52 / 100", "hostile": "0 / 100",
    }  # fmt: skip
    assert set(text("td.status")) == {"graded"}
    assert not list(course.rglob("ran-here"))
    browser.save_screenshot(str(course / "submissions.png"))

    browser.get(f"{server}/formgrader/gradebook/{LESSON}/basics")
    links = until(lambda: browser.find_elements(By.PARTIAL_LINK_TEXT, "Submission #"))
    pages = [link.get_attribute("href") for link in links]
    shown = {}
    for number, page in enumerate(pages):
        browser.get(page)
        until(lambda: [e for e in all_of("input.score") if e.get_attribute("placeholder")][2:])
        until(lambda: all_of("textarea.comment")[2:])
        scores = tuple(element.get_attribute("placeholder") for element in all_of("input.score"))
        comments = [e.get_attribute("placeholder") or e.get_attribute("value") for e in all_of("textarea.comment")]
        browser.save_screenshot(str(course / f"submission-{number}.png"))
        shown[scores] = (comments, browser.page_source)
    assert sorted(shown) == [("0", "0", "0"), ("32", "0", "20"), ("40", "40", "20")]
    assert "How many values does a spread need?" in shown["32", "0", "20"][0][0]
    assert "<script>alert(1)" not in shown["0", "0", "0"][1]
