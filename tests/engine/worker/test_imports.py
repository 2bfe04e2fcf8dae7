from __future__ import annotations

import json
import subprocess
import sys

import pytest

SANDBOX = (
    "cgroup",
    "jail",
    "kernel",
    "landlock",
    "layout",
    "limits",
    "posix_limits",
    "probe",
    "seccomp",
    "selftest",
    "syscalls",
    "tiers",
)
WORKER = (
    "attributes",
    "blocks",
    "eager",
    "errors",
    "experiment",
    "garbage",
    "large_pages",
    "lesson",
    "load_time",
    "own_objects",
    "serve",
    "settings",
    "opened",
    "stand_ins",
    "state",
    "warmup",
    "zygote",
)
LIST = "import blindgrade.engine.worker.zygote, json, sys; print(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run([sys.executable, "-I", "-P", "-c", LIST], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_a_worker_loads_the_checks_api_and_its_own_modules_and_no_other_of_ours(loaded: set[str]) -> None:
    assert {name for name in loaded if name.split(".")[0] == "blindgrade"} == {
        "blindgrade",
        "blindgrade.checks",
        "blindgrade.agreement",
        "blindgrade.state_dicts",
        "blindgrade.wording",
        "blindgrade.engine",
        "blindgrade.engine.sandbox",
        *(f"blindgrade.engine.sandbox.{name}" for name in SANDBOX),
        "blindgrade.engine.wire",
        "blindgrade.engine.wire.channel",
        "blindgrade.engine.wire.frames",
        "blindgrade.engine.wire.replies",
        "blindgrade.engine.worker",
        *(f"blindgrade.engine.worker.{name}" for name in WORKER),
    }


@pytest.mark.parametrize("package", ["pydantic", "jinja2", "rich", "click"])
def test_a_worker_does_not_load_what_only_the_grader_needs(loaded: set[str], package: str) -> None:
    assert package not in {name.split(".")[0] for name in loaded}
