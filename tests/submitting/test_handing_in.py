"""What is handed in is what would be graded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.submission.reading import read_submission
from blindgrade.submitting.handing_in import NothingToSubmit, collected

from ..served import FOLDER, LESSON, MINI, SOLUTION


@pytest.fixture
def target() -> Target:
    [found] = Catalog(MINI).find([LESSON])
    return found


def digest(path: Path, target: Target) -> str:
    """Digest of what the grader reads at this path."""
    names = {LESSON: {exercise.defines for exercise in target.lesson.exercises}}
    found = read_submission(path, [target.files], names)[LESSON]
    assert found is not None
    return found.sha256


def laid_out(files: dict[str, str], folder: Path) -> Path:
    """The files as the service lays them out."""
    for name, text in files.items():
        path = folder / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def notebook(path: Path) -> None:
    """A notebook with the solution, a picture and many prints."""
    cell = {"cell_type": "code", "metadata": {}, "source": SOLUTION, "execution_count": 1, "outputs": [
        {"output_type": "stream", "name": "stdout", "text": "x" * 3_000_000}]}  # fmt: skip
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.mark.parametrize("kind", ["script", "notebook", "helpers", "one file", "another name"])
def test_the_service_reads_the_same_as_grade_does(tmp_path: Path, target: Target, kind: str) -> None:
    home = tmp_path / "exercises" / FOLDER
    home.mkdir(parents=True)
    place = tmp_path / "exercises"
    if kind == "notebook":
        notebook(home / "basics.ipynb")
    else:
        (home / "basics.py").write_text("from helper import one\n" * (kind == "helpers") + SOLUTION)
    if kind == "helpers":
        (home / "helper.py").write_text("one = 1\n")
        (home / "data").mkdir()
        (home / "data" / "table.csv").write_text("a,b\n")
    if kind == "one file":
        place = home / "basics.py"
    if kind == "another name":
        place = (home / "basics.py").rename(tmp_path / "my_answer.py")
    found = collected(place, target)
    assert found.notes == []
    assert sum(map(len, found.files.values())) < 100_000
    assert digest(laid_out(found.files, tmp_path / "there"), target) == digest(place, target)
    assert ("basics.ipynb" in found.files) is (kind == "notebook")


def test_a_file_that_is_no_text_is_named_and_not_sent(tmp_path: Path, target: Target) -> None:
    home = tmp_path / FOLDER
    home.mkdir()
    (home / "basics.py").write_text(SOLUTION)
    (home / "weights.bin").write_bytes(b"\0\xff\xfe")
    found = collected(tmp_path, target)
    assert set(found.files) == {"basics.py"}
    assert len(found.notes) == 1 and "weights.bin" in found.notes[0]


def test_nothing_to_submit_says_what_to_do(tmp_path: Path, target: Target) -> None:
    with pytest.raises(NothingToSubmit, match="--submission"):
        collected(tmp_path, target)
    with pytest.raises(NothingToSubmit, match="does not exist"):
        collected(tmp_path / "nowhere", target)
    shutil.copytree(MINI / "exercises" / FOLDER, tmp_path / FOLDER)
    (tmp_path / FOLDER / "large.csv").write_text("1,2,3\n" * 400_000)
    with pytest.raises(NothingToSubmit, match=r"large\.csv with 2\.\d MiB"):
        collected(tmp_path, target)
