"""The miniature course with the digits of the real one, and a look at them from where a target brought them."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from blindgrade.catalog import Catalog

ROOT = Path(__file__).parents[1]
MINI = ROOT / "tests" / "courses" / "mini"
NAMES = ["digits.py", "toys.py", "assets/README.md", "assets/digits.npz", "assets/judge.npz", "assets/teacher.npz"]
# A right answer that is wrong if digits, judge or teacher are.
USES = (
    (ROOT / "tests" / "submissions" / "mini" / "all_right" / "basics.py")
    .read_text()
    .replace("return centered /", "return (GOOD and not TEACHER.training) * centered /")
    + """
from digits import judge, load_digits, teacher

GOOD = judge().legible(*load_digits("held_out")) > 0.9
TEACHER = teacher()
"""
)


def digits_course(folder: Path) -> Catalog:
    """A copy of the miniature course whose lesson may import digits."""
    root = Path(shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("__pycache__", "build")))
    for tree in ("exercises", "graders"):
        shutil.copytree(ROOT / tree / "assets", root / tree / "assets")
    for name in ("exercises/digits.py", "exercises/toys.py", "graders/grader_toys/judges.py"):
        shutil.copy(ROOT / name, root / name)
    return Catalog(root)


def written(files: dict[str, bytes], folder: Path) -> Path:
    """The folder with these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def must_load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digits, judge and teacher beside this folder's digits.py can be loaded."""
    _imported(folder / "toys.py", "toys", monkeypatch)
    digits = _imported(folder / "digits.py", "digits", monkeypatch)
    assert digits.judge().legible(*digits.load_digits("held_out")) > 0.9
    assert not digits.teacher().training


def _imported(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module
