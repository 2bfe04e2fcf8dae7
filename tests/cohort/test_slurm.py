"""docs/cluster/slurm.py with a `sbatch` of the test's own, which runs the job's script on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.store import AttemptStore

pytest.importorskip("dask_jobqueue")
ROOT = Path(__file__).parents[2]
LESSON = "lesson-1.1.1"
SECONDS = 240
# Like Slurm's own, it takes a copy of the script, which its caller removes when the command has ended.
SBATCH = """#!/bin/sh
echo "$1" >> "{folder}/scripts"
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" > "{folder}/job.log" 2>&1 &
echo $! >> "{folder}/jobs"
echo $!
"""
SCANCEL = """#!/bin/sh
for job; do kill -- "-$job" 2> /dev/null; done
exit 0
"""


@pytest.fixture
def slurm(tmp_path: Path) -> Any:
    """Folder with the two commands. Jobs that still run at the end are ended."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        (folder / name).write_text(text.format(folder=folder) if name == "sbatch" else text)
        (folder / name).chmod(0o755)
    yield folder
    for job in (folder / "jobs").read_text().split() if (folder / "jobs").exists() else []:
        with suppress(ProcessLookupError):
            os.killpg(int(job), signal.SIGKILL)


def test_the_file_for_slurm_starts_workers_by_jobs_and_grades_with_them(kit: Any, tmp_path: Path, slurm: Path) -> None:
    submitted = kit.hand_in({f"student{n}": case for n, case in enumerate(kit.COHORT.values())})
    text = (ROOT / "docs" / "cluster" / "slurm.py").read_text()
    adapted = text.replace("JOBS, PROCESSES = 10, 8", "JOBS, PROCESSES = 1, 2").replace('"16GB"', '"4GB"')
    assert adapted.count("1, 2") == 1 and adapted != text
    script = tmp_path / "slurm.py"
    script.write_text(adapted)
    environment = {
        **os.environ,
        "PATH": f"{slurm}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BLINDGRADE_COURSE": str(kit.MINI),
        "PYTHONPATH": str(ROOT / "src"),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, script, LESSON, submitted, "--attempts", tmp_path / "attempts"]
    printed = tmp_path / "printed"
    with (
        printed.open("w") as to,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=to, stderr=to) as ours,
    ):
        with suppress(subprocess.TimeoutExpired):
            ours.wait(timeout=SECONDS)
        ours.kill()
    log = (slurm / "job.log").read_text() if (slurm / "job.log").exists() else "no job was started"
    assert ours.returncode in (0, 1), f"{printed.read_text()[-4000:]}\n{log[-4000:]}"
    store = AttemptStore(tmp_path / "attempts")
    assert len(list(store.all(LESSON))) == len(kit.COHORT)
    assert len((slurm / "scripts").read_text().split()) == 1
