"""`course extend`, `course adjust`, `course excuse` and `course decisions`."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.store import AttemptStore
from blindgrade.cli.course.group import course
from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef

MINI = Path(__file__).parents[2] / "courses" / "mini"
LESSON = "lesson-1.1.1"
POLICY = f"""
[policy.due]
"{LESSON}" = 2026-11-10T23:59:00+01:00
[policy.late]
penalty = 0.1
"""


def attempt(student: str, **fields: Any) -> Attempt:
    exercises = [
        ExerciseResult(
            name=name, title="", outcome=Outcome.PASSED, points=points, max_points=most, concepts=[], checks=[]
        )
        for name, points, most in (("standardize", 40, 40), ("correlation", 20, 40), ("fit_line", 20, 20))
    ]
    values: dict[str, Any] = {
        "lesson": LESSON, "title": "Basics", "points": 80.0, "max_points": 100.0, "student": student, "key": "k1",
        "submission": SubmissionRef(path="x", sha256="s"), "graded_at": "2026-11-12T10:00:00Z", "seed": 1,
        "reference": "live", "sandbox": "namespaces", "seconds": 0.1, "exercises": exercises,
        "submitted_at": "2026-11-12T12:00:00Z",
    }  # fmt: skip
    return Attempt.model_validate(values | fields)


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Attempts of ada and ben in a course with a due date."""
    root = tmp_path / "course"
    shutil.copytree(MINI, root, ignore=shutil.ignore_patterns("__pycache__"))
    text = (root / "course.toml").read_text()
    (root / "course.toml").write_text(text.replace("[[module]]", f"{POLICY}\n[[module]]", 1))
    monkeypatch.setenv("BLINDGRADE_COURSE", str(root))
    for student in ("ada", "ben"):
        AttemptStore(root / "attempts").write(attempt(student))
    return root / "attempts"


def run(*args: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(course, [str(arg) for arg in args])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def listed(attempts: Path) -> list[tuple[str, str, str]]:
    return [(one.student, one.lesson, one.what) for one in DecisionStore(attempts).all()]


def test_days_and_times_move_the_due_date(attempts: Path) -> None:
    done = run("extend", "ada", LESSON, "--days", "3", "--reason", "ill")
    assert "decision 1: ada  lesson-1.1.1  extended by 3 days: now due 2026-11-13 23:59:00+01:00" in done.stdout
    done = run("extend", "ada", LESSON, "--days", "1", "--reason", "still ill")
    assert "now due 2026-11-14 23:59:00+01:00" in done.stdout
    done = run("extend", "ada", "ben", "lesson-1.1", "--until", "2026-11-20", "--reason", "conference")
    assert done.stdout.count("extended to 2026-11-20T22:59:00Z: now due 2026-11-20 23:59:00+01:00") == 2
    done = run("extend", "ben", LESSON, "--until", "2026-11-22T12:00Z", "--reason", "again")
    assert "now due 2026-11-22 13:00:00+01:00" in done.stdout
    assert [one.number for one in DecisionStore(attempts).all()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("extend", "ada", LESSON), "give either --days or --until"),
        (("extend", "ada", LESSON, "--days", "1", "--until", "2026-12-01"), "give either --days or --until"),
        (("extend", "ada", LESSON, "--until", "soon"), "'soon' is no time; write it as 2026-11-13T23:59"),
        (("extend", "ada", LESSON, "--until", "2026-11-10"), "is not later than the present due date 2026-11-10"),
        (("extend", "ada", f"{LESSON}/fit_line", "--days", "1"), "an extension is for a whole lesson: lesson-1.1.1"),
        (("extend", "adda", LESSON, "--days", "1"), "no student 'adda' is known; did you mean ada?"),
        (("extend", LESSON, "--days", "1"), "name a student before the lesson"),
        (("extend", "../x", LESSON, "--days", "1", "--new"), "cannot be a student's id"),
        (("adjust", "ada", LESSON), "give either --points or --by"),
        (("adjust", "ada", LESSON, "--by", "0"), "--by 0 changes nothing"),
        (("adjust", "ada", LESSON, "--by", "nan"), "points must be a number"),
        (("adjust", "ada", f"{LESSON}/fit_lin", "--by", "1"), "did you mean lesson-1.1.1/fit_line"),
        (("excuse", "ada", f"{LESSON}/fit_line"), "students are excused from whole lessons"),
        (("excuse", "ada", "lesson-9"), "no lesson, module or exercise has the id 'lesson-9'"),
    ],
)
def test_a_wrong_request_stores_nothing(attempts: Path, args: tuple[str, ...], says: str) -> None:
    done = run(*args, "--reason", "r", code=2)
    assert says in done.stderr and done.stdout == ""
    assert listed(attempts) == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_required(attempts: Path, reason: str) -> None:
    assert "a reason must have a word" in run("excuse", "ada", LESSON, "--reason", reason, code=2).stderr
    assert "--reason" in run("excuse", "ada", LESSON, code=2).stderr
    assert listed(attempts) == []


