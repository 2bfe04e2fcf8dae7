"""One roster for every command: each accepts the same files, with the same ids and names, and refuses the same files.

The files in tests/rosters are written by hand in the forms of a spreadsheet, Canvas's gradebook export and Moodle's
grading worksheet of a German site; other encodings and separators are made here.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nbgrader.api import Gradebook

from blindgrade.cli.course.group import course
from blindgrade.roster.people import Identifier, Person

from ...graded import LESSON, attempt

TESTS = Path(__file__).parents[2]
FILES = TESTS / "rosters"
NAMES = ["Doe, Ana", "Müller, Bob", "Lee, Cyd"]
Roster = dict[str, str]  # names by id
OWN = dict(zip(["ana", "bob", "cyd"], NAMES, strict=True))
OTHERS = {
    "canvas": dict(zip(["adoe", "bobm", "cyd"], NAMES, strict=True)),
    "moodle_german": {"ana@uni.example": "Ana Doe", "bob@uni.example": "Bob Müller", "cyd@uni.example": "Cyd Lee"},
}
SPREADSHEETS = [  # programs that save CSV
    ("utf-8", ",", ""), ("utf-8-sig", ",", ""), ("utf-8", ";", ""), ("utf-8-sig", ";", "sep=;\r\n"),
    ("cp1252", ";", ""), ("cp1252", ",", ""), ("utf-16", "\t", ""), ("utf-16", ";", ""), ("utf-8", "\t", ""),
]  # fmt: skip


def rewritten(encoding: str, separator: str, first: str) -> bytes:
    """comma.csv as another program saves it."""
    out = io.StringIO()
    rows = csv.reader((FILES / "comma.csv").read_text(encoding="utf-8").splitlines())
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return (first + out.getvalue()).encode(encoding)


CASES = [
    pytest.param((FILES / "comma.csv").read_bytes(), OWN, id="comma"),
    pytest.param((FILES / "semicolon_crlf.csv").read_bytes(), OWN, id="semicolon"),
    *[pytest.param((FILES / f"{name}.csv").read_bytes(), who, id=name) for name, who in OTHERS.items()],
    *[pytest.param(rewritten(*one), OWN, id=f"{one[0]} {one[1]!r} {one[2]!r}") for one in SPREADSHEETS],
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with submissions named by students' names, as a download has them. Attempts come with `graded`."""
    monkeypatch.setenv("BLINDGRADE_COURSE", str(TESTS / "courses" / "mini"))
    monkeypatch.chdir(tmp_path)
    for name in ("Ana Doe", "Bob Müller", "Cyd Lee"):
        (tmp_path / "downloaded" / name).mkdir(parents=True)
        (tmp_path / "downloaded" / name / "basics.py").write_text("x = 1\n")
    return tmp_path


def graded(desk: Path, *students: str) -> None:
    for student in students:
        place = desk / "attempts" / LESSON / student
        place.mkdir(parents=True)
        text = attempt(student, (1, 1, 0), key="k").model_dump_json(by_alias=True)
        (place / "k.json").write_text(text, encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(course, list(arguments))


def collect(roster: str) -> Result:
    return run("collect", "downloaded", "--to", "submitted", "--roster", roster, "--json")


def standings(roster: str) -> Result:
    return run("standings", "--attempts", "attempts", "--roster", roster, "--json")


def export_csv(roster: str) -> Result:
    return run("gradebook", "export", "--as", "csv", "--roster", roster)


def export_canvas(roster: str) -> Result:
    return run("gradebook", "export", "--as", "canvas", "--roster", roster)


def sync(roster: str) -> Result:
    return run("gradebook", "sync", "--roster", roster)


def report(roster: str) -> Result:
    return run("report", LESSON, "--attempts", "attempts", "--to", "page/cohort.html", "--roster", roster)


def feedback(roster: str) -> Result:
    return run("feedback", LESSON, "--attempts", "attempts", "--to", "page", "--roster", roster)


QUICK: list[Callable[[str], Result]] = [collect, standings, export_csv, export_canvas, report, feedback]
COMMANDS = [*QUICK, sync]  # nbgrader needs a second to make a database


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def notes(done: Result) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("note: roster.csv")]


def plain(name: str) -> tuple[str, str]:
    """First and last name in every notation."""
    return Person("x", (Identifier("name", name),)).names


@pytest.mark.parametrize(("content", "who"), CASES)
def test_every_command_takes_the_roster_and_has_the_same_ids_and_names(desk: Path, content: bytes, who: Roster) -> None:
    (desk / "roster.csv").write_bytes(content)
    ana, bob, cyd = who
    graded(desk, ana, bob)
    done = {command: command("roster.csv") for command in QUICK}
    assert [one.exit_code for one in done.values()] == [0] * len(QUICK), [one.output for one in done.values()]
    assert len({tuple(notes(one)) for one in done.values()}) == 1
    collected = json.loads(done[collect].stdout)["new"]
    assert {student: plain(labels[0]) for student, labels in collected.items()} == {
        student: plain(name) for student, name in who.items()
    }
    stand = json.loads(done[standings].stdout)
    assert {one["student"]: one["name"] for one in stand} == who
    assert [one["student"] for one in stand if not one["counted"]] == [cyd]
    assert {row["student"]: row["name"] for row in rows(done[export_csv].stdout)} == {s: who[s] for s in (ana, bob)}
    canvas = rows(done[export_canvas].stdout)[1:]
    assert [row["Student"] for row in canvas] == [who[ana], who[bob]]
    tables = {name: rows((desk / "page/cohort" / f"{name}.csv").read_text()) for name in ("mastery", "missing")}
    assert {row["student"]: row["name"] for row in tables["mastery"]} == {s: who[s] for s in (ana, bob)}
    assert {row["student"]: row["name"] for row in tables["missing"]} == {cyd: who[cyd]}


