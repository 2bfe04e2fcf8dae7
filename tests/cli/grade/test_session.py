"""Which warm process serves the next command."""

from __future__ import annotations

import shutil
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.cli.grade.session import _fits, _needed

MINI = Path(__file__).parents[2] / "courses" / "mini"
STUB = "exercises/lesson_1_1_1_basics/basics.py"


def test_a_warm_process_without_the_optimizer_serves_no_lesson_that_needs_it(tmp_path: Path) -> None:
    course = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__")))
    targets = Catalog(course).find(["lesson-1.1.1"])  # it is trained by hand
    plain = _needed(targets, "auto")
    with (course / STUB).open("a") as stub:
        stub.write("\n# Try torch.optim.SGD, too.\n")
    trained = _needed(targets, "auto")
    assert not _fits(plain, trained)
    assert _fits(trained, plain) and _fits(trained, trained)
