from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from blindgrade.cli.course.group import course

MINI = Path(__file__).parents[2] / "courses" / "mini"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", ".blindgrade")))
    monkeypatch.setenv("BLINDGRADE_COURSE", str(copy))
    return copy


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(course, ["verify", "--seeds", "1", "--workers", "1", *arguments])


def test_proofs_that_hold_are_exit_code_0_as_json_and_junit(root: Path, tmp_path: Path) -> None:
    done = verify("lesson-1.1.1", "--json", "--junit", str(tmp_path / "proofs.xml"))
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["schema"], said["passed"]) == ("blindgrade/proofs/v1", True)
    assert set(said["proofs"][0]) == {"lesson", "name", "subject", "passed", "detail", "seconds", "source"}
    assert len(list(ElementTree.parse(tmp_path / "proofs.xml").iter("testcase"))) == len(said["proofs"])


def test_a_proof_that_does_not_hold_is_exit_code_1_with_the_command_to_repeat_it(root: Path) -> None:
    (root / "exercises" / "lesson_1_1_1_basics" / "basics.py").write_text("edited = True\n")
    done = verify("lesson-1.1.1")
    assert done.exit_code == 1
    assert "✗ lesson-1.1.1 stub and notebook are up to date" in done.stdout
    assert "again: course verify lesson-1.1.1" in done.stdout


def test_an_unknown_lesson_is_exit_code_2(root: Path) -> None:
    done = verify("lesson-9")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("course verify: ") and "lesson-1.1.1" in done.stderr


def test_mutants_without_their_library_are_refused_in_one_line(root: Path) -> None:
    hide = (
        "import sys, importlib.util as u; real = u.find_spec; sys.modules['libcst'] = None;"
        " u.find_spec = lambda name, *more: None if name == 'libcst' else real(name, *more);"
        " from blindgrade.cli.course.group import course; course(['verify', '--mutants', 'lesson-1.1.1'])"
    )
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, timeout=60)
    said = "course verify: mutants are made with libcst, which is not installed; run pip install 'blindgrade[author]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_relations_are_shown_as_a_table_and_as_json(root: Path) -> None:
    done = verify("--relations", "lesson-1.1.1/standardize")
    assert done.exit_code == 0, done.output
    assert "sample_spread" in done.stdout and "proportional: Your result is the" in done.stdout
    assert "misconceptions have a relation" in done.stdout
    said = json.loads(verify("--relations", "lesson-1.1.1/standardize", "--json").stdout)
    assert said["schema"] == "blindgrade/relations/v1"
    assert {one["misconception"] for one in said["misconceptions"]} >= {"sample_spread", "not_centered"}
