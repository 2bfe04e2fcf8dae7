"""Packages that a course adds to the grading environment: what course.toml may name, and what this Python has."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[\w,.-]+\])?==(?P<version>\w[\w.!+-]*)", re.ASCII
)
ENGINE = frozenset({"blindgrade", "jaxtyping", "numpy", "torch"})  # every grader has them, in its own versions


def mistake(packages: Sequence[str]) -> str:
    """What is wrong with a course's list of packages; empty if it can be used."""
    seen: set[str] = set()
    for package in packages:
        match = PINNED.fullmatch(package)
        if match is None:
            return f"{package!r} is no package with its version; write it like 'einops==0.8.1'"
        name = _key(match["name"])
        if name in ENGINE:
            return f"{package!r} is part of every grader; remove it"
        if name in seen:
            return f"{match['name']} is listed twice; keep one"
        seen.add(name)
    return ""


def missing(packages: Iterable[str]) -> str:
    """Sentence that names the packages that this Python lacks, with the command that installs them; empty if none."""
    lacking = [package for package in packages if not _same(package)]
    if not lacking:
        return ""
    found = [f"{name} {has}" for package in lacking if (has := _version(name := _split(package)[0]))]
    other = f" (installed: {', '.join(found)})" if found else ""
    return (
        f"this course needs {' and '.join(lacking)}, and this Python does not have it{other}; run "
        f"`{sys.executable} -m pip install {' '.join(lacking)}`"
    )


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Installed version of each package by its name."""
    names = [_split(package)[0] for package in packages]
    return {name: _version(name) for name in names}


def folders(packages: Iterable[str]) -> list[str]:
    """Folders that hold the packages' code, for a worker that may read nothing else."""
    found: list[str] = []
    for package in packages:
        try:
            distribution = metadata.distribution(_split(package)[0])
        except metadata.PackageNotFoundError:
            continue
        found.append(str(Path(str(distribution.locate_file(""))).absolute()))
        found += _editable(distribution)
    return list(dict.fromkeys(found))


def _editable(distribution: metadata.Distribution) -> list[str]:
    """Source folder of a package that was installed with `pip install -e`, and its `src/`."""
    try:
        given = json.loads(distribution.read_text("direct_url.json") or "{}")
        if not given.get("dir_info", {}).get("editable"):
            return []
        source = Path(unquote(urlsplit(given["url"]).path))
    except (ValueError, KeyError, AttributeError, TypeError):
        return []
    return [str(folder) for folder in (source / "src", source) if folder.is_dir()]


def _same(package: str) -> bool:
    name, version = _split(package)
    has = _version(name)
    # A build's label (`+cpu`) is no other version.
    return has == version or has.split("+")[0] == version


def _split(package: str) -> tuple[str, str]:
    match = PINNED.fullmatch(package)
    return (match["name"], match["version"]) if match else (package, "")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