def test_one_unknown_student_of_several_stores_nothing(attempts: Path) -> None:
    done = run("excuse", "ada", "bem", "zoe", LESSON, "--reason", "r", code=2)
    assert "no student 'bem' is known; did you mean ben?" in done.stderr and "'zoe'" in done.stderr
    assert "nothing was stored" in done.stderr and listed(attempts) == []


def test_students_are_known_from_attempts_submissions_roster_and_decisions(attempts: Path, tmp_path: Path) -> None:
    (tmp_path / "submitted" / "cem").mkdir(parents=True)
    (tmp_path / "roster.csv").write_text("id,name,email\ndan,Dan Ito,dan@uni.edu\n")
    run("excuse", "cem", LESSON, "--reason", "r", "--submitted", tmp_path / "submitted")
    run("excuse", "dan@uni.edu", LESSON, "--reason", "r", "--roster", tmp_path / "roster.csv")
    run("excuse", "eva", LESSON, "--reason", "r", "--new")
    run("adjust", "eva", LESSON, "--by", "1", "--reason", "r")
    assert [student for student, _, _ in listed(attempts)] == ["cem", "dan", "eva", "eva"]


def test_students_may_be_in_a_file(attempts: Path, tmp_path: Path) -> None:
    (tmp_path / "ill.txt").write_text("ada\n\nben \r\nada\n")
    run("excuse", "--students", tmp_path / "ill.txt", LESSON, "--reason", "ill")
    assert [student for student, _, _ in listed(attempts)] == ["ada", "ben"]
    (tmp_path / "ill.txt").write_text("\n")
    assert (
        "names no student" in run("excuse", "--students", tmp_path / "ill.txt", LESSON, "--reason", "r", code=2).stderr
    )


def test_the_same_request_twice_is_stored_once(attempts: Path) -> None:
    for _ in range(2):
        done = run("extend", "ada", "ben", LESSON, "--days", "3", "--reason", "ill")
    assert "this is already decision 1; give another reason" in done.stdout
    assert len(listed(attempts)) == 2


def test_points_above_the_maximum_are_a_bonus_and_said(attempts: Path) -> None:
    done = run("adjust", "ada", f"{LESSON}/fit_line", "--points", "25", "--reason", "elegant")
    assert "fit_line set to 25: 64 → 68 of 100 points (above the exercise's maximum of 20: a bonus)" in done.stdout
    done = run("adjust", "ada", LESSON, "--by", "40", "--reason", "r")
    assert "adjusted by +40: 68 → 108 of 100 points (above the maximum of 100: a bonus)" in done.stdout
    done = run("adjust", "ada", "zoe", LESSON, "--points", "100", "--reason", "r", "--new")
    assert "ada  lesson-1.1.1  set to 100: 108 → 100 of 100 points\n" in done.stdout
    assert "zoe  lesson-1.1.1  set to 100: 0 → 100 of 100 points\n" in done.stdout
    run("excuse", "ada", LESSON, "--reason", "r")
    assert "the student is excused" in run("adjust", "ada", LESSON, "--by", "1", "--reason", "r").stdout


@pytest.mark.parametrize("name", [f"{LESSON}/fit_line", "fit_line", "1.1.1/Fit_Line", "basics/fit line"])
def test_an_exercise_is_adjusted_under_each_of_its_names(attempts: Path, name: str) -> None:
    run("adjust", "ada", name, "--points", "5", "--reason", "read by hand")
    run("adjust", "ada", LESSON, "--by", "1", "--reason", "the whole lesson")
    assert [(one.lesson, one.exercise) for one in DecisionStore(attempts).all()] == [
        (LESSON, "fit_line"), (LESSON, None),
    ]  # fmt: skip
    shown = run("decisions", "--lesson", name).stdout
    assert "read by hand" in shown and "the whole lesson" not in shown


