from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import SandboxMissing, ZygoteFailed
from blindgrade.engine.sandbox import cgroup, kernel, landlock, posix_limits, probe, remedies, seccomp
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.sandbox.tiers import TIERS, Landlock, Namespaces, Tier

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")


@pytest.mark.parametrize("name", ["namespaces", "landlock"])
def test_a_tier_holds_here_and_a_worker_in_it_works(name: str) -> None:
    with Zygote(sandbox=name, private=[ROOT / "solutions"]) as zygote:  # type: ignore[arg-type]
        worker = zygote.spawn(Limits())
        request = {"op": "load", "module": "m", "text": b"import torch\nx = 1/0\n", "file": "m.py", "files": {}}
        reply = worker.call(request, 10)
        worker.close()
    assert zygote.sandbox == name
    assert [p.error.type for p in reply.problems] == ["ZeroDivisionError"]
    assert not any(zygote.layers[layer] for layer in TIERS[name]().needs)


class WithoutFilter(Namespaces):
    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        seccomp.install = lambda program: None  # in a child of the test
        super().confine(limit, box, address_space)


class WithoutLandlock(Landlock):
    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        landlock.restrict = lambda readable, writable: None
        super().confine(limit, box, address_space)


class WithoutBox(Namespaces):
    def confine(self, limit: Limits, box: Path, address_space: int) -> None:
        super().confine(Limits(file_mb=0), box, address_space)


@pytest.mark.parametrize(
    "tier,says",
    [
        (WithoutFilter, "starting a process: succeeded"),
        (WithoutLandlock, f"reading {ROOT}: succeeded"),
        (WithoutBox, "working in the box: failed"),
    ],
)
def test_a_wall_that_does_not_hold_is_found_by_the_trial(
    monkeypatch: pytest.MonkeyPatch, tier: type[Tier], says: str
) -> None:
    monkeypatch.setitem(TIERS, "broken", tier)
    chosen, missing = probe.choose(["broken"], [str(ROOT)])
    assert chosen.name == "process"
    assert says in missing["self-test"]
    assert "report it" in remedies.explain(missing)


def test_a_course_inside_of_what_workers_may_read_is_found(tmp_path: Path) -> None:
    """Someone may keep the course in the folder of the virtual environment."""
    inside = Path(sys.prefix) / "course-of-a-test"
    inside.mkdir()
    try:
        with pytest.raises(SandboxMissing, match="course-of-a-test: succeeded"):
            Zygote(sandbox="strict", private=[inside]).ready()
        with Zygote(sandbox="auto", private=[inside]).ready() as zygote:
            assert zygote.sandbox == "process"
    finally:
        inside.rmdir()


LOCKED = """
import os, struct, sys
from blindgrade.engine.sandbox import kernel, seccomp
ALLOW, REFUSE = seccomp._returns(seccomp.ALLOW), seccomp._returns(seccomp.ERRNO | 1)
code = [(seccomp.LOAD, 0, 0, seccomp.NUMBER)]
for number in {numbers}:
    code += [(seccomp.EQUAL, 0, 1, number), REFUSE]
code.append(ALLOW)
kernel.no_new_privileges()
seccomp.install(b"".join(struct.pack("=HBBI", *one) for one in code))
os.execv(sys.argv[1], sys.argv[1:])
"""
UNSHARE = {"x86_64": 272, "aarch64": 97}


def on_a_locked_machine(*command: str, calls: list[int]) -> subprocess.CompletedProcess[str]:
    """Run a command on a machine whose kernel refuses these system calls, as containers and hardened kernels do."""
    code = LOCKED.format(numbers=calls)
    return subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, cwd=ROOT / "tests/courses/mini"
    )


def grade(*options: str) -> list[str]:
    return [shutil.which("grade", path=str(Path(sys.executable).parent)) or "", "lesson-1.1.1", *options]


def test_without_namespaces_strict_still_isolates() -> None:
    done = on_a_locked_machine(
        *grade("--sandbox", "strict", "--json", "--submission", "solutions"), calls=[UNSHARE[kernel.machine()]]
    )
    assert done.returncode == 0, done.stderr
    assert '"sandbox": "landlock"' in done.stdout


def test_without_any_wall_strict_refuses_and_auto_says_so_once() -> None:
    calls = [UNSHARE[kernel.machine()], kernel.NUMBERS_EVERYWHERE["landlock_create"]]
    strict = on_a_locked_machine(*grade("--sandbox", "strict"), calls=calls)
    # The heading is on the screen before the warm process says what it found.
    assert strict.returncode == 2 and strict.stdout.splitlines() == ["lesson-1.1.1  Basics"]
    for part in ("namespaces: ", "landlock: ", "Linux 5.13 or newer", "unprivileged_userns"):
        assert part in strict.stderr
    auto = on_a_locked_machine(*grade("--submission", "solutions", "--json"), calls=calls)
    assert auto.returncode == 0 and '"sandbox": "process"' in auto.stdout
    assert auto.stderr.count("without isolation") == 1


def test_the_address_space_in_use_is_found_by_trying() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    assert abs(posix_limits.address_space_in_use() - pages * resource.getpagesize()) <= 20 << 20
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_worker_that_cannot_be_confined_is_the_machines_fault() -> None:
    with Zygote().ready() as zygote, pytest.raises(ZygoteFailed, match="could not be confined"):
        worker = zygote.spawn(Limits(file_mb=-1))  # a box that cannot be made
        try:
            worker.call({"op": "load"}, 5)
        finally:
            worker.close()


def test_a_group_gets_limits_where_controllers_are_delegated(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").touch()
    real, files = Path.mkdir, ("memory.max", "pids.max", "cgroup.procs", "memory.swap.max")

    def mkdir(path: Path) -> None:
        real(path)
        for name in files:  # what the kernel puts there
            (path / name).touch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "mkdir", mkdir)
        group = cgroup.enter(tmp_path, 64 << 20)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (group / "memory.max").read_text() == str((64 << 20) + cgroup.WARM_BYTES)
    assert (group / "cgroup.procs").read_text() == str(os.getpid())


def test_a_group_that_is_not_ours_to_make_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("hugetlb\n")
    with pytest.raises(cgroup.NoGroup, match="no memory and pids controller"):
        cgroup.enter(tmp_path, 1)
    assert os.listdir(tmp_path) == ["cgroup.controllers"]
    with pytest.raises(cgroup.NoGroup, match="no cgroup v2"):
        cgroup.own_group(mounts=os.devnull)
