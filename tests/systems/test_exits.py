"""Every way in which a result reaches a student, at every level: nothing that is hidden comes out.

A course with canaries in its hidden checks grades a submission that puts the inputs which it sees into its errors.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog
from blindgrade.checks import derive
from blindgrade.cli.course.group import course
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.models import Attempt, Feedback, Grading, Level, MutantMatch, Outcome
from blindgrade.student_view import student_view
from blindgrade.systems.gradescope.results import results
from blindgrade.systems.nbgrader.outputs import outputs

HERE = Path(__file__).parents[2]
MINI = HERE / "tests" / "courses" / "mini"
SEED = 8_123_456_789_012
CLAIM, HINT = "CLAIM-CANARY", "HINT-CANARY"
EXPECTED, CARELESS, INPUT = "EXPECTED-CANARY", "CARELESS-CANARY", "987654.3"
CHANGE, KIND, WORDS, GROUP = "CHANGE-CANARY", "KIND-CANARY", "WORDS-CANARY", "GROUP-CANARY"
SECONDS, ALL_SECONDS = 12.34567, 98.76543

CHECKS = f'''

@check("standardize", inputs=lambda rng: {{"secret": 987654.3}})
def name_canary_of_the_input(lesson, rng, data):
    """The input. {CLAIM}"""
    return lesson.standardize(torch.tensor([data["secret"], 1.0], dtype=torch.float64))


@check("standardize")
def name_canary_of_the_value(lesson, rng):
    """The value. {CLAIM}"""
    row = torch.tensor([0.0, 4.0])
    return {{"text": "{EXPECTED}" if float(lesson.standardize(row)[1]) == 1 else "another"}}


def _careless(result, expected, rng):
    if not torch.equal(result, expected):
        raise Fail(f"{CARELESS}: expected {{expected.tolist()}} and got {{result.tolist()}}")


@check("standardize", verdict=_careless)
def name_canary_of_the_message(lesson, rng):
    """The message. {CLAIM}"""
    return lesson.standardize(torch.tensor([0.0, 4.0]))


@check("standardize")
def name_canary_that_passes(lesson, rng):
    """It passes. {CLAIM}"""
    return 1.0


@check("fit_line", reference=False, verdict=lambda result, expected, rng: 1 / 0)
def name_canary_of_the_grader(lesson, rng):
    """The grader. {CLAIM}"""
    return 1.0
'''
ANSWER = """
import torch


def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value")
    if float(values.flatten()[0]) > 900_000:
        raise ValueError(f"I saw {values.flatten()[0].item()}")
    return values - values.mean(dim=-1, keepdim=True)


def correlation(first, second):
    return (standardize(first) * standardize(second)).mean(dim=-1)


def fit_line(x, y):
    raise RuntimeError("my own error")
"""
NEVER = (EXPECTED, CARELESS, INPUT, "name_canary", "not_divided", "not divided", "-2.0", str(SECONDS), str(ALL_SECONDS),
         str(SEED), "has_mean_zero_and_spread_one", "ZeroDivisionError", CHANGE, KIND, GROUP)  # fmt: skip
AT_CHECKS = (CLAIM, HINT, WORDS)  # the level `checks` shows claims, hints and classes of changes, no other level does


@dataclass
class Graded:
    """The course with canaries, and the attempt at it in its folder of attempts."""

    catalog: Catalog
    attempt: Attempt
    seeds: tuple[str, ...]

    @property
    def lesson(self) -> str:
        return self.attempt.lesson


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    top = tmp_path_factory.mktemp("exits")
    catalog = Catalog(Path(shutil.copytree(MINI, top / "mini", ignore=shutil.ignore_patterns("__pycache__"))))
    [target] = catalog.find(["lesson-1.1.1"])
    with open(target.files.private_checks, "a", encoding="utf-8") as checks:
        checks.write(CHECKS)
    wrong = target.files.known_answers
    wrong.write_text(wrong.read_text().replace("The spread is still what it was.", HINT))
    (top / "basics.py").write_text(ANSWER)
    [attempt] = grade(catalog, [target], top / "basics.py", Options(seed=SEED, reference="live")).lessons
    attempt.student, attempt.key, attempt.submitted_at = "ana", "k1", "2026-11-01T10:00:00Z"
    attempt.seconds = ALL_SECONDS
    for result in attempt.exercises:
        for check in result.checks:
            check.seconds = SECONDS
        # A small change of the solution replies the same: students read its class in words, never the change.
        result.mutant = MutantMatch(words=WORDS, kinds=[KIND], changes=[CHANGE], count=1)
        result.answer = result.group = GROUP
    AttemptStore(catalog.attempts).write(attempt)
    seeds = tuple(str(derive(SEED, attempt.lesson, c.name)) for r in attempt.exercises for c in r.checks)
    return Graded(catalog, attempt, seeds)


def with_policy(graded: Graded, level: Level, before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the course the level before or after its due date, and the other moment another level."""
    other = Level.NOTHING if level is not Level.NOTHING else Level.CHECKS
    levels = (level, other) if before else (other, level)
    file = graded.catalog.root / "course.toml"
    policy = f"""
[policy.due]
"{graded.lesson}" = {"2999" if before else "2020"}-01-01T00:00:00Z

[policy.feedback]
before = "{levels[0].value}"
after = "{levels[1].value}"
"""
    file.write_text((MINI / "course.toml").read_text() + policy)
    monkeypatch.setenv("BLINDGRADE_COURSE", str(graded.catalog.root))


