"""`course gradebook`: its options and its messages."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.cli.course.group import course
from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef

MINI = Path(__file__).parents[2] / "courses" / "mini"
LESSON = "lesson-1.1.1"


def test_without_attempts_here_those_of_the_course_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "attempts" / LESSON).mkdir(parents=True)
    monkeypatch.setenv("BLINDGRADE_COURSE", str(copy))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(course, ["gradebook", "export", "--as", "csv"])
    assert done.exit_code == 0 and done.stdout.startswith("student,")


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
    assert done.stderr.splitlines()[-1] == "2 scores"


def test_a_file_is_written_with_the_folders_that_it_needs(folder: Path) -> None:
    done = run("export", LESSON, "--as", "canvas", "--to", "build/c.csv")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (folder / "build/c.csv").read_text().splitlines()[2] == "ana,,ana,,,60"


def test_moodle_needs_a_worksheet(folder: Path) -> None:
    done = run("export", LESSON, "--as", "moodle")
    assert done.exit_code == 2
    assert "Download grading worksheet" in done.stderr


def test_a_worksheet_is_filled_in_and_the_other_scores_are_noted(folder: Path) -> None:
    (folder / "w.csv").write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade)\n"
        "Participant 7,X,ana@uni.edu,,10,-\n"
    )
    done = run("export", LESSON, "--as", "moodle", "--worksheet", "w.csv", "--roster", "roster.csv")
    assert done.exit_code == 1, done.stderr
    assert done.stdout.splitlines()[1] == "Participant 7,X,ana@uni.edu,6.00,10,-"
    assert "note: bo has a score and is not in the worksheet" in done.stderr


CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,{head}\n    Points Possible,,,,,"1,000.00"\n'
    '"Doe, Ana",1,ana,,Sec 1,\n"Roe, Bo",2,bo,,Sec 1,EX\n"Low, Di",3,di,,Sec 1,\n'
)


def test_canvass_assignment_is_found_by_the_lessons_title_and_named_if_it_is_new(folder: Path) -> None:
    title = "Basics"
    (folder / "c.csv").write_text(CANVAS.format(head=f"{title} (4242)"))
    done = run("export", LESSON, "--as", "canvas", "--worksheet", "c.csv")
    assert done.exit_code == 0, done.stderr
    assert [line.rpartition(",")[2] for line in done.stdout.splitlines()[2:]] == ["600", "EX"]
    assert f"note: bo is excused (EX) in '{title} (4242)'" in done.stderr
    (folder / "c.csv").write_text(CANVAS.format(head="Week 5 (4242)"))
    new = run("export", LESSON, "--as", "canvas", "--worksheet", "c.csv")
    assert "is a new column and Canvas offers to create the assignment" in new.stderr
    assert f"{LESSON} {title}" in new.stdout.splitlines()[0]
    named = run("export", LESSON, "--as", "canvas", "--worksheet", "c.csv", "--column", f"{LESSON}=4242")
    assert named.stdout.splitlines()[2].endswith(",600") and "new column" not in named.stderr


def test_no_shows_are_named_and_written_as_asked(folder: Path) -> None:
    (folder / "roster.csv").write_text("id,name,section\nana,Ana Doe,A\nbo,Bo,A\ndi,Di Low,B\n")
    named = run("export", "--as", "csv", "--roster", "roster.csv")
    assert "students without an attempt: di; the file leaves them out" in named.stderr
    assert [r["student"] for r in csv.DictReader(io.StringIO(named.stdout))] == ["ana", "bo"]
    for wish, points in (("zero", "0"), ("blank", "")):
        done = run("export", "--as", "csv", "--roster", "roster.csv", "--no-shows", wish)
        assert done.exit_code == 0, done.stderr
        last = list(csv.DictReader(io.StringIO(done.stdout)))[-1]
        assert (last["student"], last["points"], last["section"], last["note"]) == ("di", points, "B", "no attempt")


def test_exercises_are_columns(folder: Path) -> None:
    done = run("export", "--as", "csv", "--exercises")
    assert [r[f"{LESSON}/standardize"] for r in csv.DictReader(io.StringIO(done.stdout))] == ["60", "0"]
    canvas = run("export", "--as", "canvas", "--exercises")
    assert canvas.stdout.splitlines()[2] == "ana,,ana,,,60,60"


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["export", "--as", "csv", "--no-shows", "zero"], "--roster"),
        (["export", LESSON, "--as", "moodle", "--worksheet", "roster.csv", "--exercises"], "Leave out --exercises"),
        (["export", "--as", "csv", "--column", "grade=x"], "leave it out"),
        (["export", "--as", "csv", "--worksheet", "roster.csv"], "leave it out"),
        (["export", "--as", "canvas", "--column", "Week 5"], "LESSON=TITLE"),
        (["export", "--as", "canvas", "--column", "lesson-9=Week 5"], "with one of lesson-1.1.1"),
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


POLICY = """
[policy]
attempts = "{attempts}"
[policy.due]
"lesson-1.1.1" = 2026-11-10T23:59:00Z
[policy.late]
days = 5
penalty = 0.1
bank = 1

