from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import blindgrade
from blindgrade.release import wheel
from blindgrade.release.wheel import WheelError, engine_wheel, zipped

LICENCE = Path(__file__).parents[2] / "LICENSE"
MAKE = "import sys; from blindgrade.release.wheel import engine_wheel; sys.stdout.buffer.write(engine_wheel()[1])"


def opened() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(engine_wheel()[1]))


def test_the_same_package_gives_the_same_bytes() -> None:
    assert engine_wheel() == engine_wheel()


def test_it_holds_every_module_but_those_for_authors_alone_and_nothing_that_was_compiled() -> None:
    package = Path(blindgrade.__file__).parent
    names = set(opened().namelist())
    modules = {p.relative_to(package) for p in package.rglob("*.py")}
    released = {f"blindgrade/{p.as_posix()}" for p in modules if p.parts[0] not in ("imports", "scaffold")}
    assert released <= names and len(released) < len(modules)
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_record_lists_every_file_and_its_digest() -> None:
    archive = opened()
    record = next(name for name in archive.namelist() if name.endswith("/RECORD"))
    rows = {name: digest for name, digest, _ in csv.reader(io.StringIO(archive.read(record).decode()))}
    assert set(rows) == set(archive.namelist())
    for name, digest in rows.items():
        if name != record:
            made = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={made}"


def test_a_changed_engine_has_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = shutil.copytree(Path(blindgrade.__file__).parent, tmp_path / "blindgrade")
    monkeypatch.setattr(wheel, "PACKAGE", package)
    before = engine_wheel()[0]
    with (package / "models.py").open("a") as file:
        file.write("# changed\n")
    assert engine_wheel()[0] != before


def test_a_wheel_made_from_an_installed_wheel_is_the_same_wheel(tmp_path: Path) -> None:
    name, content = engine_wheel()
    (tmp_path / name).write_bytes(content)
    home = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", home, tmp_path / name]
    subprocess.run(pip, check=True, timeout=120)
    env = {**os.environ, "PYTHONPATH": str(home)}
    made = subprocess.run([sys.executable, "-c", MAKE], capture_output=True, env=env, check=True, timeout=120, cwd=home)
    assert made.stdout == content


def test_the_licence_is_in_it_and_named_in_its_metadata() -> None:
    archive = opened()
    (licence,) = [name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert archive.read(licence) == LICENCE.read_bytes()
    headers = archive.read(licence.replace("licenses/LICENSE", "METADATA")).decode().splitlines()
    assert {"License-Expression: BSD-3-Clause", "License-File: LICENSE"} <= set(headers)


def test_a_package_that_was_installed_without_its_licence_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content = engine_wheel()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / f"{'-'.join(name.split('-')[:2])}.dist-info" / "licenses" / "LICENSE").unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WheelError, match="without its licence; install it again with pip"):
        engine_wheel()


def test_a_file_with_a_shebang_is_executable_in_an_archive() -> None:
    archive = zipfile.ZipFile(io.BytesIO(zipped({"run": b"#!/bin/sh\n", "data": b"1"})))
    assert [oct(e.external_attr >> 16) for e in archive.infolist()] == ["0o100644", "0o100755"]
