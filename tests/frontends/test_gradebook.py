"""`course gradebook`, by its options and what it says."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.frontends.course import course
from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `attempts/`, one of Ana's with 60 points and one of a student with an evil name."""
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    monkeypatch.chdir(tmp_path)
    for student, points in (("ana", 60.0), ("bo", 0.0)):
        one = ExerciseResult(
            name="standardize", title="One scale", outcome=Outcome.FAILED, points=points, max_points=100.0, concepts=[],
            checks=[],
        )  # fmt: skip
        attempt = Attempt(
            lesson=LESSON, title="Basics", points=points, max_points=100.0, student=student, seed=7, exercises=[one],
            submission=SubmissionRef(path="x", sha256=""), submitted_at=None, graded_at="2026-11-01T12:00:00Z",
            reference="live", sandbox="namespaces", seconds=0.1,
        )  # fmt: skip
        place = tmp_path / "attempts" / LESSON / student
        place.mkdir(parents=True)
        (place / "key.json").write_text(attempt.model_dump_json(by_alias=True))
    (tmp_path / "roster.csv").write_text("id,name,email\nana,Ana Doe,ana@uni.edu\nbo,=1+1,bo@uni.edu\n")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(course, ["gradebook", *arguments])


def test_csv_goes_to_standard_output_and_the_count_to_standard_error(folder: Path) -> None:
    done = run("export", "--as", "csv", "--roster", "roster.csv")
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(r["student"], r["name"], r["points"]) for r in rows] == [("ana", "Ana Doe", "60"), ("bo", "'=1+1", "0")]
    assert done.stderr == "2 scores\n"


def test_a_file_is_written_with_the_folders_that_it_needs(folder: Path) -> None:
    done = run("export", LESSON, "--as", "canvas", "--to", "build/c.csv")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (folder / "build/c.csv").read_text().splitlines()[2] == "ana,,ana,,,60"


def test_moodle_needs_a_worksheet(folder: Path) -> None:
    done = run("export", LESSON, "--as", "moodle")
    assert done.exit_code == 2
    assert "Download grading worksheet" in done.stderr


def test_a_worksheet_is_filled_in_and_what_found_no_place_is_told(folder: Path) -> None:
    (folder / "w.csv").write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade)\n"
        "Participant 7,X,ana@uni.edu,,10,-\n"
    )
    done = run("export", LESSON, "--as", "moodle", "--worksheet", "w.csv", "--roster", "roster.csv")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1] == "Participant 7,X,ana@uni.edu,6.00,10,-"
    assert "note: bo has a score and is not in the worksheet" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["export", "lesson-9", "--as", "csv"], "lesson-1.1.1"),
        (["export", "--as", "csv", "--attempts", "none"], "--attempts"),
        (["export", "--as", "csv", "--roster", "none.csv"], "--roster"),
        (["export", "--as", "canvas", "--worksheet", "none.csv"], "download it again"),
        (["export", LESSON, "--as", "moodle", "--worksheet", "roster.csv", "--column", "colour=x"], "KIND=TITLE"),
        (["sync", "--db", "nonsense"], "--db sqlite:///FILE"),
    ],
)
def test_a_wrong_request_is_exit_code_2_and_says_what_to_do(folder: Path, arguments: list[str], answer: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert answer in done.stderr


def test_sync_counts_and_a_second_one_changes_nothing(folder: Path) -> None:
    assert run("sync").stdout.startswith("2 submissions: 18 rows added, 0 changed")
    assert run("sync").stdout == "2 submissions: 0 rows added, 0 changed\n"
    assert (folder / "gradebook.db").is_file()


def test_attempts_of_no_lesson_of_this_course_are_a_wrong_request(folder: Path) -> None:
    (folder / "attempts" / LESSON).rename(folder / "attempts" / "lesson-8.8.8")
    done = run("sync")
    assert done.exit_code == 2
    assert "lesson-8.8.8" in done.stderr
