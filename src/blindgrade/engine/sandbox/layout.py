"""Paths that a jailed worker can see: the interpreter, its libraries, and an empty box."""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

BOX = "/box"
SHARED_MEMORY = "/dev/shm"
LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/nix/store")
DATA = ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/proc/cpuinfo", "/sys/devices/system/cpu")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
NEEDED = ("torch", "numpy", "jaxtyping")
_added: list[str] = []


def add_code(folders: list[str]) -> None:
    """Let workers read these folders, too: they hold packages that the course adds. Call it before `code`."""
    _added.extend(folders)
    code.cache_clear()


@cache
def code() -> dict[str, str]:
    """Folders with the code that a worker runs, each with its real path, without those inside LIBRARIES.

    A path with a symbolic link in it is listed under both names. The result is cached, because every worker needs it.
    """
    found = [sys.base_prefix, sys.prefix, str(Path(__file__).parents[2]), *_added]
    found += [place for module in NEEDED if (place := _site(module))]
    given = sorted({os.path.abspath(path) for path in found} | {os.path.realpath(path) for path in found})
    kept: dict[str, str] = {}
    for path in given:
        if path not in ("/", "/usr", "/usr/local") and not any(_within(path, other) for other in (*kept, *LIBRARIES)):
            kept[path] = os.path.realpath(path)
    return kept


def readable() -> list[str]:
    """Paths that a worker may read, for Landlock."""
    return [*code(), *code().values(), *LIBRARIES, *DATA, *DEVICES, "/etc/passwd"]


def _site(module: str) -> str:
    """Folder on the module path that holds a package. The package is not imported."""
    spec = importlib.util.find_spec(module)
    return str(Path(spec.origin).parents[1]) if spec and spec.origin else ""


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
