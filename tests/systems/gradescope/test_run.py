"""A submission on Gradescope is found wherever it is in the upload, as `course collect` finds it."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from blindgrade.systems.gradescope.run import _grade

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
RIGHT = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_bytes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in the role of /autograder."""
    (tmp_path / "source").mkdir()
    (tmp_path / "submission").mkdir()
    (tmp_path / "source" / "course").symlink_to(MINI)
    config = {"lessons": ["lesson-1.1.1"], "hidden_checks": "visible"}
    (tmp_path / "source" / "config.json").write_text(json.dumps(config))
    (tmp_path / "submission_metadata.json").write_text("{}")
    return tmp_path


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "files",
    [
        {"hw/one/basics.py": RIGHT, "README.md": b"x"},
        {"repository-main.zip": packed({"repository-main/exercises/lesson_1_1_1_basics/basics.py": RIGHT})},
        {"out.zip": packed({"hw\\in.zip": packed({"basics (1).py": RIGHT}), "notes.txt": b"x"}), "report.pdf": b"x"},
    ],
    ids=["in a subfolder", "a zipped repository", "a zip inside the upload"],
)
def test_a_solution_anywhere_in_the_upload_earns_its_points(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert _grade(root)["score"] == 100


def test_the_reason_why_nothing_was_read_reaches_the_student(root: Path) -> None:
    (root / "submission" / "work.zip").write_bytes(b"PK no archive")
    record = _grade(root)
    assert record["score"] == 0
    assert "holds no file for lesson-1.1.1 (basics.py or basics.ipynb): work.zip is damaged" in record["output"]
    assert str(root) not in record["output"]
    shutil.rmtree(root / "submission")
