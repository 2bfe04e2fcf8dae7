from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.release import repository
from blindgrade.release.torch_bound import torch_bound
from blindgrade.systems.targets import release_as

CASES = Path(__file__).parents[1] / "submissions" / "mini"
GRADE = Path(sys.executable).with_name("grade")


@pytest.fixture
def files(catalog: Catalog) -> dict[str, bytes]:
    return repository.files(catalog, catalog.find(["all"]))


def test_a_student_grades_in_the_released_repository(catalog: Catalog, tmp_path: Path) -> None:
    to = tmp_path / "to"
    release_as(catalog, ["all"], "repository", to)
    env = {k: v for k, v in os.environ.items() if k != "BLINDGRADE_COURSE"}

    def grade(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GRADE, "lesson-1.1", *args], cwd=to, env=env, capture_output=True, text=True, timeout=120
        )

    assert "not attempted" in grade().stdout
    stub = to / "exercises" / "lesson_1_1_1_basics" / "basics.py"
    stub.write_text((CASES / "all_right" / "basics.py").read_text())
    done = grade("--json")
    assert (done.returncode, json.loads(done.stdout)["lessons"][0]["reference"]) == (0, "key")


def test_the_wheel_that_is_installed_is_the_one_in_vendor(files: dict[str, bytes], catalog: Catalog) -> None:
    (wheel,) = [name for name in files if name.startswith("vendor/")]
    version = wheel.split("-")[1]
    project = tomllib.loads(files["pyproject.toml"].decode())
    torch = torch_bound(catalog.find(["all"])).requirement
    assert project["project"]["dependencies"] == [f"blindgrade=={version}", torch]
    assert project["tool"]["uv"]["sources"]["blindgrade"] == {"path": wheel}
    lines = [line for line in files["requirements.txt"].decode().splitlines() if not line.startswith("#")]
    assert lines == [f"./{wheel}", torch]
    script = files["install.py"].decode()
    assert f'WHEEL = "./{wheel}"' in script and f'TORCH = "{torch}"' in script


def test_the_repository_has_the_graders_licence(files: dict[str, bytes]) -> None:
    (wheel,) = [name for name in files if name.startswith("vendor/")]
    archive = zipfile.ZipFile(io.BytesIO(files[wheel]))
    (licence,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    assert archive.read(licence) == (Path(__file__).parents[2] / "LICENSE").read_bytes()


def test_git_leaves_line_endings_as_they_were_released(files: dict[str, bytes]) -> None:
    assert "* text=auto eol=lf" in files[".gitattributes"].decode().splitlines()


def test_the_editor_has_a_task_for_each_lesson(files: dict[str, bytes]) -> None:
    tasks = json.loads(files[".vscode/tasks.json"])["tasks"]
    assert [task["label"] for task in tasks] == ["set up", "grade lesson-1.1.1", "grade everything"]
    assert all({"command", "windows"} <= set(task) for task in tasks)
    json.loads(files[".vscode/settings.json"])


def test_the_workflow_installs_and_grades_with_commands_that_exist(files: dict[str, bytes]) -> None:
    text = files[".github/workflows/grade.yml"].decode()
    runs = re.findall(r"run: (.+)", text)
    assert runs == ["python install.py", ".venv/bin/grade all"]
    assert "persist-credentials: false" in text and "contents: read" in text


def test_the_readme_names_every_exercise_and_every_file_that_it_links(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    for name in ("standardize", "correlation", "fit_line"):
        assert f"| `{name}` |" in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and set(links) <= set(files)
    assert "{{" not in text and "{%" not in text


def test_install_py_refuses_an_old_python_in_a_sentence(files: dict[str, bytes], tmp_path: Path) -> None:
    script = files["install.py"].decode().replace("OLDEST = (3, 11)", "OLDEST = (9, 0)")
    (tmp_path / "install.py").write_text(script)
    done = subprocess.run([sys.executable, "install.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "This course needs Python" in done.stderr and "Traceback" not in done.stderr


def test_an_error_of_the_template_is_reported_with_file_and_line(catalog: Catalog) -> None:
    (catalog.student_template / "README.md").write_text("# {{ course.title }}\n{{ nothing }}\n")
    with pytest.raises(CourseError, match=r"README\.md.*'nothing' is undefined\. Correct the template\.$"):
        repository.files(catalog, catalog.find(["all"]))


def test_a_course_replaces_single_templates_and_keeps_the_packaged_ones(catalog: Catalog, tmp_path: Path) -> None:
    whole = repository.files(catalog, catalog.find(["all"]))
    shutil.rmtree(catalog.student_template)
    assert repository.files(catalog, catalog.find(["all"])) == whole
    catalog.student_template.mkdir()
    (catalog.student_template / "README.md").write_text("# {{ course.title }} of ours\n")
    (catalog.student_template / "more.txt").write_text("more\n")
    own = repository.files(catalog, catalog.find(["all"]))
    assert own == whole | {"README.md": b"# Mini of ours\n", "more.txt": b"more\n"}
