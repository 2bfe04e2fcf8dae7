"""Digits in a worker: their modules and data are beside the student's file, in every tier of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import SandboxMissing

from ...digits_course import USES, digits_course

OWN = {
    "digits.py": "raise ValueError",
    "digits/__init__.py": "raise ValueError",
    "assets/digits.npz": "",
    "own.txt": "1",
}


@pytest.mark.parametrize("tier", ["namespaces", "landlock", "process"])
def test_a_worker_loads_digits(tmp_path: Path, tier: Sandbox) -> None:
    catalog = digits_course(tmp_path / "course")
    targets = catalog.find(["lesson-1.1.1/standardize"])
    (tmp_path / "basics.py").write_text(USES)
    with Zygote.for_targets(targets, sandbox=tier) as warm:
        try:
            warm.ready()
        except SandboxMissing as missing:
            pytest.skip(f"this machine has no such tier: {missing}")
        attempt = grade(catalog, targets, tmp_path / "basics.py", Options(), warm).lessons[0]
    assert (attempt.points, attempt.problems) == (40, [])


def test_files_with_the_names_of_shared_ones_do_not_replace_them(tmp_path: Path) -> None:
    catalog = digits_course(tmp_path / "course")
    folder = tmp_path / "handed in" / "lesson_1_1_1_basics"
    reads = 'GOOD = GOOD and open(__file__.replace("basics.py", "own.txt")).read() == "1"\n'
    for name, text in {**OWN, "basics.py": USES + reads}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    targets = catalog.find(["lesson-1.1.1/standardize"])
    attempt = grade(catalog, targets, folder.parent, Options(sandbox="process")).lessons[0]
    assert (attempt.points, attempt.problems) == (40, [])
