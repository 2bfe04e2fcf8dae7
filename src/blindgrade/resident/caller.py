"""The command that a resident works for: its folder, its environment, its terminal. The work is done as if in it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from blindgrade.resident.connection import Connection
from blindgrade.resident.messages import ERR, OUT, Gone

STREAMS = ("stdout", "stderr")
# Variables that libraries read when they are imported. A resident with other values cannot work for a command.
AT_IMPORT = ("CUDA_", "KMP_", "LD_", "DYLD_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "PYTORCH_", "TORCH_", "VECLIB_")


def described() -> dict[str, Any]:
    """This process, for a resident that does its work."""
    mask = os.umask(0o077)
    os.umask(mask)
    size = _size()
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "umask": mask,
        "columns": size[0],
        "lines": size[1],
        "streams": {name: _stream(getattr(sys, name)) for name in STREAMS},
    }


def of_libraries(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that were read when libraries were imported."""
    return {name: value for name, value in environ.items() if name.startswith(AT_IMPORT)}


@contextmanager
def standing_in(caller: dict[str, Any], connection: Connection) -> Iterator[None]:
    """Context in which this process has the caller's folder, environment, permissions of new files and streams."""
    import tempfile  # a command itself does without it

    before = dict(os.environ), os.umask(caller["umask"]), sys.stdout, sys.stderr
    kinds = {"stdout": OUT, "stderr": ERR}
    try:
        os.chdir(caller["folder"])
        _set_environment({**caller["environment"], **_dimensions(caller)})
        tempfile.tempdir = None  # the caller's TMPDIR may be another one
        for name in STREAMS:
            setattr(sys, name, _standing_in(connection, kinds[name], caller["streams"][name]))
        yield
        for name in STREAMS:
            getattr(sys, name).flush()
    finally:
        environment, mask, sys.stdout, sys.stderr = before
        _set_environment(environment)
        os.umask(mask)
        os.chdir(os.sep)  # no folder of the student's is kept in use


class _Sender(io.RawIOBase):
    """A file whose bytes go to the command."""

    def __init__(self, connection: Connection, kind: bytes, terminal: bool) -> None:
        self._connection, self._kind, self._terminal = connection, kind, terminal

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._terminal

    def write(self, data: Any) -> int:
        content = bytes(data)
        try:
            self._connection.send(self._kind, content)
        except Gone:
            raise BrokenPipeError("the command ended") from None
        return len(content)


def _standing_in(connection: Connection, kind: bytes, stream: dict[str, Any]) -> io.TextIOWrapper:
    raw = _Sender(connection, kind, stream["terminal"])
    return io.TextIOWrapper(
        io.BufferedWriter(raw), stream["encoding"], stream["errors"], line_buffering=stream["line_buffering"]
    )


def _stream(stream: Any) -> dict[str, Any]:
    return {
        "terminal": stream.isatty(),
        "encoding": getattr(stream, "encoding", None) or "utf-8",
        "errors": getattr(stream, "errors", None) or "strict",
        "line_buffering": bool(getattr(stream, "line_buffering", False)) or stream.isatty(),
    }


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal; zeros without one."""
    for number in (0, 1, 2):
        try:
            return os.get_terminal_size(number)
        except (OSError, ValueError):
            continue
    return 0, 0


def _dimensions(caller: dict[str, Any]) -> dict[str, str]:
    """Size of the terminal as variables. A variable of the user's own goes first, as without a resident."""
    given = {"COLUMNS": caller["columns"], "LINES": caller["lines"]}
    return {n: str(size) for n, size in given.items() if size and not caller["environment"].get(n, "").isdigit()}


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    os.environ.update({name: value for name, value in wanted.items() if os.environ.get(name) != value})
