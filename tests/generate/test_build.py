from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.slices import Slicer
from blindgrade.generate.build import build, public_checks_text
from blindgrade.verify.proofs import prove_task
from blindgrade.verify.tasks import Task

MINI = Path(__file__).parents[1] / "courses" / "mini"
PUBLIC = "exercises/lesson_1_1_1_basics"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    root = shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__"))
    return Catalog(Path(root))


def edit(catalog: Catalog, file: str, old: str, new: str) -> None:
    path = catalog.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_course_that_was_built_is_up_to_date(catalog: Catalog) -> None:
    assert build(catalog, ["all"], check=True) == []


def test_an_edited_text_makes_stub_and_notebook_drift_and_a_build_updates_them(catalog: Catalog) -> None:
    edit(catalog, "solutions/lesson_1_1_1_basics/basics.py", "Three small exercises", "Three exercises")
    drifted = [f"{PUBLIC}/basics.py", f"{PUBLIC}/basics.ipynb"]
    assert build(catalog, ["all"], check=True) == drifted
    assert build(catalog, ["all"], check=False) == drifted
    assert build(catalog, ["all"], check=True) == []


def test_check_writes_nothing(catalog: Catalog) -> None:
    edit(catalog, "solutions/lesson_1_1_1_basics/basics.py", "Three small exercises", "Three exercises")
    before = (catalog.root / PUBLIC / "basics.py").read_text()
    build(catalog, ["all"], check=True)
    assert (catalog.root / PUBLIC / "basics.py").read_text() == before


def test_a_changed_public_check_makes_its_key_drift(catalog: Catalog) -> None:
    edit(catalog, "graders/lesson_1_1_1_basics/checks.py", "rng.normal(3, 3,", "rng.normal(3, 4,")
    assert build(catalog, ["all"], check=False) == [f"{PUBLIC}/public_checks.py", f"{PUBLIC}/answer_key.json"]
    assert build(catalog, ["all"], check=True) == []


def test_a_missing_or_damaged_key_is_made_again(catalog: Catalog) -> None:
    key = catalog.root / PUBLIC / "answer_key.json"
    for spoil in (key.unlink, lambda: key.write_text("{"), lambda: key.write_text('{"schema": "other"}')):
        spoil()
        assert build(catalog, ["all"], check=True) == [f"{PUBLIC}/answer_key.json"]
        build(catalog, ["all"], check=False)
    assert build(catalog, ["all"], check=True) == []


def test_a_changed_solution_makes_the_key_drift(catalog: Catalog) -> None:
    edit(catalog, "solutions/lesson_1_1_1_basics/basics.py", "keepdim=True).sqrt()", "keepdim=True).sqrt() * 2")
    assert f"{PUBLIC}/answer_key.json" in build(catalog, ["all"], check=True)


def test_a_public_check_may_use_a_toy_that_imports_what_the_checks_import_too(catalog: Catalog) -> None:
    (catalog.root / "graders" / "grader_toys" / "rows.py").write_text(
        "import torch\nfrom torch import Tensor\n\n\ndef ramp(x: Tensor) -> Tensor:\n    return x + torch.ones(1)\n\n"
    )
    checks = "graders/lesson_1_1_1_basics/checks.py"
    edit(
        catalog,
        checks,
        "import torch\n",
        "import torch\nfrom torch import Tensor\n\nfrom grader_toys.rows import ramp\n",
    )
    edit(catalog, checks, "def _rows(rng):", "def _rows(rng) -> Tensor:")
    edit(
        catalog,
        checks,
        "    first, second = _rows(rng), _rows(rng)",
        "    first, second = ramp(_rows(rng)), _rows(rng)",
    )
    build(catalog, ["all"], check=False)
    text = (catalog.root / PUBLIC / "public_checks.py").read_text()
    assert text.count("import torch\n") == text.count("from torch import Tensor\n") == 1
    assert proved(catalog.root) == ""
    edit(catalog, f"{PUBLIC}/public_checks.py", "import torch\n", "")
    assert "out of date" in proved(catalog.root)


def proved(root: Path) -> str:
    return prove_task(root, Task("lesson-1.1.1", "key", "")).detail


def test_the_order_of_the_parts_of_public_checks_does_not_depend_on_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    course = Catalog(MINI.parents[2])
    files = course.files("lesson-7.1.1")
    checks = LessonChecks(files, course.lesson(files), files.private_checks)
    text, cut = public_checks_text(checks), Slicer.cut
    assert len(cut(checks.slicer, [check.name for check in checks.all if check.public], decorators=True)) > 2

    def the_other_way_round(self: Slicer, names: list[str], *, decorators: bool = False) -> dict[str, str]:
        return dict(reversed(cut(self, names, decorators=decorators).items()))

    monkeypatch.setattr(Slicer, "cut", the_other_way_round)
    assert public_checks_text(checks) == text
