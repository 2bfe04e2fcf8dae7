"""Packages that a course adds to the grading environment."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from blindgrade import environment
from blindgrade.catalog import Catalog, CourseError, need_packages

from .tiny_package import tiny_package

MINI = Path(__file__).parent / "courses" / "mini"
RICH = f"rich=={metadata.version('rich')}"


@pytest.mark.parametrize("packages", [(), ("einops==0.8.1",), ("a.b-c[extra]==1!2.0rc1+cpu", "scikit-image==0.25")])
def test_names_with_versions_are_accepted(packages: tuple[str, ...]) -> None:
    assert environment.mistake(packages) == ""


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("einops", "write it like 'einops==0.8.1'"),
        ("einops>=0.8", "write it like"),
        ("einops==0.8.*", "write it like"),
        ("einops==0.8.1; python_version>'3'", "write it like"),
        ("--index-url=x", "write it like"),
        ("einops @ https://x/y.whl", "write it like"),
        ("torch==2.0", "part of every grader"),
        ("NumPy==2.0", "part of every grader"),
    ],
)
def test_anything_else_is_refused_with_the_reason(package: str, says: str) -> None:
    assert says in environment.mistake([package])


def test_a_package_that_is_listed_twice_is_refused() -> None:
    assert "twice" in environment.mistake(["scikit-image==1", "scikit_image==2"])


def test_a_missing_package_and_another_version_are_named_with_the_command() -> None:
    assert environment.missing([RICH]) == ""
    said = environment.missing([RICH, "no-such-package==1.0", "rich==0.1"])
    assert said.startswith("this course needs no-such-package==1.0 and rich==0.1, and this Python does not have it")
    assert f"installed: rich {metadata.version('rich')}" in said
    assert said.endswith(f"`{sys.executable} -m pip install no-such-package==1.0 rich==0.1`")


def test_a_build_of_the_same_version_is_the_same_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tiny_package(tmp_path, "0.8.1+cpu"))
    assert environment.missing(["tinyops==0.8.1"]) == ""
    assert environment.installed(["tinyops==0.8.1"]) == {"tinyops": "0.8.1+cpu"}
    assert environment.folders(["tinyops==0.8.1"]) == [str(tmp_path)]


def test_an_editable_package_has_its_source_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, source = tmp_path / "site", tmp_path / "project"
    (source / "src").mkdir(parents=True)
    monkeypatch.syspath_prepend(tiny_package(site, "0.8.1", editable=source))
    assert environment.folders(["tinyops==0.8.1"]) == [str(site), str(source / "src"), str(source)]


def course_with(folder: Path, packages: str) -> Catalog:
    text = (MINI / "course.toml").read_text()
    (folder / "course.toml").write_text(f"{text}\n[environment]\npackages = {packages}\n")
    (folder / "exercises").symlink_to(MINI / "exercises")
    return Catalog(folder)


def test_course_toml_names_packages_and_every_target_knows_them(tmp_path: Path) -> None:
    targets = course_with(tmp_path, f'["{RICH}"]').find(["all"])
    assert targets[0].packages == (RICH,)
    need_packages(targets)


def test_a_mistake_in_course_toml_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"course.toml:\d+: `environment`: .*write it like 'einops==0.8.1'"):
        course_with(tmp_path, '["einops"]').find(["all"])


def test_no_grading_begins_without_a_package(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="this course needs no-such-package==1.0.*pip install"):
        need_packages(course_with(tmp_path, '["no-such-package==1.0"]').find(["all"]))