def test_nbgraders_gradebook_gets_the_names_of_the_roster(desk: Path) -> None:
    (desk / "roster.csv").write_bytes((FILES / "canvas.csv").read_bytes())
    graded(desk, "adoe", "bobm")
    assert sync("roster.csv").exit_code == 0
    with Gradebook(f"sqlite:///{desk}/gradebook.db") as gradebook:
        found = {s.id: (s.first_name, s.last_name) for s in gradebook.students}
    assert found == {"adoe": ("Ana", "Doe"), "bobm": ("Bob", "Müller")}


@pytest.mark.parametrize(("content", "who"), CASES)
def test_files_of_canvas_and_moodle_are_filled_in_for_the_same_students(
    desk: Path, content: bytes, who: Roster
) -> None:
    """Rosters and worksheets have only some of a student's numbers in common, and two of them only the name."""
    (desk / "roster.csv").write_bytes(content)
    graded(desk, *who)
    into = ["gradebook", "export", LESSON, "--roster", "roster.csv", "--worksheet"]
    done = run(*into, str(FILES / "canvas.csv"), "--as", "canvas")
    assert [row["Student"] for row in rows(done.stdout) if row["ID"]] == NAMES, done.output
    titles = ["identifier=ID", "grade=Bewertung", "modified=Zuletzt geändert (Bewertung)"]
    columns = [part for title in titles for part in ("--column", title)]
    done = run(*into, str(FILES / "moodle_german.csv"), "--as", "moodle", *columns)
    assert [bool(row["Bewertung"].strip("-")) for row in rows(done.stdout)] == [True] * 3, done.output
    assert "3 scores" in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            (FILES / "duplicate.csv").read_bytes(),
            "roster.csv: lines 2 and 3 have the id ana; give each student one line",
        ),
        (b"name,shoes\nAna,38\n", "roster.csv has no column `id`; write a first line such as id,name,email"),
        (b"id,name\n,Ana\n", "roster.csv:2: '' cannot be an id; use letters, digits"),
        (b'id,name\nana,"Ana\n', "roster.csv:2: this line cannot be read as CSV (unexpected end of data); correct it"),
        (b"id,name\nana,Doe, Ana\n", "roster.csv:2: more cells than titles"),
        (b"PK\x03\x04...", "roster.csv is a workbook; save it as CSV UTF-8 and name that file"),
        (None, "roster.csv cannot be read (No such file or directory); name a CSV file with --roster"),
    ],
)
def test_every_command_refuses_the_same_roster_with_the_same_sentence(
    desk: Path, content: bytes | None, says: str
) -> None:
    graded(desk, "ana")
    if content is not None:
        (desk / "roster.csv").write_bytes(content)
    said = set()
    for command in COMMANDS:
        done = command("roster.csv")
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        said.add(done.stderr.split(": ", 1)[1])
    assert len(said) == 1 and said.pop().startswith(says)
    assert not (desk / "submitted").exists() and not (desk / "page").exists() and not (desk / "gradebook.db").exists()


def test_every_command_prints_the_same_notes_about_a_doubtful_roster(desk: Path) -> None:
    graded(desk, "ana")
    text = "id,name,emial,sid\nana,Ana Doe,x,1\nano,Ana Doe,y,1\nbob,Bob Müller,z,2\ncyd,Cyd Lee,q,3\nc2,Сyd Lee,q,4\n"
    (desk / "roster.csv").write_text(text, encoding="utf-8")
    said = {tuple(notes(command("roster.csv"))) for command in COMMANDS}
    assert said == {(
        "note: roster.csv: unknown columns, which were not used: 'emial' (did you mean 'email'?)",
        "note: roster.csv: lines 2 and 3 have the number '1', so none of them is found by it",
        "note: roster.csv: lines 2 and 3 have the name 'Ana Doe', so they are found by number and not by this name",
        "note: roster.csv: lines 5 and 6 look alike: 'Сyd Lee' and 'Cyd Lee'; check that they are two people",
    )}  # fmt: skip


def test_attempts_of_somebody_who_is_not_in_the_roster_are_named_by_every_command_that_reads_attempts(
    desk: Path,
) -> None:
    (desk / "roster.csv").write_bytes((FILES / "comma.csv").read_bytes())
    graded(desk, "S001", "zoe")
    for command in COMMANDS[1:]:
        said = [line for line in command("roster.csv").stderr.splitlines() if "not in the roster" in line]
        assert said == [
            "note: S001 has attempts and is not in the roster; the roster has it as ana: collect again with --roster",
            "note: zoe has attempts and is not in the roster",
        ], command


def test_standings_print_names_and_who_handed_in_nothing(desk: Path) -> None:
    (desk / "roster.csv").write_bytes((FILES / "comma.csv").read_bytes())
    graded(desk, "ana", "bob")
    done = run("standings", "--attempts", "attempts", "--roster", "roster.csv")
    assert done.stdout.splitlines() == [
        f"ana  Doe, Ana  {LESSON}  80 of 100 points",
        f"bob  Müller, Bob  {LESSON}  80 of 100 points",
        f"cyd  Lee, Cyd  {LESSON}  nothing handed in",
    ]
    assert run("standings", "--attempts", "attempts").stdout.splitlines() == [
        f"ana  {LESSON}  80 of 100 points",
        f"bob  {LESSON}  80 of 100 points",
    ]
    without = json.loads(run("standings", "--attempts", "attempts", "--json").stdout)
    assert all("name" not in one for one in without) and len(without) == 2
