"""Job objects, with a library in the place of Windows's own: what is asked of it, and in which form."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from blindgrade.engine.grading import windows_job
from blindgrade.engine.grading.windows_job import Job


class Library:
    """Takes the calls of a job and notes them."""

    def __init__(self, refuses: str = "") -> None:
        self.calls: list[tuple[str, Any]] = []
        self.refuses = refuses

        def create(*given: object) -> int:
            return 0 if refuses == "create" else 77

        self.CreateJobObjectW = create  # a function, because the job sets its `restype`

    def AssignProcessToJobObject(self, job: ctypes.c_void_p, process: ctypes.c_void_p) -> int:
        self.calls.append(("assign", (job.value, process.value)))
        return int(self.refuses != "assign")

    def SetInformationJobObject(self, job: ctypes.c_void_p, kind: int, data: Any, size: int) -> int:
        limits = ctypes.cast(data, ctypes.POINTER(windows_job._Limits)).contents
        self.calls.append(("limit", (kind, size, limits.basic.flags, limits.job_memory)))
        return 1

    def QueryInformationJobObject(self, job: ctypes.c_void_p, kind: int, data: Any, size: int, _: None) -> int:
        found = ctypes.cast(data, ctypes.POINTER(windows_job._Accounting)).contents
        found.user_time, found.kernel_time = 15_000_000, 5_000_000
        self.calls.append(("ask", (kind, size)))
        return 1

    def TerminateJobObject(self, job: ctypes.c_void_p, code: int) -> int:
        self.calls.append(("terminate", job.value))
        return 1

    def CloseHandle(self, job: ctypes.c_void_p) -> int:
        self.calls.append(("close", job.value))
        return 1


def job_of(library: Library, monkeypatch: pytest.MonkeyPatch) -> Job | None:
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **options: library, raising=False)
    return Job.around(5)


def test_the_structures_have_the_sizes_of_64_bit_windows() -> None:
    sizes = [ctypes.sizeof(one) for one in (windows_job._BasicLimits, windows_job._Limits, windows_job._Accounting)]
    assert sizes == [64, 144, 48]


def test_a_job_ends_all_its_processes_with_the_grader(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    job = job_of(library, monkeypatch)
    assert job is not None
    assert library.calls == [("limit", (9, 144, 0x2000, 0)), ("assign", (77, 5))]
    assert job.limit_memory(1 << 30)
    assert library.calls[-1] == ("limit", (9, 144, 0x2200, 1 << 30))
    assert job.processor_seconds() == 2.0
    assert library.calls[-1] == ("ask", (1, 48))
    job.end()
    assert library.calls[-2:] == [("terminate", 77), ("close", 77)]


@pytest.mark.parametrize("refuses", ["create", "assign"])
def test_a_system_that_refuses_a_job_does_without(refuses: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(refuses)
    assert job_of(library, monkeypatch) is None
    assert (("close", 77) in library.calls) == (refuses == "assign")


def test_there_are_no_jobs_elsewhere() -> None:
    assert Job.around(5) is None
