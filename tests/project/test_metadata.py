"""pyproject.toml, the files beside it and the wheel that pip builds from them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from blindgrade.release.wheel import engine_wheel

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUILT = ("LICENSE", "README.md", "pyproject.toml", "src")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that pip builds from a copy of the sources, without a network."""
    tree, to = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in BUILT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, tree)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        to,
        tree,
    ]
    subprocess.run(pip, check=True, timeout=300)
    return zipfile.ZipFile(next(to.glob("*.whl")))


def modules(archive: zipfile.ZipFile) -> set[str]:
    return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_that_pip_builds_has_the_files_of_the_wheel_that_a_release_makes(built: zipfile.ZipFile) -> None:
    released = zipfile.ZipFile(io.BytesIO(engine_wheel()[1]))
    for_authors = {name for name in modules(built) if name.startswith(("blindgrade/scaffold/", "blindgrade/imports/"))}
    assert modules(built) - for_authors == modules(released)
    assert len(for_authors) > 20


def test_the_wheel_has_every_file_of_the_package_also_those_whose_name_begins_with_a_dot(
    built: zipfile.ZipFile,
) -> None:
    package = ROOT / "src" / "blindgrade"
    folders = os.walk(package, followlinks=True)  # student_template/ is a link to the repository's top
    paths = [Path(folder, name) for folder, _, names in folders if "__pycache__" not in folder for name in names]
    assert modules(built) == {path.relative_to(ROOT / "src").as_posix() for path in paths}
    assert "blindgrade/release/student_template/.github/workflows/grade.yml" in modules(built)


def test_the_licence_is_in_the_wheel_and_named_in_its_metadata(built: zipfile.ZipFile) -> None:
    info = f"blindgrade-{PROJECT['version']}.dist-info"
    assert built.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    headers = built.read(f"{info}/METADATA").decode().split("\n\n")[0].splitlines()
    assert {"License-Expression: BSD-3-Clause", "License-File: LICENSE"} <= set(headers)
    assert f"Copyright (c) 2026, {PROJECT['authors'][0]['name']}" in (ROOT / "LICENSE").read_text()


def test_the_oldest_versions_that_ci_tries_are_the_lower_bounds() -> None:
    lines = [line for line in (ROOT / "constraints-lowest.txt").read_text().splitlines() if not line.startswith("#")]
    lowest = {r.name: r.specifier for r in map(Requirement, lines)}
    wanted = {r.name: r.specifier for r in map(Requirement, PROJECT["dependencies"])}
    assert lowest.keys() == wanted.keys()
    for name, bounds in wanted.items():
        (pin,) = lowest[name]
        (floor,) = [bound for bound in bounds if bound.operator == ">="]
        assert (pin.operator, Version(pin.version)) == ("==", Version(floor.version)), name


def test_every_library_that_make_installs_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    pinned = {canonicalize_name(line.split("==")[0]) for line in lines}
    extras = (
        "author",
        "dev",
        "docs",
        "notebook",
        "report",
        "cluster",
        "nbgrader",
        "browser",
        "coverage",
        "hooks",
        "publish",
    )
    wanted = [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]
    assert {canonicalize_name(Requirement(one).name) for one in wanted} <= pinned


def test_a_release_is_built_with_the_setuptools_that_the_tests_use() -> None:
    (builder,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert builder in (ROOT / "constraints.txt").read_text().split()


def test_the_version_has_an_entry_in_the_changelog() -> None:
    assert f"\n## {PROJECT['version']} (" in (ROOT / "CHANGELOG.md").read_text()