def run(*words: str) -> Result:
    done = CliRunner().invoke(course, list(words))
    assert done.exit_code == 0, done.output
    return done


def zip_of(download: str, kind: str, tmp: Path, lesson: str) -> str:
    (tmp / "download").mkdir()
    (tmp / "download" / download).write_text(ANSWER)
    (tmp / "roster.csv").write_text("id,name,canvas_id,moodle_id\nana,Ana Doe,4711,4711\n")
    run("feedback", lesson, "--to", str(tmp / "out"), "--zip", kind, "--submissions", str(tmp / "download"),
        "--roster", str(tmp / "roster.csv"))  # fmt: skip
    with zipfile.ZipFile(tmp / "out" / f"{lesson}-{kind}.zip") as archive:
        assert archive.namelist()
        return "".join(archive.read(name).decode() for name in archive.namelist())


def pages(graded: Graded, level: Level, tmp: Path) -> str:
    run("feedback", graded.lesson, "--to", str(tmp / "out"))
    return "".join(path.read_text() for path in sorted((tmp / "out" / graded.lesson).iterdir()))


def canvas_zip(graded: Graded, level: Level, tmp: Path) -> str:
    return zip_of("doeana_4711_99_basics.py", "canvas", tmp, graded.lesson)


def moodle_zip(graded: Graded, level: Level, tmp: Path) -> str:
    return zip_of("Ana Doe_4711_assignsubmission_file_basics.py", "moodle", tmp, graded.lesson)


def moodle_worksheet(graded: Graded, level: Level, tmp: Path) -> str:
    (tmp / "sheet.csv").write_text(
        "Identifier,Full name,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
        "Participant 4711,Ana Doe,,100.00,-,\n"
    )
    (tmp / "roster.csv").write_text("id,name\nana,Ana Doe\n")
    words = ("--as", "moodle", "--worksheet", str(tmp / "sheet.csv"), "--roster", str(tmp / "roster.csv"))
    return run("gradebook", "export", graded.lesson, *words).stdout


def nbgrader_gradebook(graded: Graded, level: Level, tmp: Path) -> str:
    # One gradebook for all levels: a level that shows less takes back what an earlier run wrote.
    file = graded.catalog.root / "gradebook.db"
    run("gradebook", "sync", graded.lesson, "--db", f"sqlite:///{file}")
    with sqlite3.connect(file) as database:
        return repr(database.execute("select auto_comment from comment").fetchall())


def nbgrader_notebook(graded: Graded, level: Level, tmp: Path) -> str:
    seen = student_view(graded.attempt, level)
    return json.dumps([outputs(result, seen) for result in graded.attempt.exercises])


def canvas_gradebook(graded: Graded, level: Level, tmp: Path) -> str:
    return run("gradebook", "export", graded.lesson, "--as", "canvas").stdout


def spreadsheet(graded: Graded, level: Level, tmp: Path) -> str:
    return run("gradebook", "export", graded.lesson, "--as", "csv").stdout


def view(graded: Graded, level: Level, tmp: Path) -> str:
    return student_view(graded.attempt, level).model_dump_json()


