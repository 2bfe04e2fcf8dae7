"""The workflow and the hooks call what exists."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PORTABLE = yaml.safe_load(TEXT)["env"]["PORTABLE"].split()
MATRIX = ("linux", "macos", "windows")


def runs(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


@pytest.mark.parametrize("job", MATRIX)
def test_the_matrix_has_the_python_versions_of_the_classifiers(job: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    prefix = "Programming Language :: Python :: 3."
    claimed = [c.removeprefix(prefix) for c in project["classifiers"] if c.startswith(prefix)]
    assert JOBS[job]["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in claimed]
    assert project["requires-python"] == f">=3.{claimed[0]}"


def test_linux_runs_what_a_person_runs_with_pinned_and_with_lowest_versions() -> None:
    matrix = JOBS["linux"]["strategy"]["matrix"]
    constraints = [*matrix["constraints"], *(one["constraints"] for one in matrix["include"])]
    assert constraints == ["constraints.txt", "constraints-lowest.txt"]
    assert all((ROOT / name).is_file() for name in constraints)
    assert runs("linux")[-1].startswith("make test ")
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("job", JOBS)
def test_every_step_calls_a_target_and_files_that_exist(job: str) -> None:
    for line in runs(job):
        target = re.match(r"make ([a-z-]+)", line)
        assert not target or target[1] in TARGETS
    assert PORTABLE and all((ROOT / path).exists() for path in PORTABLE)


def test_no_job_has_a_secret_or_a_right_to_write() -> None:
    assert "secrets" not in TEXT and yaml.safe_load(TEXT)["permissions"] == {"contents": "read"}
    for job in JOBS.values():
        assert "permissions" not in job and job["timeout-minutes"] <= 90
        checkouts = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
        assert checkouts and all(s["with"]["persist-credentials"] is False for s in checkouts)


def test_every_hook_is_a_target_of_the_makefile_and_needs_no_network() -> None:
    assert [repo["repo"] for repo in HOOKS["repos"]] == ["local"]
    hooks = HOOKS["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert [hook["entry"] for hook in hooks] == ["make lint", "make types", "make check"]
    assert {hook["entry"].removeprefix("make ") for hook in hooks} <= TARGETS


def test_the_help_of_make_lists_every_target_that_a_person_types() -> None:
    # `make test` runs this test, and a make inside a make also prints the folder that it enters.
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert {line.split()[0] for line in shown.splitlines()} == TARGETS
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


def test_coverage_says_what_it_cannot_see() -> None:
    command = ["make", "-n", "coverage"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert 'echo "Coverage cannot see forked and jailed workers' in shown
