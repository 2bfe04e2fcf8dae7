"""Right answers in another form than the solution's: NumPy's values, buffers and compiled code lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.models import CheckResult, ExerciseResult, Outcome

ROOT = Path(__file__).parents[3]
AS_NUMPY = """
import numpy
_right = {name}
def {name}(*args, **kwargs):
    return {form}
"""


def graded(folder: Path, exercise: str, *, appended: str = "", edit: tuple[str, str] = ("", "")) -> ExerciseResult:
    """Result of the lesson's solution with one edit and some code below it."""
    [target] = Catalog(ROOT).find([exercise])
    text = target.files.solution.read_text()
    assert edit[0] in text
    (folder / f"{target.files.module}.py").write_text(text.replace(*edit, 1) + appended)
    [attempt] = grade(Catalog(ROOT), [target], folder, Options(seed=7)).lessons
    return attempt.exercises[0]


def failures(result: ExerciseResult) -> list[CheckResult]:
    return [check for check in result.checks if check.outcome is not Outcome.PASSED]


@pytest.mark.parametrize(
    ("exercise", "form"),
    [
        ("lesson-7.1.2/map_changes", "numpy.bool_(_right(*args, **kwargs))"),
        ("lesson-7.4.1/micro_conditioning_ids", "[numpy.int64(n) for n in _right(*args, **kwargs)]"),
        ("lesson-7.4.1/micro_conditioning_ids", "numpy.array(_right(*args, **kwargs))"),
        ("lesson-7.4.1/multi_resolution_options", "{k: numpy.float32(v) for k, v in _right(*args, **kwargs).items()}"),
        ("lesson-7.4.1/multi_resolution_options", "{k: numpy.array(v) for k, v in _right(*args, **kwargs).items()}"),
    ],
    ids=["a bool", "integers in a list", "an array", "floats in float32", "arrays without axes"],
)
def test_numpys_values_count_as_pythons(tmp_path: Path, exercise: str, form: str) -> None:
    name = exercise.partition("/")[2]
    assert failures(graded(tmp_path, exercise, appended=AS_NUMPY.format(name=name, form=form))) == []


def test_a_constant_in_a_buffer_is_neither_overwritten_nor_less_precise(tmp_path: Path) -> None:
    scale = ("math.sqrt(q.shape[-1])  # [B, heads, N, M]", "self.scale")
    added = (
        "\n_init = SDXLCrossAttention.__init__\ndef _with_buffer(self, d_model, n_heads, d_context=2048):\n"
        "    _init(self, d_model, n_heads, d_context)\n"
        "    self.register_buffer('scale', torch.tensor(math.sqrt(d_model // n_heads)))\n"
        "SDXLCrossAttention.__init__ = _with_buffer\n"
    )
    assert failures(graded(tmp_path, "lesson-7.4.1/SDXLCrossAttention", edit=scale, appended=added)) == []


def test_modules_in_a_python_list_are_missing_keys_in_one_line(tmp_path: Path) -> None:
    in_a_list = ("self.blocks = nn.ModuleList(", "self.blocks = list(")
    message = failures(graded(tmp_path, "lesson-7.4.2/TinyDiT", edit=in_a_list))[0].message
    first, second = message.split(";\n")  # a line for each model that was built
    assert first == (
        "(2, 8, 2, 16, 4, 2, 5): missing keys: 'blocks.0.qkv.weight', 'blocks.0.qkv.bias', 'blocks.0.proj.weight', "
        "'blocks.0.proj.bias' and 16 more"
    )
    assert second.startswith("(3, 6, 3, 12, 2, 3, 4): missing keys: 'blocks.0.qkv.weight', ")


@pytest.mark.parametrize("decorator", ["torch.compile", "torch.compile(mode='reduce-overhead')", "torch.jit.script"])
def test_compiled_functions_run_eagerly(tmp_path: Path, decorator: str) -> None:
    edit = ("def noise_from_score(", f"@{decorator}\ndef noise_from_score(")
    assert failures(graded(tmp_path, "lesson-7.2.1/noise_from_score", edit=edit)) == []


def test_another_dtype_is_named_with_the_one_that_is_due(tmp_path: Path) -> None:
    edit = ("    return -score * _trailing(", "    return -score.double() * _trailing(")
    messages = [check.message for check in failures(graded(tmp_path, "lesson-7.2.1/noise_from_score", edit=edit))]
    assert messages and all(
        "has dtype float64 (double precision); expected float32 (single precision)" in message for message in messages
    )