def test_decisions_are_listed_and_taken_back(attempts: Path) -> None:
    run("extend", "ada", LESSON, "--days", "3", "--reason", "ill", "--by-whom", "prof")
    run("adjust", "ben", f"{LESSON}/fit_line", "--by", "-1", "--reason", "copied", "--by-whom", "ta")
    done = run("decisions", "--undo", "1", "--reason", "not ill", "--by-whom", "prof")
    assert "3  ada  lesson-1.1.1  takes back decision 1: not ill  [prof, " in done.stdout
    lines = run("decisions").stdout.splitlines()
    assert lines[0].startswith("1  ada  lesson-1.1.1  extended by 3 days: ill (taken back by decision 3)  [prof, 2")
    assert lines[1].startswith("2  ben  lesson-1.1.1  fit_line adjusted by -1: copied  [ta, 2")
    assert len(run("decisions", "ada").stdout.splitlines()) == 2
    assert len(run("decisions", "--lesson", f"{LESSON}/fit_line").stdout.splitlines()) == 1
    data = json.loads(run("decisions", "--json").stdout)
    assert [(one["number"], one["kind"], one["undone_by"]) for one in data] == [
        (1, "extend", 3), (2, "adjust", None), (3, "undo", None),
    ]  # fmt: skip
    assert data[1]["exercise"] == "fit_line" and data[1]["by"] == -1 and data[1]["author"] == "ta"
    run("decisions", "--undo", "3", "--reason", "ill after all")
    assert [one.number for one in DecisionStore(attempts).in_force()] == [1, 2]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--undo", "1"), "--undo needs --reason"),
        (("--undo", "9", "--reason", "r"), "there is no decision 9: there are 1"),
        (("ada", "--undo", "1", "--reason", "r"), "leave out STUDENT and --lesson"),
        (("--reason", "r"), "belong to --undo"),
        (("bob",), "no decision is about 'bob'"),
        (("--lesson", "lesson-9"), "has the id 'lesson-9'"),
    ],
)
def test_a_wrong_request_for_decisions(attempts: Path, args: tuple[str, ...], says: str) -> None:
    run("excuse", "ada", LESSON, "--reason", "ill")
    assert says in run("decisions", *args, code=2).stderr
    assert len(listed(attempts)) == 1


def test_without_decisions_the_list_is_empty_and_says_so(attempts: Path) -> None:
    assert "there are no decisions in" in run("decisions").stderr
    assert run("decisions", "--json").stdout.strip() == "[]"


def test_a_damaged_decision_stops_the_commands_and_is_named(attempts: Path) -> None:
    run("excuse", "ada", LESSON, "--reason", "ill")
    (attempts / ".decisions" / "000001.json").write_text("{")
    for command in (("decisions",), ("excuse", "ben", LESSON, "--reason", "r"), ("standings",)):
        assert "000001.json is damaged; restore it from a copy" in run(*command, code=2).stderr


# ------------------------------------------------------------ every surface shows them


def decide(*commands: str) -> None:
    for command in commands:
        run(*command.split(), "--reason", "because")


