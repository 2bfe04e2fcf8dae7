"""Every release installs the packages that the course adds."""

from __future__ import annotations

import io
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.release import repository
from blindgrade.systems.classroom50 import release as classroom50
from blindgrade.systems.gradescope import release as gradescope
from blindgrade.systems.nbgrader import release as nbgrader

MINI = Path(__file__).parents[1] / "courses" / "mini"
PACKAGES = ("einops==0.8.1", "scikit-image==0.25.0")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Course that adds two packages."""
    root = tmp_path / "course"
    shutil.copytree(MINI, root)
    with (root / "course.toml").open("a") as file:
        file.write(f"\n[environment]\npackages = {list(PACKAGES)}\n".replace("'", '"'))
    return Catalog(root)


def test_a_students_repository_installs_them(catalog: Catalog) -> None:
    files = repository.files(catalog, catalog.find(["all"]))
    assert files["requirements.txt"].decode().splitlines()[-2:] == list(PACKAGES)
    project = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert project["dependencies"][-len(PACKAGES) :] == list(PACKAGES)
    assert tomllib.loads(files["course.toml"].decode())["environment"] == {"packages": list(PACKAGES)}


def test_a_template_that_does_not_install_them_is_refused(catalog: Catalog) -> None:
    (catalog.student_template / "requirements.txt").write_text("./vendor/{{ wheel }}\n")
    with pytest.raises(CourseError, match=r"requirements.txt does not install einops==0.8.1 .*for package in packages"):
        repository.files(catalog, catalog.find(["all"]))


def test_gradescopes_setup_installs_them(catalog: Catalog, tmp_path: Path) -> None:
    files = gradescope.files(catalog, catalog.find(["all"]))
    archive = zipfile.ZipFile(io.BytesIO(files["autograder.zip"]))
    assert archive.read("packages.txt").decode().splitlines() == list(PACKAGES)
    assert archive.read("setup.sh").decode().count('-r "$source/packages.txt"') == 2
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("torch-2.9.0-py3-none-any.whl", "einops-0.8.1-py3-none-any.whl"):
        (wheels / name).write_bytes(b"")
    with pytest.raises(CourseError, match=r"has no wheel of scikit-image==0\.25\.0"):
        gradescope.files(catalog, catalog.find(["all"]), wheelhouse=wheels)


def test_classroom_50s_grader_installs_them(catalog: Catalog) -> None:
    files = classroom50.files(catalog, catalog.find(["all"]))
    [grader] = [content.decode() for name, content in files.items() if name.endswith("/autograder.py")]
    assert 'PACKAGES = ["einops==0.8.1", "scikit-image==0.25.0"]' in grader
    compile(grader, "autograder.py", "exec")


def test_nbgraders_course_lists_them(catalog: Catalog) -> None:
    files = nbgrader.files(catalog, catalog.find(["all"]))
    assert files["requirements.txt"].decode().splitlines()[1:] == list(PACKAGES)
