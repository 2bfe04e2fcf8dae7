from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.shared_files import SharedFiles, private_assets

DIGITS = 'from toys import TinyBlock\n\nASSETS = "assets"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A course's folder exercises/: digits.py uses toys.py and data, lines.py uses nothing."""
    folder = tmp_path / "exercises"
    texts = {
        "toys.py": "", "lines.py": "", "digits.py": DIGITS, "not a module.py": "", "lesson_1_1_1_a/a.py": "",
        "assets/digits.npz": "numbers", "assets/deep/more.txt": "", "assets/.hidden": "",
        "assets/__pycache__/a.pyc": "",
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names(shared: SharedFiles, paths: list[Path]) -> list[str]:
    return [shared.name(path) for path in paths]


def test_modules_at_the_top_and_everything_in_assets_are_shared(home: Path) -> None:
    shared = SharedFiles(home)
    assert list(shared.modules) == ["digits", "lines", "toys"]
    assert shared.names == ["digits.py", "lines.py", "toys.py", "assets/digits.npz", "assets/deep/more.txt"]
    assert shared.contents()["assets/digits.npz"] == b"numbers"


def test_a_course_without_a_folder_shares_nothing(tmp_path: Path) -> None:
    assert SharedFiles(tmp_path / "exercises").paths == [] and private_assets(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "from digits import load_digits",
        "import torch, digits",
        "from digits import (\n    judge,\n)",
        'd = __import__("digits")',
        'open("assets/digits.npz")',
    ],
)
def test_code_that_may_read_the_data_gets_it(home: Path, text: str) -> None:
    assert list(SharedFiles(home).for_code(["", text])) == SharedFiles(home).names


@pytest.mark.parametrize("text", ["", "from toys import mlp", "# It agrees to the last digits.", "import lines"])
def test_other_code_gets_the_modules_alone(home: Path, text: str) -> None:
    assert list(SharedFiles(home).for_code([text])) == ["digits.py", "lines.py", "toys.py"]


def test_code_depends_on_what_it_imports_also_through_another_module(home: Path) -> None:
    shared = SharedFiles(home)
    data = ["assets/digits.npz", "assets/deep/more.txt"]
    assert names(shared, shared.needed_by(["import digits"])) == ["digits.py", "toys.py", *data]
    assert names(shared, shared.needed_by(["from toys import mlp", "x = 1"])) == ["toys.py"]
    (home / "lines.py").write_text("import digits\n")
    assert names(SharedFiles(home), SharedFiles(home).needed_by(["import lines"]))[:3] == [
        "digits.py", "lines.py", "toys.py",
    ]  # fmt: skip


def test_a_file_that_a_student_adds_to_a_release_is_not_shared(home: Path) -> None:
    """The grading machine has no such file, so a submission must not pass here and fail there."""
    manifest = home.parent / ".blindgrade" / "released.json"
    manifest.parent.mkdir()
    released = ["exercises/toys.py", "exercises/assets/digits.npz", "course.toml"]
    manifest.write_text(json.dumps({"files": dict.fromkeys(released, "digest")}))
    assert SharedFiles(home).names == ["toys.py", "assets/digits.npz"]
    manifest.write_text("{")  # a student broke the record; then nothing is known about the files
    assert len(SharedFiles(home).names) == 5


def test_private_data_are_what_is_no_script(tmp_path: Path) -> None:
    folder = tmp_path / "graders" / "assets"
    folder.mkdir(parents=True)
    for name in ("judge.npz", "make.py", "README.md"):
        (folder / name).touch()
    assert private_assets(tmp_path) == [folder / "judge.npz"]
