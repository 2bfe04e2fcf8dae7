"""The samples' drift check, without making them: `make check` makes the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.samples import __main__ as samples
from blindgrade.samples.screenshots import NoBrowser

NOW = {"student.html": "<figure><svg>new</svg></figure> 3 points\n", "cohort.html": "cohort\n"}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    (tmp_path / "course.toml").touch()
    monkeypatch.setenv("BLINDGRADE_COURSE", str(tmp_path))
    monkeypatch.setattr(samples, "made", lambda catalog: NOW)
    return Catalog(tmp_path)


def pin(course: Catalog, version: str) -> None:
    (course.root / "constraints.txt").write_text(f"matplotlib=={version}\n")


def test_a_sample_that_was_just_made_is_not_old(course: Catalog) -> None:
    pin(course, samples.version("matplotlib"))
    assert samples.main(["--no-screenshots"]) == 0
    assert samples.main(["--check"]) == 0


def test_a_changed_and_a_missing_sample_fail_the_check_and_nothing_is_written(
    course: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    course.samples.mkdir(parents=True)
    (course.samples / "student.html").write_text("<figure><svg>new</svg></figure> 4 points\n")
    assert samples.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "reports/samples/student.html is out of date; run `make samples`" in said
    assert "reports/samples/cohort.html" in said and not (course.samples / "cohort.html").exists()


@pytest.mark.parametrize(("pinned", "code"), [(True, 1), (False, 0)])
def test_drawings_are_compared_where_the_pinned_library_drew_them(course: Catalog, pinned: bool, code: int) -> None:
    pin(course, samples.version("matplotlib") if pinned else "0.0.1")
    samples.main(["--no-screenshots"])
    (course.samples / "student.html").write_text("<figure><svg>old</svg></figure> 3 points\n")
    assert samples.main(["--check"]) == code


def test_a_broken_theme_makes_no_samples(course: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    course.reports.mkdir()
    course.theme.write_text("@import 'x';")
    assert samples.main(["--no-screenshots"]) == 2
    assert "reports/theme.css:1:" in capsys.readouterr().err and not course.samples.exists()


def test_without_a_browser_the_pages_are_written_and_the_message_says_what_to_install(
    course: Catalog, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_browser(*_: object) -> list[Path]:
        raise NoBrowser("install the package chromium")

    monkeypatch.setattr("blindgrade.samples.screenshots.take", no_browser)
    monkeypatch.setattr("blindgrade.samples.terminal.terminal_page", lambda *_: "")
    monkeypatch.setattr("blindgrade.samples.notebook.notebook_page", lambda *_: "")
    assert samples.main([]) == 2
    assert "install the package chromium" in capsys.readouterr().err
    assert (course.samples / "student.html").read_text() == NOW["student.html"]
