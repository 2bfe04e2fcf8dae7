"""`--as classroom50`: files that an instructor adds to the `classroom50` repository of an organization.

An assignment's bundle is published on a web page, and the student's own repository grades. So the bundle contains
nothing private: it grades public checks with answer keys. The official grade comes from `course collect` and
`course grade`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.release.grading_course import public_course, target_ids
from blindgrade.release.torch_bound import torch_bound
from blindgrade.release.wheel import engine_wheel
from blindgrade.systems.classroom50.result import scale
from blindgrade.systems.classroom50.workflow import CALLER, RUNNER

PRIVATE = False
MAX_BUNDLE = 10_000_000  # bytes that the runner downloads at most
START_SECONDS = 60
MAX_SECONDS = 600  # for one declared test
RUNTIME = {"runs-on": "ubuntu-latest", "python": "3.12"}

GRADER = '''\
#!/usr/bin/env python3
"""Grade the working directory. Without arguments, write the results for Classroom 50's runner. With ids, only exit.

The exit code is 0 if the exercises with these ids passed. `course release --as classroom50` made this file. Do not
edit it.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
LESSONS = []  # filled in by the release
PACKAGES = []  # filled in by the release
TORCH = "torch"  # filled in by the release
CPU = ["--index-url", "https://download.pytorch.org/whl/cpu"]  # PyTorch's build without CUDA


def prepared():
    """Path of a Python that has the engine: BLINDGRADE_PYTHON (your own machine), or an environment made here."""
    given = os.environ.get("BLINDGRADE_PYTHON")
    if given:
        return given
    home = Path(os.environ.get("RUNNER_TEMP") or tempfile.mkdtemp()) / "blindgrade-environment"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, clear=True, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--no-deps", *CPU, TORCH])  # without it, the next line takes the ordinary build
        subprocess.run([*install, TORCH, *(HERE / "vendor").glob("*.whl"), *PACKAGES], check=True)
        (home / "ready").touch()
    return python


def main(ids):
    python = prepared()
    if ids == ["--setup"]:
        return 0
    if not ids:
        module = "blindgrade.systems.classroom50.run"
        return subprocess.call([python, "-I", "-P", "-m", module, HERE / "course", *LESSONS])
    code = "from blindgrade.cli.grade.command import grade; grade()"
    options = ["--reference", "key", "--sandbox", "strict", "--submission", os.getcwd()]
    return subprocess.call(
        [python, "-I", "-P", "-c", code, *ids, *options], env={**os.environ, "BLINDGRADE_COURSE": str(HERE / "course")}
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
'''


def files(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files for one assignment with these targets: its bundle, its declared tests, a runtime and a workflow."""
    for target in targets:
        if not target.files.answer_key.is_file():
            raise CourseError(f"{target.files.answer_key} is missing; run `course build`")
    slug = assignment(targets)
    name, wheel = engine_wheel()
    lessons, packages = json.dumps(target_ids(targets)), json.dumps(catalog.course.environment.packages)
    filled = GRADER.replace("LESSONS = []", f"LESSONS = {lessons}").replace("PACKAGES = []", f"PACKAGES = {packages}")
    filled = filled.replace('TORCH = "torch"', f"TORCH = {json.dumps(torch_bound(targets).requirement)}")
    grader = filled.encode()
    bundle = {
        "blindgrade_grader.py": grader,
        "autograder.py": grader,
        f"vendor/{name}": wheel,
        **{f"course/{path}": content for path, content in public_course(catalog, targets).items()},
    }
    if (size := sum(len(content) for content in bundle.values())) > MAX_BUNDLE:
        raise CourseError(
            f"the bundle has {size:,} bytes, more than {MAX_BUNDLE:,}; release fewer lessons in one assignment"
        )
    return {
        **{f"CLASSROOM/autograders/{slug}/{path}": content for path, content in bundle.items()},
        "CLASSROOM/autograders/blindgrade.yaml": CALLER.replace("ASSIGNMENT", slug).encode(),
        ".github/workflows/blindgrade-runner.yaml": RUNNER.encode(),
        f"assignments/{slug}.runtime.json": _json(RUNTIME),
        f"assignments/{slug}.tests.json": _json(tests(targets)),
    }


def assignment(targets: list[Target]) -> str:
    """Name of the assignment: "lesson-7-2" for lessons 7.2.1 and 7.2.2; "blindgrade" if they share no number."""
    numbers = [target.files.entry.id.removeprefix("lesson-").split(".") for target in targets]
    common: list[str] = []
    for parts in zip(*numbers, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    slug = "-".join(["lesson", *common]) if common else "blindgrade"
    if len(targets) == 1 and len(targets[0].exercises) == 1:
        slug += "-" + re.sub(r"[^a-z0-9]+", "-", targets[0].exercises[0].lower())
    return slug[:39].rstrip("-")


def tests(targets: list[Target]) -> list[dict[str, Any]]:
    """Declared tests, one for each exercise, with all points or none. An instructor can edit them in the web form."""
    exercises = [(t, t.lesson.exercise(name)) for t in targets for name in t.exercises]
    factor = scale([exercise.points for _, exercise in exercises])
    run = 'python3 "$CLASSROOM50_BUNDLE_DIR/blindgrade_grader.py"'
    declared = [{"name": "setup", "type": "run", "run": f"{run} --setup", "timeout": MAX_SECONDS, "points": 0}]
    for target, exercise in exercises:
        name = f"{target.files.entry.id}/{exercise.name}"
        seconds = min(math.ceil(exercise.seconds) + START_SECONDS, MAX_SECONDS)
        points = round(exercise.points * factor)
        declared.append({"name": name, "type": "run", "run": f"{run} {name}", "timeout": seconds, "points": points})
    return declared


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()
