"""Budgets of time, with clocks that the test sets."""

from __future__ import annotations

import pytest

from blindgrade.engine.grading import budget
from blindgrade.engine.grading.budget import Allowance, waiting_seconds, whole_seconds


class Clocks:
    """The clock on the wall and the processor's clock of a worker."""

    def __init__(self) -> None:
        self.wall = 1_000.0
        self.processor: float | None = 2.0

    def monotonic(self) -> float:
        return self.wall

    def read(self) -> float | None:
        return self.processor

    def go(self, seconds: float, share: float) -> None:
        self.wall += seconds
        if self.processor is not None:
            self.processor += seconds * share


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(budget.time, "monotonic", clocks.monotonic)
    return clocks


def looks(allowance: Allowance, clocks: Clocks, share: float, seconds: float) -> str:
    """What the looks of `seconds` say, if the worker gets this share of a processor."""
    begun = clocks.wall
    while clocks.wall - begun < seconds:
        clocks.go(allowance.pause(), share)
        if over := allowance.over():
            return over
    return ""


def test_a_program_that_computes_is_stopped_after_its_processor_seconds(clocks: Clocks) -> None:
    allowance = Allowance(clocks.read, 10.0)
    assert looks(allowance, clocks, 1.0, 9.8) == ""
    assert looks(allowance, clocks, 1.0, 1.0) == "10 s of processor time"


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_on_a_busy_machine_the_same_program_has_more_time_on_the_wall(clocks: Clocks, share: float) -> None:
    allowance = Allowance(clocks.read, 10.0)
    assert looks(allowance, clocks, share, 0.95 * 10 / share) == ""
    assert looks(allowance, clocks, share, 3 / share) == "10 s of processor time"


def test_two_threads_use_the_time_twice_as_fast(clocks: Clocks) -> None:
    assert looks(Allowance(clocks.read, 10.0), clocks, 2.0, 7.0) == "10 s of processor time"


def test_a_program_that_waits_is_stopped_far_later(clocks: Clocks) -> None:
    allowance = Allowance(clocks.read, 10.0)
    assert waiting_seconds(10.0) == 35.0
    assert looks(allowance, clocks, 0.0, 34.0) == ""
    assert looks(allowance, clocks, 0.0, 4.0) == "35 s of waiting"


def test_a_program_that_hardly_computes_is_stopped_in_the_end(clocks: Clocks) -> None:
    assert looks(Allowance(clocks.read, 10.0), clocks, 0.01, 1e9) == f"{whole_seconds(10.0):.0f} s"


def test_the_time_between_two_waits_is_not_the_workers(clocks: Clocks) -> None:
    allowance = Allowance(clocks.read, 10.0)
    for _ in range(5):
        allowance.resume()
        assert looks(allowance, clocks, 1.0, 1.0) == ""
        allowance.rest()
        clocks.go(10_000, 0.0)  # the grader computes a reference
    assert allowance.waited == 0 and allowance.settled() == pytest.approx(5.0, abs=0.1)


def test_what_earlier_workers_used_counts(clocks: Clocks) -> None:
    assert looks(Allowance(clocks.read, 10.0, used=8.0), clocks, 1.0, 3.0) == "10 s of processor time"


def test_without_a_clock_of_the_processor_the_wall_clock_counts(clocks: Clocks) -> None:
    clocks.processor = None
    allowance = Allowance(clocks.read, 10.0)
    assert looks(allowance, clocks, 0.0, 8.9) == ""
    assert looks(allowance, clocks, 0.0, 1.1) == "10 s"


def test_the_time_of_an_ended_worker_is_what_its_end_reports(clocks: Clocks) -> None:
    assert Allowance(clocks.read, 10.0, used=1.0).settled(5.5) == 4.5