def gradescope_before(graded: Graded, level: Level, tmp: Path) -> str:
    feedback = Feedback(before=level, after=Level.CHECKS)
    record = results(Grading.of([graded.attempt]), "after_due_date", 1.0, feedback)
    return json.dumps([record["output"], [one for one in record["tests"] if one["visibility"] == "visible"]])


def gradescope_after(graded: Graded, level: Level, tmp: Path) -> str:
    record = results(Grading.of([graded.attempt]), "after_due_date", 1.0, Feedback(before=Level.NOTHING, after=level))
    return json.dumps([record["output"], record["tests"]])


WITH_TEXT = (pages, canvas_zip, moodle_zip, moodle_worksheet, nbgrader_gradebook, nbgrader_notebook, view,
             gradescope_before, gradescope_after)  # fmt: skip
EXITS = (*WITH_TEXT, canvas_gradebook, spreadsheet)
Exit = Callable[[Graded, Level, Path], str]


def test_the_canaries_are_in_the_stored_attempt(graded: Graded) -> None:
    stored = graded.attempt.model_dump_json()
    for canary in (*NEVER, *AT_CHECKS):
        if canary not in (EXPECTED, "not divided"):  # a hidden check's own comparison leaves the value out already
            assert canary in stored, canary
    outcomes = {check.outcome for result in graded.attempt.exercises for check in result.checks}
    assert outcomes >= {Outcome.PASSED, Outcome.FAILED, Outcome.BLOCKED}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("leave", EXITS, ids=lambda one: one.__name__)
def test_no_exit_shows_more_than_the_level(
    graded: Graded, leave: Exit, level: Level, before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_policy(graded, level, before, monkeypatch)
    said = leave(graded, level, tmp_path)
    found = [canary for canary in (*NEVER, *graded.seeds) if canary in said]
    assert found == []
    shown = level is Level.CHECKS and leave in WITH_TEXT
    assert [canary for canary in AT_CHECKS if canary in said] == (list(AT_CHECKS) if shown else [])


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("leave", [pages, canvas_zip, moodle_zip, view, gradescope_before, gradescope_after])
def test_exercises_and_points_are_shown_from_their_levels_on(
    graded: Graded, leave: Exit, level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_policy(graded, level, True, monkeypatch)
    said = leave(graded, level, tmp_path)
    [first, *_] = graded.attempt.exercises
    assert 0 < first.points < first.max_points
    assert (first.title in said) == (level in (Level.EXERCISES, Level.COUNTS, Level.CHECKS))
    # Partial points count the checks that passed, so they come with the counts.
    assert bool(re.search(rf"(?<![\d.]){re.escape(f'{first.points:.2f}')}", said)) == (
        level in (Level.COUNTS, Level.CHECKS)
    )
    assert (f"{graded.attempt.points:.2f}" in said) == (level in (Level.TOTAL, Level.COUNTS, Level.CHECKS))


@pytest.mark.parametrize("hidden", ["after_due_date", "after_published", "hidden", "visible"])
def test_without_a_policy_gradescope_shows_hidden_checks_when_the_archive_says(graded: Graded, hidden: str) -> None:
    record = results(Grading.of([graded.attempt]), hidden, 1.0)  # type: ignore[arg-type]  # one of them
    said = json.dumps(record)
    assert [canary for canary in (*NEVER, *graded.seeds) if canary in said] == []
    at_once = [one for one in record["tests"] if one["visibility"] == "visible"]
    assert (CLAIM in json.dumps(at_once)) == (hidden == "visible")


def test_no_module_that_writes_for_students_reads_a_check_result_itself() -> None:
    """A later exit must be made from the view, too. Classroom 50 grades public checks alone."""
    source = HERE / "src" / "blindgrade"
    files = [*(source / "systems").rglob("*.py"), *(source / "gradebook").rglob("*.py")]
    files += [source / "render" / "html" / "feedback.py", source / "render" / "text" / "student.py"]
    reading = [path.relative_to(source).as_posix() for path in files if "CheckResult" in path.read_text()]
    assert len(files) > 30 and reading == ["systems/classroom50/result.py"]


def test_the_archives_hold_what_the_pages_hold(graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_policy(graded, Level.CHECKS, True, monkeypatch)
    assert io.StringIO(canvas_zip(graded, Level.CHECKS, tmp_path)).readline().startswith("lesson-1.1.1 Basics")
