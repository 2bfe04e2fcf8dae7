"""Lazy answers have the reference's form and none of its values."""

import shutil
from pathlib import Path

import pytest
import torch

from blindgrade.engine.worker.lesson import Names
from blindgrade.verify.lazy import FILLERS, Filler, Recorder, constant, guesser, lazy_module
from blindgrade.verify.proofs import prove_task
from blindgrade.verify.tasks import Task
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"
FOLDER = "lesson_1_1_1_basics"
EXTRA = """
class Doubler(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.factor * x


def train(model, x):
    with torch.no_grad():
        model.factor.add_(1.0)
    return {"loss": 0.3, "name": "done", "good": True, "steps": [1, 2]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the miniature course with a class and a training function."""
    copy = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))
    solution = copy / f"solutions/{FOLDER}/basics.py"
    solution.write_text(solution.read_text() + EXTRA)
    return copy


def answered(root: Path, defines: str, filler: Filler) -> Names:
    return lazy_module(Workshop(root, LESSON).solution, defines, filler).names


def filler(name: str) -> Filler:
    return next(f for f in FILLERS if f.name == name)


def test_a_tensor_keeps_its_shape_and_dtype_and_loses_its_values(root: Path) -> None:
    x = torch.arange(6, dtype=torch.float64).reshape(2, 3)
    assert torch.equal(answered(root, "standardize", filler("zeros")).standardize(x), torch.zeros_like(x))
    assert torch.equal(answered(root, "standardize", filler("ones")).standardize(x), torch.ones_like(x))
    assert torch.equal(answered(root, "standardize", filler("the input")).standardize(x), x)
    assert answered(root, "standardize", filler("None")).standardize(x) is None


def test_a_lazy_answer_raises_nothing(root: Path) -> None:
    one = torch.ones(1)
    assert answered(root, "standardize", filler("zeros")).standardize(one) is one


def test_other_definitions_call_the_lazy_one(root: Path) -> None:
    x = torch.arange(3.0)
    assert answered(root, "standardize", filler("zeros")).correlation(x, x) == 0


def test_a_returned_function_answers_lazily(root: Path) -> None:
    x = torch.linspace(-1, 1, 5)
    line = answered(root, "fit_line", filler("zeros")).fit_line(x, x + 1)
    assert torch.equal(line(x), torch.zeros(5))


def test_a_class_keeps_its_parameters_and_answers_lazily(root: Path) -> None:
    doubler = answered(root, "Doubler", filler("ones")).Doubler()
    assert list(doubler.state_dict()) == ["factor"]
    assert torch.equal(doubler(torch.tensor([3.0, 4.0])), torch.ones(2))


def test_a_model_trained_in_place_stays_untrained_and_scalars_are_replaced(root: Path) -> None:
    lesson = answered(root, "train", filler("zeros"))
    model = lesson.Doubler()
    assert lesson.train(model, torch.ones(1)) == {"loss": 0.0, "name": "", "good": False, "steps": [0, 0]}
    assert model.factor == 2.0


def test_guesses_come_from_what_the_reference_returned(root: Path) -> None:
    recorder = Recorder()
    lesson = answered(root, "train", Filler("recorder", recorder))
    lesson.train(lesson.Doubler(), torch.ones(1))
    assert recorder.options == ["done", True]
    assert not recorder.discrete
    always = answered(root, "train", constant("done"))
    assert always.train(always.Doubler(), torch.ones(1))["name"] == "done"
    guessing = answered(root, "train", guesser(recorder.options))
    assert guessing.train(guessing.Doubler(), torch.ones(1))["good"] is True


def test_an_exercise_that_zeros_earn_fails_its_proof(root: Path) -> None:
    checks = root / f"graders/{FOLDER}/checks.py"
    checks.write_text(
        checks.read_text().replace("first, second = _rows(rng), _rows(rng)", "first = second = 0 * _rows(rng)")
    )
    checks.write_text(
        checks.read_text().replace(
            "lesson.correlation(first, second)", "lesson.correlation(first, second).nan_to_num()"
        )
    )
    proof = prove_task(root, Task(LESSON, "lazy", "correlation", "correlation"))
    assert not proof.passed
    assert "zeros earns 26.6667 of 40 with compares_rows" in proof.detail
