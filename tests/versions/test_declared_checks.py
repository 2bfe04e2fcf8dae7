"""Checks that are found by syntax are those that an import finds; if that is not sure, nothing is claimed."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.versions.course_version import course_version
from blindgrade.versions.declared_checks import declared_checks

TESTS = Path(__file__).parents[1]
EVERY = [target for root in (TESTS.parent, TESTS / "courses" / "mini") for target in Catalog(root).find(["all"])]


def declared(target: Target) -> list[tuple[str, str]] | None:
    return declared_checks(target.files, ast.parse(target.files.checks.read_text(encoding="utf-8")))


@pytest.mark.parametrize("target", EVERY, ids=lambda target: target.files.folder)
def test_every_lessons_checks_are_found_by_syntax(target: Target) -> None:
    found = [(one.exercise, one.name) for one in LessonChecks(target.files, target.lesson).all]
    assert declared(target) == found and found


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Catalog(Path(shutil.copytree(TESTS / "courses" / "mini", tmp_path / "course"))).find(["all"])[0]


@pytest.mark.parametrize(
    "code",
    [
        "\nmade = check('fit_line')(refuses_one_value.experiment)\n",
        "\nif True:\n    @check('fit_line')\n    def another(lesson, rng):\n        return 1\n",
        "\nfrom blindgrade.checks import check as claim\n",
        "\nimport blindgrade.checks\n",
        "\nfrom blindgrade.checks import Check\nmade = Check\n",
        "\nfrom grader_toys import *\n",
        "\ndef refuses_one_value():\n    pass\n",
        "\nNAME = 'fit_line'\n\n\n@check(NAME)\ndef another(lesson, rng):\n    return 1\n",
    ],
)
def test_a_file_that_makes_checks_in_another_way_is_not_read_by_syntax(target: Target, code: str) -> None:
    path = target.files.checks
    path.write_text(path.read_text() + code)
    assert declared(target) is None


def test_such_a_file_is_imported_for_its_version(target: Target) -> None:
    before = course_version(target)
    path = target.files.checks
    path.write_text(
        path.read_text()
        + "\nNAME = 'fit_line'\n\n\n@check(NAME)\ndef another(lesson, rng):\n    '''It is so.'''\n    return 1\n"
    )
    after = course_version(target)
    assert [name for name in before.exercises if before.exercises[name] != after.exercises[name]] == ["fit_line"]


def test_a_private_toy_that_makes_checks_is_noticed(target: Target) -> None:
    (target.files.grader_toys / "maker.py").write_text("from blindgrade.checks import check\n")
    assert declared(target) is None
