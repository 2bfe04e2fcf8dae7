"""Digits where each target brings them: beside the notebook, in the released course, on the grading machine."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from blindgrade.catalog import Catalog
from blindgrade.cohort.bundle import pack, unpack
from blindgrade.engine.answers.lesson_checks import provide_toys
from blindgrade.release import grading_course, repository
from blindgrade.systems.classroom50 import release as classroom50
from blindgrade.systems.gradescope import release as gradescope
from blindgrade.systems.nbgrader import release as nbgrader

from ..digits_course import NAMES, digits_course, must_load, written


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return digits_course(tmp_path_factory.mktemp("digits") / "course")


def found_below(folder: Path) -> Path:
    """The one folder with digits.py."""
    [file] = folder.rglob("digits.py")
    return file.parent


@pytest.mark.parametrize("target", [repository, classroom50, gradescope, nbgrader])
def test_digits_load_where_the_target_brings_them(
    course: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: object
) -> None:
    folder = written(target.files(course, course.find(["all"])), tmp_path)  # type: ignore[attr-defined]  # a module
    for path in list(folder.rglob("*.zip")):
        zipfile.ZipFile(path).extractall(folder)
    home = found_below(folder)
    assert [name for name in NAMES if not (home / name).is_file()] == []
    must_load(home, monkeypatch)


def test_a_notebook_of_nbgrader_has_digits_beside_it(course: Catalog) -> None:
    files = nbgrader.files(course, course.find(["all"]))
    assert {f"source/lesson-1.1.1/{name}" for name in NAMES} <= files.keys()


def judges_here(course: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict of this course can use both judges."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in sys.modules if name.split(".")[0] in ("digits", "toys", "grader_toys")]:
        monkeypatch.delitem(sys.modules, name)
    provide_toys(course.ready()[0])
    from digits import judge, load_digits  # type: ignore[import-not-found]  # of the course at hand
    from grader_toys.judges import private_judge  # type: ignore[import-not-found]  # as digits

    assert Path(sys.modules["digits"].__file__ or "").parents[1] == course.root
    images, labels = load_digits("held_out")
    for one in (judge(), private_judge()):
        assert one.legible(images, labels) > 0.97 and one.distance(torch.randn(100, 1, 8, 8)) > 0.2


@pytest.mark.parametrize("packed", ["private course", "bundle"])
def test_a_grading_machine_has_both_judges(
    course: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str
) -> None:
    targets = course.find(["all"])
    if packed == "bundle":
        root = unpack(pack(targets), tmp_path)
    else:
        root = written(grading_course.private_course(course, targets), tmp_path)
    judges_here(Catalog(root), monkeypatch)


def test_a_public_grading_course_has_no_private_judge(course: Catalog) -> None:
    names = grading_course.public_course(course, course.find(["all"])).keys()
    assert {f"exercises/{name}" for name in NAMES} <= names
    assert [name for name in names if "graders" in name or "private" in name] == []


def test_the_zip_of_gradescope_that_grades_with_solutions_has_both(course: Catalog) -> None:
    files = gradescope.files(course, course.find(["all"]))
    with zipfile.ZipFile(io.BytesIO(files["autograder.zip"])) as archive:
        names = archive.namelist()
    assert any(name.endswith("graders/assets/private_judge.npz") for name in names)
