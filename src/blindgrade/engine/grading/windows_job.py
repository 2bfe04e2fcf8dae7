"""Job object of Windows: it limits a process and all that the process starts, and ends all of them together.

https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

from __future__ import annotations

import ctypes
from typing import Any, Self

KILL_ON_JOB_CLOSE, JOB_MEMORY = 0x2000, 0x200
BASIC_ACCOUNTING, EXTENDED_LIMITS = 1, 9  # classes of information
TICKS = 10_000_000  # in a second


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("per_process_time", ctypes.c_int64),
        ("per_job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    ]


class _Limits(ctypes.Structure):
    _fields_ = [
        ("basic", _BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    ]


class _Accounting(ctypes.Structure):
    _fields_ = [
        ("user_time", ctypes.c_int64),
        ("kernel_time", ctypes.c_int64),
        ("period_user_time", ctypes.c_int64),
        ("period_kernel_time", ctypes.c_int64),
        ("page_faults", ctypes.c_uint32),
        ("processes", ctypes.c_uint32),
        ("active_processes", ctypes.c_uint32),
        ("terminated_processes", ctypes.c_uint32),
    ]


class Job:
    """A job. When this process ends in any way, the system ends everything in the job."""

    def __init__(self, library: Any, handle: int) -> None:
        self._library = library
        self._handle = ctypes.c_void_p(handle)

    @classmethod
    def around(cls, process: int) -> Self | None:
        """Job with a process, by the process's handle. None if this system has no jobs, or refuses one."""
        load = getattr(ctypes, "WinDLL", None)
        if load is None:
            return None
        library = load("kernel32", use_last_error=True)
        library.CreateJobObjectW.restype = ctypes.c_void_p
        handle = library.CreateJobObjectW(None, None)
        if not handle:
            return None
        job = cls(library, handle)
        if not job._limit(_Limits(basic=_BasicLimits(flags=KILL_ON_JOB_CLOSE))) or not library.AssignProcessToJobObject(
            job._handle, ctypes.c_void_p(process)
        ):
            job.end()
            return None
        return job

    def limit_memory(self, most: int) -> bool:
        """Limit the bytes that all processes of the job may commit together. False if the system refuses."""
        basic = _BasicLimits(flags=KILL_ON_JOB_CLOSE | JOB_MEMORY)
        return self._limit(_Limits(basic=basic, job_memory=most))

    def _limit(self, limits: _Limits) -> bool:
        size = ctypes.sizeof(limits)
        return bool(self._library.SetInformationJobObject(self._handle, EXTENDED_LIMITS, ctypes.byref(limits), size))

    def processor_seconds(self) -> float | None:
        """Processor time of all processes that are or were in the job."""
        found = _Accounting()
        size = ctypes.sizeof(found)
        if not self._library.QueryInformationJobObject(self._handle, BASIC_ACCOUNTING, ctypes.byref(found), size, None):
            return None
        return float(found.user_time + found.kernel_time) / TICKS

    def end(self) -> None:
        """End every process in the job, and give the job back to the system."""
        self._library.TerminateJobObject(self._handle, 1)
        self._library.CloseHandle(self._handle)
