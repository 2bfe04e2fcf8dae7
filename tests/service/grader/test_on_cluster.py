"""The service with a real Dask cluster as its workers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ...cohort.test_cluster import cluster  # noqa: F401  # pytest finds the fixture here
from ...served import SOLUTION, case, served

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_cluster_gives_feedback_and_marks_also_after_a_worker_is_killed(
    tmp_path: Path,
    cluster: tuple[str, list[subprocess.Popen[bytes]]],  # noqa: F811  # it is the fixture
) -> None:
    address, workers = cluster
    more = ("--mark-after", "0.2", "--cluster", address)
    with served(tmp_path, more=more) as service:
        service.invite("ana", "ben", "cleo")
        for student, text, points in (("ana", SOLUTION, 100.0), ("ben", case("wrong_and_blocked"), 20.0)):
            status = service.result(student, text)
            assert status.view is not None and status.view.points == points, (service.folder / "log").read_text()
        workers[0].kill()
        status = service.result("cleo", SOLUTION)
        assert status.state == "done", (status.message, (service.folder / "log").read_text())
