"""A fault is found in an attempt that a person or a terminal could not read safely."""

from __future__ import annotations

import pytest

from blindgrade.attack.faults import unreadable
from blindgrade.models import Grading


def test_a_message_that_a_person_or_terminal_cannot_read_safely_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = {
        "lesson": "lesson-1.1.1", "title": "Basics", "points": 0, "max_points": 0, "graded_at": "", "seed": 1,
        "submission": {"path": "", "sha256": ""}, "reference": "live", "sandbox": "process", "seconds": 0,
        "exercises": [],
    }  # fmt: skip

    def faults(problem: str) -> str:
        return " ".join(unreadable(Grading(points=0, max_points=0, lessons=[{**attempt, "problems": [problem]}])))

    assert faults("line 3: \x1b[2J is shown as text") == ""
    assert "a message of 5000 characters" in faults("m" * 5000)
    assert faults("##[set-output name=score;]100") == faults("::set-output name=score::100") == ""
    monkeypatch.setattr("blindgrade.render.terminal.results.shown", lambda text: text)
    assert "a CI runner would obey" in faults("##[set-output name=score;]100")
