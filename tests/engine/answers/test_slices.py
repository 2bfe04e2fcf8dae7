from __future__ import annotations

import ast
from pathlib import Path

import pytest

from blindgrade.engine.answers.slices import MAIN, SliceError, Slicer

CHECKS = '''"""The lesson's checks."""

from __future__ import annotations

import math

import torch

from blindgrade.checks import Fail, check
from grader_toys.fields import (
    spiral,
    uniform_field,
)

STEPS = 7
THRESHOLD = 0.125  # secret
SCALE: float = 2.0


def helper(x):
    return inner(x) * STEPS


def inner(x):
    return math.sqrt(x)


def verdict(result, expected, rng):
    if result > THRESHOLD:
        raise Fail("too much")


@check("score", weight=2.0, verdict=verdict)
def uses_helper(lesson, rng):
    """The claim."""
    # A comment.
    return helper(lesson.score(spiral(rng)))


@check("score")
def other(lesson, rng):
    """Another claim."""
    return torch.ones(1) * SCALE
'''
FIELDS = """import torch

from grader_toys import unit
from grader_toys.deep.nets import Tiny, Huge

RADIUS = 3.0


def spiral(rng):
    return Tiny(unit * RADIUS)


def uniform_field(rng):
    return Huge(rng)
"""
NETS = """from dataclasses import dataclass, field


class Base:
    pass


@dataclass
class Tiny(Base):
    width: float


class Huge(Base):
    pass
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    toys = tmp_path / "grader_toys"
    (toys / "deep").mkdir(parents=True)
    (tmp_path / "checks.py").write_text(CHECKS)
    (toys / "__init__.py").write_text("unit = 1\nother = 2\n")
    (toys / "fields.py").write_text(FIELDS)
    (toys / "deep" / "nets.py").write_text(NETS)
    return tmp_path


def slicer(files: Path) -> Slicer:
    return Slicer(files / "checks.py", files / "grader_toys")


def cut(files: Path, *names: str, decorators: bool = False) -> dict[str, str]:
    return slicer(files).cut(names or ["uses_helper"], decorators=decorators)


def defined(text: str) -> set[str]:
    """Names that the text binds at its top level."""
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def test_a_slice_holds_the_experiment_and_all_that_it_needs_and_nothing_else(files: Path) -> None:
    assert {module: defined(text) for module, text in cut(files).items()} == {
        MAIN: {"annotations", "uses_helper", "helper", "inner", "math", "STEPS", "spiral"},
        "grader_toys.fields": {"spiral", "unit", "Tiny", "RADIUS"},
        "grader_toys": {"unit"},
        "grader_toys.deep.nets": {"Tiny", "Base", "dataclass"},
    }


def test_verdicts_thresholds_weights_and_other_claims_stay_behind(files: Path) -> None:
    text = "\n".join(cut(files).values())
    for secret in ("verdict", "THRESHOLD", "0.125", "secret", "weight", "Another claim", "@check", "Huge", "uniform"):
        assert secret in CHECKS + FIELDS + NETS
        assert secret not in text


def test_an_experiment_without_toys_takes_none_along(files: Path) -> None:
    assert set(cut(files, "other")) == {MAIN}


def test_several_names_share_one_slice(files: Path) -> None:
    assert {"uses_helper", "other", "SCALE"} <= defined(cut(files, "uses_helper", "other")[MAIN])


def test_kept_text_stays_on_its_line(files: Path) -> None:
    originals = {MAIN: CHECKS, "grader_toys.fields": FIELDS, "grader_toys.deep.nets": NETS}
    for module, text in cut(files).items():
        lines = originals.get(module, "unit = 1\n").splitlines()
        for number, line in enumerate(text.splitlines()):
            if line and "import" not in line:
                assert line == lines[number]
    assert cut(files)[MAIN].splitlines()[9] == "from grader_toys.fields import spiral"


def test_an_import_under_another_name_is_followed(files: Path) -> None:
    text = CHECKS.replace("    spiral,", "    spiral as turn,").replace("score(spiral(", "score(turn(")
    (files / "checks.py").write_text(text)
    assert "from grader_toys.fields import spiral as turn" in cut(files)[MAIN]
    assert "spiral" in defined(cut(files)["grader_toys.fields"])


def test_with_decorators_the_check_is_whole(files: Path) -> None:
    text = cut(files, decorators=True)[MAIN]
    assert {"verdict", "THRESHOLD", "check", "Fail"} <= defined(text)
    assert '@check("score", weight=2.0, verdict=verdict)' in text
    assert "Another claim" not in text


def test_functions_that_need_each_other_are_cut_once(files: Path) -> None:
    (files / "checks.py").write_text("def a(lesson, rng):\n    return b()\n\n\ndef b():\n    return a\n")
    assert defined(cut(files, "a")[MAIN]) == {"a", "b"}


# ---------------------------------------------------------------- digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight=2.0", "weight=3.0"),
        ("THRESHOLD = 0.125", "THRESHOLD = 0.25"),
        ("STEPS = 7", "STEPS = 8"),
        ("return math.sqrt(x)", "return math.sqrt(x) + 1"),
        ('"""The claim."""', '"""The other claim."""'),
    ],
)
def test_a_digest_changes_with_what_the_check_uses(files: Path, old: str, new: str) -> None:
    before = slicer(files).digest(["uses_helper"])
    assert old in CHECKS
    (files / "checks.py").write_text(CHECKS.replace(old, new))
    assert slicer(files).digest(["uses_helper"]) != before


def test_a_digest_changes_with_a_toy_that_the_check_uses(files: Path) -> None:
    before = slicer(files).digest(["uses_helper"])
    (files / "grader_toys" / "fields.py").write_text(FIELDS.replace("RADIUS = 3.0", "RADIUS = 4.0"))
    assert slicer(files).digest(["uses_helper"]) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # secret", ""),
        ("    # A comment.", "    # Another\n    # comment."),
        ("\n\n\ndef inner", "\n\n\n\n\ndef inner"),
        ("SCALE: float = 2.0", "SCALE: float = 3.0"),
        ("    uniform_field,\n", ""),
        ("Another claim", "One more claim"),
    ],
)
def test_a_digest_ignores_comments_blank_lines_and_what_the_check_does_not_use(files: Path, old: str, new: str) -> None:
    before = slicer(files).digest(["uses_helper"])
    assert old in CHECKS
    (files / "checks.py").write_text(CHECKS.replace(old, new))
    assert slicer(files).digest(["uses_helper"]) == before


# ---------------------------------------------------------------- errors


def test_a_toys_module_that_does_not_exist_is_named_with_the_file_to_create(files: Path) -> None:
    (files / "checks.py").write_text(CHECKS.replace("grader_toys.fields", "grader_toys.felds"))
    with pytest.raises(SliceError, match=r"imports grader_toys\.felds, but .*felds\.py does not exist; create it"):
        cut(files)


def test_a_file_that_does_not_parse_is_named_with_its_line(files: Path) -> None:
    (files / "checks.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(SliceError, match=r"checks\.py:2: "):
        slicer(files)