def rows_of(*args: str | Path) -> dict[str, dict[str, str]]:
    done = run("gradebook", "export", LESSON, "--as", "csv", *args)
    return {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_standings_show_decisions_with_their_reasons(attempts: Path) -> None:
    lines = run("standings").stdout.splitlines()
    assert lines[0] == "ada  lesson-1.1.1  64 of 100 points  2 days late, 0 from the bank"
    decide(
        f"extend ada {LESSON} --days 1", f"adjust ada {LESSON}/fit_line --by 5", f"adjust ada {LESSON} --by -1.5",
        f"excuse ben {LESSON}", f"extend cem {LESSON} --days 9 --new", f"adjust dan {LESSON} --points 70 --new",
    )  # fmt: skip
    assert run("standings").stdout.splitlines() == [
        "ada  lesson-1.1.1  75 of 100 points  1 day late, 0 from the bank  extended by 1 day: because"
        "  fit_line adjusted by +5: because  adjusted by -1.5: because",
        "ben  lesson-1.1.1  no mark  excused: because",
        "cem  lesson-1.1.1  nothing handed in  extended by 9 days: because",
        "dan  lesson-1.1.1  nothing handed in  70 of 100 points  set to 70: because",
    ]
    ada, ben, _, dan = json.loads(run("standings", "--json").stdout)
    assert (ada["points"], ada["earned"], ada["adjusted"], ada["extended_to"]) == (75, 85, -1.5, "2026-11-11T22:59:00Z")
    assert ada["exercises"] == {"fit_line": 25} and [one["number"] for one in ada["decisions"]] == [1, 2, 3]
    assert (ben["points"], ben["earned"], ben["excused"], ben["max_points"]) == (None, None, True, 100)
    assert (dan["points"], dan["counted"]) == (70, [])
    decide(*(f"decisions --undo {number}" for number in range(1, 7)))
    assert run("standings").stdout.splitlines() == lines


def test_standings_list_marks_without_a_known_time(attempts: Path) -> None:
    AttemptStore(attempts).write(attempt("cem", submitted_at=None))
    done = run("standings")
    assert "note: 1 mark has no known time of submission, so no day late counts: cem lesson-1.1.1\n" in done.stderr
    course_toml = attempts.parent / "course.toml"
    course_toml.write_text(course_toml.read_text().replace(POLICY, ""))
    assert "no known time" not in run("standings").stderr  # without a due date nobody is late


def test_exports_have_decided_points_and_no_points_of_excused_students(attempts: Path) -> None:
    decide(f"adjust ada {LESSON}/fit_line --by 5", f"adjust ada {LESSON} --by -1.5", f"excuse ben {LESSON}",
           f"adjust dan {LESSON} --points 70 --new")  # fmt: skip
    rows = rows_of("--exercises")
    ada, ben, dan = (rows[name] for name in ("ada", "ben", "dan"))
    assert (ada["points"], ada["earned"], ada[f"{LESSON}/fit_line"]) == ("66.5", "85", "25")
    assert ada["note"] == "fit_line adjusted by +5; adjusted by -1.5"
    assert (ben["points"], ben["earned"], ben["note"]) == ("", "", "excused")
    assert (dan["points"], dan["max_points"], dan["note"]) == ("70", "100", "set to 70")
    assert "because" not in str(rows)  # reasons are for instructors
    canvas = run("gradebook", "export", LESSON, "--as", "canvas").stdout
    assert [line.split(",")[-1] for line in canvas.splitlines() if line.startswith("ben")] == ["EX"]


def test_an_adjusted_mark_is_that_of_nbgraders_gradebook_too(attempts: Path, tmp_path: Path) -> None:
    api = pytest.importorskip("nbgrader.api", reason="nbgrader is an extra")
    decide(f"adjust ada {LESSON}/fit_line --by 5", f"adjust ada {LESSON} --by 3", f"adjust ben {LESSON} --by -4")
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    run("gradebook", "sync", LESSON, "--db", url)
    with api.Gradebook(url) as book:
        totals = {
            one.student.id: one.score - one.late_submission_penalty for one in book.assignment_submissions(LESSON)
        }
    assert totals == pytest.approx({"ada": 71, "ben": 60})


def test_the_report_has_the_decisions_and_leaves_out_excused_students(attempts: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="scipy is an extra")
    decide(f"adjust ada {LESSON}/fit_line --by 5", f"excuse ben {LESSON}")
    done = run("report", LESSON, "--to", tmp_path / "page.html")
    assert "1 student, 1 lesson;" in done.stdout
    [first, second] = table(tmp_path / "page" / "decisions.csv")
    assert (first["student"], first["decision"], first["reason"]) == ("ada", "fit_line adjusted by +5", "because")
    assert (second["student"], second["decision"]) == ("ben", "excused")
    [lesson] = table(tmp_path / "page" / "lessons.csv")
    assert (lesson["students"], lesson["mean"]) == ("1", "85")
    page = (tmp_path / "page.html").read_text()
    assert "What instructors decided" in page and "2 decisions of instructors" in page
