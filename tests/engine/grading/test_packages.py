"""A package that a course adds can be imported in a worker of every tier, and its folder is all that is added."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.sandboxes import Sandbox
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import SandboxMissing
from blindgrade.versions.course_version import course_version, software

from ...tiny_package import tiny_package

TESTS = Path(__file__).parents[2]
CATALOG = Catalog(TESTS / "courses" / "mini")
RIGHT = (TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text()
PACKAGE = "tinyops==0.8.1"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder with the installed package, which every user can enter, as a system's folder of packages."""
    folder = Path(tempfile.mkdtemp(prefix="packages-"))
    folder.chmod(0o755)
    monkeypatch.syspath_prepend(tiny_package(folder / "site", "0.8.1"))
    yield folder / "site"
    shutil.rmtree(folder)


@pytest.mark.parametrize("tier", ["namespaces", "landlock", "process"])
def test_a_worker_imports_the_package(site: Path, tmp_path: Path, tier: Sandbox) -> None:
    targets = [replace(target, packages=(PACKAGE,)) for target in CATALOG.find(["all"])]
    uses = RIGHT.replace("return centered /", "return twice(centered) / 2 /")
    (tmp_path / "basics.py").write_text(f"from tinyops import twice\n\n{uses}")
    with Zygote.for_targets(targets, sandbox=tier) as warm:
        try:
            warm.ready()
        except SandboxMissing as missing:
            pytest.skip(f"this machine has no such tier: {missing}")
        attempt = grade(CATALOG, targets, tmp_path, Options(), warm).lessons[0]
    assert (attempt.points, attempt.problems) == (100, [])


def test_a_package_that_the_course_does_not_name_is_not_there(site: Path, tmp_path: Path) -> None:
    (tmp_path / "basics.py").write_text(f"import tinyops\n{RIGHT}")
    attempt = grade(CATALOG, CATALOG.find(["all"]), tmp_path, Options(sandbox="process")).lessons[0]
    assert "ModuleNotFoundError" in attempt.problems[0]


def test_no_warm_process_starts_without_the_package() -> None:
    targets = [replace(target, packages=(PACKAGE,)) for target in CATALOG.find(["all"])]
    with pytest.raises(CourseError, match=r"this course needs tinyops==0\.8\.1.*-m pip install tinyops==0\.8\.1"):
        Zygote.for_targets(targets)


def test_the_versions_of_packages_judge_too(site: Path) -> None:
    [target] = CATALOG.find(["all"])
    versions = {
        course_version(replace(target, packages=packages)).digest for packages in ((), (PACKAGE,), ("tinyops==0.9",))
    }
    assert len(versions) == 3
    assert software((PACKAGE,))["tinyops"] == "0.8.1"
    assert "tinyops" not in software()
