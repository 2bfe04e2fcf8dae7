"""`course collect`, by running the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