[[module]]"""


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with a policy, and five attempts of Ana's: in time, two, four and five days late, and too late."""
    shutil.copytree(MINI, tmp_path / "mini")
    monkeypatch.setenv("BLINDGRADE_COURSE", str(tmp_path / "mini"))
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "attempts" / LESSON / "ana"
    place.mkdir(parents=True)
    for day, points in ((10, 50.0), (12, 80.0), (14, 90.0), (15, 60.0), (24, 100.0)):
        one = ExerciseResult(
            name="standardize", title="One scale", outcome=Outcome.FAILED, points=points, max_points=100.0, concepts=[],
            checks=[],
        )  # fmt: skip
        attempt = Attempt(
            lesson=LESSON, title="Basics", points=points, max_points=100.0, student="ana", seed=7, exercises=[one],
            submission=SubmissionRef(path="x", sha256=f"{day}"), submitted_at=f"2026-11-{day}T12:00:00Z", key=f"k{day}",
            graded_at="2026-11-30T12:00:00Z", reference="live", sandbox="namespaces", seconds=0.1,
        )  # fmt: skip
        (place / f"k{day}.json").write_text(attempt.model_dump_json(by_alias=True))
    return tmp_path


def follow(folder: Path, attempts: str) -> None:
    text = (MINI / "course.toml").read_text()
    policy = POLICY.format(attempts=attempts).lstrip()
    (folder / "mini" / "course.toml").write_text(text.replace("[[module]]", policy, 1))


def exported(*arguments: str) -> float:
    done = run("export", "--as", "csv", *arguments)
    assert done.exit_code == 0, done.stderr
    [row] = csv.DictReader(io.StringIO(done.stdout))
    return float(row["points"])


def in_nbgrader(folder: Path, *arguments: str) -> float:
    from nbgrader.api import Gradebook

    done = run("sync", *arguments)
    assert done.exit_code == 0, done.stderr
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        [submission] = gradebook.assignment_submissions(LESSON)
        return float(submission.score - submission.late_submission_penalty)  # what its export calls the score


@pytest.mark.parametrize(("attempts", "points"), [("best", 72.0), ("last", 0.0), ("mean", 44.2)])
def test_standings_and_gradebooks_have_the_same_points(late: Path, attempts: str, points: float) -> None:
    follow(late, attempts)
    printed = CliRunner().invoke(course, ["standings", "--json", "--attempts", "attempts"])
    [standing] = json.loads(printed.stdout)
    assert standing["points"] == exported() == pytest.approx(points)
    assert in_nbgrader(late) == pytest.approx(points)
    assert run("sync").stdout == "1 submissions: 0 rows added, 0 changed\n"


def test_count_takes_the_place_of_the_policys_attempts_and_leaves_lateness(late: Path) -> None:
    follow(late, "last")
    assert exported("--count", "best") == 72
    assert exported("--count", "mean") == in_nbgrader(late, "--count", "mean") == pytest.approx(44.2)


def test_points_before_penalties_are_those_that_were_earned(late: Path) -> None:
    follow(late, "best")
    assert exported("--before-penalties") == in_nbgrader(late, "--before-penalties") == 100
    assert exported("--before-penalties", "--count", "mean") == 76


@pytest.mark.parametrize("command", ["sync", "export"])
def test_help_says_by_which_policy_points_are_counted(command: str) -> None:
    text = " ".join(run(command, "--help").stdout.split())
    assert "Points are those of `course standings`" in text and "course.toml's policy" in text
