"""The engine as a wheel, made from the package that is running, so that a release installs without us."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib import metadata
from pathlib import Path

import blindgrade

LEFT_OUT = ("__pycache__",)
EPOCH = (2020, 1, 1, 0, 0, 0)  # one date for all, so that equal content gives equal bytes


def engine_wheel() -> tuple[str, bytes]:
    """The wheel's file name and its bytes."""
    about = metadata.metadata("blindgrade")
    version = about["Version"]
    home = Path(blindgrade.__file__).parent
    info = f"blindgrade-{version}.dist-info"
    files = {
        f"blindgrade/{path.relative_to(home).as_posix()}": path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not any(part in LEFT_OUT for part in path.parts)
    }
    scripts = [
        point for point in metadata.entry_points(group="console_scripts") if point.value.startswith("blindgrade.")
    ]
    files[f"{info}/METADATA"] = _header(about).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: blindgrade\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    names = sorted({f"{point.name} = {point.value}" for point in scripts})
    files[f"{info}/entry_points.txt"] = ("[console_scripts]\n" + "\n".join(names) + "\n").encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD").encode()
    return f"blindgrade-{version}-py3-none-any.whl", zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive of these files: equal files give equal bytes. One that begins with `#!` can be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def _header(about: metadata.PackageMetadata) -> str:
    keys = ("Metadata-Version", "Name", "Version", "Summary", "Requires-Python", "Requires-Dist", "Provides-Extra")
    return "".join(f"{key}: {value}\n" for key in keys for value in about.get_all(key, []))


def _record(files: dict[str, bytes], own: str) -> str:
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{own},,"]) + "\n"
