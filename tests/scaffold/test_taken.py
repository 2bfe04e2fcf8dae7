"""`--from FILE`: what is proposed for a definition that exists."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.catalog import Catalog
from blindgrade.cli.course.group import course
from blindgrade.scaffold.regions import with_regions

MINI = Path(__file__).parents[1] / "courses" / "mini"
LAYERS = '''\
"""Layers."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

SCALE = 2.0
open("ran", "w")


def _soft(scores):
    return scores.softmax(dim=-1) * SCALE


def attention(query: Float[Tensor, "n d"], key: Float[Tensor, "m d"]) -> Tensor:
    """Scaled weights. Raises ValueError if the widths differ."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError("widths differ")
    return _soft(query @ key.T / math.sqrt(query.shape[-1]))


class Gate(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return x * torch.sigmoid(self.w)


def half(x): return x / 2


def empty(x):
    """Nothing."""
'''


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", ".blindgrade")))
    monkeypatch.setenv("BLINDGRADE_COURSE", str(copy))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_text(LAYERS)
    return copy


def taken(name: str, file: str = "layers.py") -> Result:
    return CliRunner().invoke(course, ["new-exercise", "basics", name, "--from", file])


def test_a_function_comes_with_its_helpers_imports_regions_checks_and_wrong_answers(root: Path) -> None:
    done = taken("attention")
    assert done.exit_code == 0, done.output
    files = Catalog(root).files("lesson-1.1.1")
    solution, stub = files.solution.read_text(), files.stub.read_text()
    assert "import math" in solution and "from jaxtyping import Float" in solution
    assert "_soft" in solution and "SCALE = 2.0" in solution and "_soft" not in stub and "SCALE" not in stub
    assert 'raise ValueError("widths' in solution and "raise ValueError" not in stub
    checks = files.private_checks.read_text()
    assert "lesson.attention" in checks and "def attention_raises_valueerror(lesson, rng):" in checks
    assert "[rng.normal(4, 4), rng.normal(4, 4)]" in checks and "[rng.normal(2, 3), rng.normal(2, 3)]" in checks
    known = files.known_answers.read_text()
    assert 'wrong("query_times_key_t", "query @ key.T", "query * key.T", hint="TODO")' in known
    assert not (root.parent / "ran").exists(), "the file was run"


def test_a_class_gets_a_region_in_each_method_and_checks_of_its_parameters(root: Path) -> None:
    assert taken("Gate").exit_code == 0
    files = Catalog(root).files("lesson-1.1.1")
    assert Catalog(root).lesson(files).exercise("Gate").kind == "class"
    stub = files.stub.read_text()
    assert stub.count("raise NotImplementedError\n") == 5 and "super().__init__()\n        raise" in stub
    assert "shapes_of(lesson.Gate(4))" in files.private_checks.read_text()


def test_proofs_name_what_is_left_to_do(root: Path) -> None:
    taken("half")
    done = CliRunner().invoke(course, ["verify", "lesson-1.1.1", "--seeds", "1", "--workers", "1"])
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "`half` has 0 alternatives and needs at least 2" in said and "TODO is left in" in said


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("absent", "layers.py", "defines no `absent`; it defines _soft, attention, Gate, half, empty"),
        ("empty", "layers.py", "has no body that a student could write"),
        ("f", "broken.py", "broken.py:1: "),
        ("f", "missing.py", "cannot be read"),
    ],
)
def test_a_definition_that_cannot_be_taken_is_refused_and_nothing_changes(
    root: Path, name: str, file: str, reason: str
) -> None:
    (root.parent / "broken.py").write_text("def f(:\n")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = taken(name, file)
    assert done.exit_code == 2 and reason in done.stderr
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_without_libcst_the_extra_is_named_in_place_of_proposals(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.verify.mutant.NEEDED", "no_such_library")
    assert taken("half").exit_code == 0
    known = Catalog(root).files("lesson-1.1.1").known_answers.read_text()
    assert "pip install 'blindgrade[author]'" in known


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "def f(x): return x",
        "def f(x):\n    '''Doc.'''\n    y = x; return y",
        "def f(x):\n    # a comment\n    if x:\n        return 1\n    return 2  # two",
        "class A:\n    size = 1\n\n    def f(self):\n        return 1\n\n    def g(self):\n        pass",
    ],
)
def test_regions_hold_every_statement_and_keep_the_meaning(code: str) -> None:
    cut = with_regions(code, "f")
    plain = ast.parse(cut)
    assert cut.count("### BEGIN SOLUTION") == cut.count("### END SOLUTION") == 1
    inside = cut.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    assert (
        "return " in inside
        and "return " not in cut.replace(inside, "")
        and "# a comment" not in cut.replace(inside, "")
    )
    assert ast.get_docstring(plain.body[0]), "a docstring is there or proposed"  # type: ignore[arg-type]  # a definition
