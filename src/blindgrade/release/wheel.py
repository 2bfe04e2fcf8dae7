"""The engine's own wheel, made from the installed package without a network or build tools. Its bytes are repeatable.

The package may be installed from a source tree (`pip install -e .`) or from a wheel, including a wheel from this
module. So an instructor who has the engine only from a vendor/ folder can release too.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import os
import re
import zipfile
from pathlib import Path

NAME = "blindgrade"
PACKAGE = Path(__file__).parents[1]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold
WHEEL = "Wheel-Version: 1.0\nGenerator: blindgrade\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class WheelError(Exception):
    """The installed package lacks something that a wheel needs. The message ends with what to do."""


def engine_wheel() -> tuple[str, bytes]:
    """File name and content of the wheel.

    The version is the installed version and a digest of the wheel's content (0.1.0+src.1a2b3c4d). pip does not install
    a wheel over an equal version, so a changed engine needs a new version.
    """
    package = PACKAGE
    files = {
        f"{NAME}/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in _files_in(package)
        if "__pycache__" not in path.parts and path.suffix != ".pyc" and not _kept_back(path)
    }
    headers, entry_points, licences = _installed()
    version = f"{_public_version(headers)}+src.{_digest({**files, **licences, 'METADATA': headers.encode()})}"
    info = f"{NAME}-{version}.dist-info"
    files[f"{info}/METADATA"] = headers.replace("@VERSION@", version, 1).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    files[f"{info}/entry_points.txt"] = entry_points.encode()
    files[f"{info}/top_level.txt"] = f"{NAME}\n".encode()
    files |= {f"{info}/{name}": content for name, content in licences.items()}
    record = "".join(f"{name},{_record_hash(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return f"{NAME}-{version}-py3-none-any.whl", zipped(files)


def _files_in(folder: Path) -> list[Path]:
    """All files below the folder, sorted. In a source tree, the templates of a student's repository are a link."""
    return sorted(Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names)


def _kept_back(path: Path) -> bool:
    """Is the file for authors alone? Templates have solutions, and proposals are texts of hidden checks of a lesson."""
    return path.is_relative_to(PACKAGE / "scaffold") or path.is_relative_to(PACKAGE / "imports")


def zipped(files: dict[str, bytes]) -> bytes:
    """Zip file with these files, in sorted order and without times, so that equal files give equal bytes.

    A file that begins with `#!` is executable after unpacking.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return stream.getvalue()


def _installed() -> tuple[str, str, dict[str, bytes]]:
    """Metadata headers (with @VERSION@ as version, without the long description), entry points, licence files."""
    try:
        distribution = importlib.metadata.distribution(NAME)
    except importlib.metadata.PackageNotFoundError:
        raise WheelError(f"{NAME} is imported but not installed; run `pip install -e .` in its source tree") from None
    metadata = distribution.read_text("METADATA")
    entry_points = distribution.read_text("entry_points.txt")
    if not metadata or not entry_points:
        raise WheelError(f"{NAME} was installed without METADATA or entry points; install it again with pip")
    headers = metadata.replace("\r\n", "\n").split("\n\n", 1)[0].rstrip("\n") + "\n"
    kept = [line for line in headers.splitlines() if not line.startswith(("Version:", "Description-Content-Type:"))]
    at = next(i for i, line in enumerate(kept) if line.startswith("Name:")) + 1
    kept.insert(at, "Version: @VERSION@")
    return "\n".join(kept) + "\n", entry_points.replace("\r\n", "\n").strip("\n") + "\n", _licences(distribution)


def _licences(distribution: importlib.metadata.Distribution) -> dict[str, bytes]:
    """Licence files that the metadata names, by their path in the wheel's .dist-info.

    The licence requires that every copy of the engine contains its text. So a wheel without it is refused.
    """
    names = distribution.metadata.get_all("License-File") or []
    texts = {f"licenses/{name}": distribution.read_text(f"licenses/{name}") for name in names}
    if not texts or not all(texts.values()):
        raise WheelError(f"{NAME} was installed without its licence; install it again with pip")
    return {path: text.encode() for path, text in texts.items() if text}


def _public_version(headers: str) -> str:
    version = importlib.metadata.version(NAME)
    match = re.match(r"[^+]+", version)
    if not match or "@VERSION@" not in headers:
        raise WheelError(f"{NAME} has no version that a wheel can use ({version!r}); install it again with pip")
    return match[0]


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()[:8]


def _record_hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
