"""`course collect`, by running the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
COURSE = Path(sys.executable).with_name("course")


def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini")}
    return subprocess.run([COURSE, "collect", *args], capture_output=True, text=True, env=env, timeout=120)


def source(tmp_path: Path) -> Path:
    for name in ("ana", "Zoe Poe"):
        (tmp_path / "in" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name / "basics.py").write_text("x = 1\n")
    (tmp_path / "in" / "con\x1btrol.txt").touch()
    return tmp_path / "in"


def test_everything_is_listed_and_the_exit_code_says_whether_all_was_collected(tmp_path: Path) -> None:
    done = run(source(tmp_path), "--to", tmp_path / "submitted")
    assert done.returncode == 1 and done.stderr == ""
    assert "folders: 1 new, 0 known before" in done.stdout
    assert (
        "(1): its name cannot be a student's id; name a roster that lists this student (--roster)\n    Zoe Poe\n"
        in (done.stdout)
    )
    assert "refused (1): it is neither a student's folder nor an archive\n    con\\x1btrol.txt\n" in done.stdout
    assert "\x1b" not in done.stdout
    sources = source(tmp_path)
    (sources / "con\x1btrol.txt").unlink()
    (tmp_path / "roster.csv").write_text("id,name\nana,Ana Doe\nzoe,Zoe Poe\n")
    done = run(sources, "--to", tmp_path / "submitted", "--roster", tmp_path / "roster.csv", "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["schema"] == "blindgrade/collection/v1" and said["new"] == {"zoe": ["Zoe Poe"]}
    assert said["known"] == ["ana"]
    assert sorted(os.listdir(tmp_path / "submitted")) == [".collected.json", "ana", "zoe"]


def test_the_next_command_names_the_lessons_that_were_collected(tmp_path: Path) -> None:
    (tmp_path / "in" / "ana").mkdir(parents=True)
    (tmp_path / "in" / "ana" / "basics.py").write_text("x = 1\n")
    done = run(tmp_path / "in", "--to", tmp_path / "submitted")
    assert done.stdout.splitlines()[-1] == f"Next: course grade lesson-1.1.1 {tmp_path / 'submitted'}"


def test_a_wrong_request_is_exit_code_2_and_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere", "--to", tmp_path / "submitted")
    assert (done.returncode, done.stdout) == (2, "") and "name the download" in done.stderr
    (tmp_path / "roster.csv").write_text("name\nAna\n")
    done = run(source(tmp_path), "--to", tmp_path / "submitted", "--roster", tmp_path / "roster.csv")
    assert done.returncode == 2 and "has no column `id`" in done.stderr


def test_each_reason_is_one_line_with_the_number_and_some_names(tmp_path: Path) -> None:
    for n in range(9):
        (tmp_path / "in" / f"Zoe Poe {n}").mkdir(parents=True)
        (tmp_path / "in" / f"Zoe Poe {n}" / "basics.py").write_text("x = 1\n")
    (tmp_path / "in" / "ana").mkdir()
    done = run(tmp_path / "in", "--to", tmp_path / "submitted", "--kind", "folders")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        f"  set aside in {tmp_path}/submitted/.set-aside (9): its name cannot be a student's id; name a roster that"
        " lists this student (--roster)",
        "    " + ", ".join(f"Zoe Poe {n}" for n in range(6)) + " and 3 more; --json has all of them",
        "  refused (1): there is no file in it",
        "    ana",
    ]
    said = json.loads(run(tmp_path / "in", "--to", tmp_path / "submitted", "--kind", "folders", "--json").stdout)
    assert [one["label"] for one in said["set_aside"]] == [f"Zoe Poe {n}" for n in range(9)]


def test_times_groups_and_lessons_are_in_the_json(tmp_path: Path) -> None:
    inbound = tmp_path / "exchange" / "inbound"
    for name in ("ana+lesson-1.1.1+2026-11-10 21:40:00", "bo+lesson-1.1.1+2026-11-10 21:40:00 CET"):
        (inbound / name).mkdir(parents=True)
        (inbound / name / "basics.py").write_text("x = 1\n")
    (tmp_path / "groups.csv").write_text("group,student\nTeam 1,bo\nTeam 1,cy\n")
    ask = ["--to", tmp_path / "submitted", "--groups", tmp_path / "groups.csv", "--json"]
    done = run(tmp_path / "exchange", *ask)
    said = json.loads(done.stdout)
    assert done.returncode == 1 and said["groups"] == {"Team 1": ["bo", "cy"]} and said["lessons"] == ["lesson-1.1.1"]
    assert "--timezone Europe/Berlin" in said["refused"][0]["reason"] and said["unclear_times"] == []
    done = run(tmp_path / "exchange", *ask, "--timezone", "Europe/Berlin")
    assert done.returncode == 0 and list(json.loads(done.stdout)["new"]) == ["ana"]
    index = json.loads((tmp_path / "submitted" / ".collected.json").read_text())["students"]
    assert {student: one["submitted_at"] for student, one in index.items()} == dict.fromkeys(
        ("ana", "bo", "cy"), "2026-11-10T20:40:00Z"
    )


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--timezone", "Berlin"], "'Berlin' is no time zone (did you mean Europe/Berlin?)"),
        (["--before", "2026-11-30 23:59"], "--before 2026-11-30 23:59: its time has no time zone"),
        (["--before", "tomorrow"], "--before tomorrow: its time is not written like"),
        (["--column", "grade=Note"], "--column grade=Note: write --column submitted=TITLE"),
        (["--before", "2026-11-30 23:59 UTC"], "--before is for sources of kind git only"),
        (["--groups", "none.csv"], "name a CSV file with --groups"),
    ],
)
def test_an_option_that_cannot_be_right_ends_the_command_with_what_to_write(
    tmp_path: Path, option: list[str], says: str
) -> None:
    done = run(source(tmp_path), "--to", tmp_path / "submitted", *option)
    assert (done.returncode, done.stdout) == (2, "") and says in done.stderr
