"""The short form of tests/benchmarks/service_kill.py."""

from __future__ import annotations

from pathlib import Path

from ..killing import kill_under_load, lost_or_double
from ..served import served


def test_kill_9_of_web_and_grader_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        service.invite("ana", "ben", "cleo")
        load = kill_under_load(service, ["ana", "ben", "cleo"], kills=4, pause=1.5)
        assert len(load.receipts) > 3
        assert lost_or_double(service, load, 60) == []
