"""A sample is one exercise's code with what it uses of its file, and nothing that names its author."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.samples import sample_of, shortest
from blindgrade.engine.submission.reading import read_submission
from blindgrade.models import Attempt, SubmissionRef

from ..graded import attempt

TEXT = '''
# Written by Ada Lovelace
"""Ada's homework."""
import math
import torch
from jaxtyping import Float
from torch import Tensor

UNUSED = 3
SCALE: float = math.tau


def _helper(x: "Ada's tensor") -> "Ada's result":
    """Ada's helper."""
    return x * SCALE


def correlation(first, second):
    return 0


def standardize(values: Float[Tensor, "n"]) -> Tensor:
    """Ada's docstring."""
    if values.dim() < 1:
        raise ValueError("Ada says no")
    correlation(values, torch.zeros(1))

    class Inner:
        """By Ada."""

    return _helper(values)
'''


def test_a_sample_has_what_the_answer_uses_and_no_other_exercise(mini: Catalog) -> None:
    [files] = mini.ready()
    sample = sample_of(mini.lesson(files), "standardize", TEXT)
    assert sample is not None
    assert (
        sample.helpers
        == "import math\nimport torch\n\n\nSCALE: float = math.tau\n\n\ndef _helper(x):\n    return x * SCALE"
    )
    assert sample.code == (
        "def standardize(values):\n    if values.dim() < 1:\n        raise ValueError\n"
        "    correlation(values, torch.zeros(1))\n\n"
        "    class Inner:\n        pass\n    return _helper(values)"
    )
    assert sample.whole == f"{sample.helpers}\n\n\n{sample.code}"


@pytest.mark.parametrize("text", ["", "def other(): pass", "def standardize(:", "x = 1\0"])
def test_a_file_without_the_answer_has_no_sample(mini: Catalog, text: str) -> None:
    [files] = mini.ready()
    assert sample_of(mini.lesson(files), "standardize", text) is None


def handed_in(mini: Catalog, folder: Path, student: str, code: str) -> Attempt:
    [files] = mini.ready()
    place = folder / student
    place.mkdir(parents=True)
    (place / "basics.py").write_text(code)
    read = read_submission(place, [files], {files.entry.id: {e.defines for e in mini.lesson(files).exercises}})
    found = read[files.entry.id]
    assert found is not None
    return attempt(student, (0, 1, 1), submission=SubmissionRef(path=str(place), sha256=found.sha256))


def test_the_shortest_answer_is_taken_that_does_not_have_its_students_id(mini: Catalog, tmp_path: Path) -> None:
    [files] = mini.ready()
    lesson = mini.lesson(files)
    attempts = [
        handed_in(mini, tmp_path, "ada", "def standardize(values):\n    ada = values\n    return ada"),
        handed_in(mini, tmp_path, "ben", "def standardize(values):\n    middle = values.mean()\n    return middle"),
        handed_in(mini, tmp_path, "cleo", "def standardize(values):\n    # short\n    result = 2\n    return result"),
    ]
    found = shortest(files, lesson, "standardize", attempts)
    assert found is not None and found.whole == "def standardize(values):\n    result = 2\n    return result"


def test_a_submission_that_changed_or_is_gone_gives_no_sample(mini: Catalog, tmp_path: Path) -> None:
    [files] = mini.ready()
    lesson = mini.lesson(files)
    one = handed_in(mini, tmp_path, "ada", "def standardize(values):\n    return 1")
    changed = one.model_copy(update={"submission": SubmissionRef(path=one.submission.path, sha256="0")})
    gone = one.model_copy(update={"submission": SubmissionRef(path=str(tmp_path / "no"), sha256="0")})
    assert shortest(files, lesson, "standardize", [changed, gone]) is None
    assert shortest(files, lesson, "standardize", [changed, one]) is not None
