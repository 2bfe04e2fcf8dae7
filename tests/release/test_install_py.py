"""`install.py` of a released repository, run for real: with a venv, with pip and with indexes on this disk."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.release.repository import files
from blindgrade.release.wheel import zipped

# Not the tests' own environment: install.py would install into it.
PYTHON = str(Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else f"bin/python3.{sys.version_info[1]}"))
ORDINARY, SMALL = "2.13.0", "2.13.0+cpu"
LEFT_OUT = (
    "PIP_",
    "VIRTUAL_ENV",
    "CONDA_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)


def wheel(name: str, version: str, requires: str = "", script: str = "") -> tuple[str, bytes]:
    """A small wheel, with a command if `script` names one."""
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    content = {
        f"{name}/__init__.py": b"def main(): print('graded')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if script:
        content[f"{info}/entry_points.txt"] = f"[console_scripts]\n{script} = {name}:main\n".encode()
    content[f"{info}/RECORD"] = ("".join(f"{path},,\n" for path in content) + f"{info}/RECORD,,\n").encode()
    return f"{name}-{version}-py3-none-any.whl", zipped(content)


def index(folder: Path, *wheels: tuple[str, bytes]) -> str:
    """URL of a package index in this folder."""
    for file, content in wheels:
        place = folder / file.partition("-")[0]
        place.mkdir(parents=True, exist_ok=True)
        (place / file).write_bytes(content)
        names = sorted(path.name for path in place.glob("*.whl"))
        links = "".join(f'<a href="{name.replace("+", "%2B")}">{name}</a>\n' for name in names)
        (place / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.as_uri()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .venv as install.py makes it. Each test that does not try that step gets a copy."""
    home = tmp_path_factory.mktemp("made") / ".venv"
    subprocess.run([PYTHON, "-m", "venv", str(home)], check=True)
    return home


class Repository:
    """A student's folder with the released install.py and a small grader, and two indexes."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self.folder = folder / "course"
        self.indexes = folder / "indexes"
        self.bin = folder / "bin"
        self.bin.mkdir()
        made = files(catalog, catalog.find(["all"]))
        (name,) = [path for path in made if path.startswith("vendor/")]
        _, small = wheel("blindgrade", name.split("-")[1], "torch>=2.6", script="grade")
        for path in ("install.py", "requirements.txt", name):
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(small if path == name else made[path])
        index(self.indexes / "ordinary", wheel("torch", ORDINARY, "maththing"), wheel("maththing", "1.0"))
        self.cpu = index(self.indexes / "cpu", wheel("torch", SMALL, "maththing"))

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(LEFT_OUT)}
        ordinary = (self.indexes / "ordinary").as_uri()
        # A search path with pip's own needs alone: nvidia-smi of this machine is not on it.
        return {**kept, "PATH": str(self.bin), "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": ordinary}

    def install(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PYTHON, str(self.folder / "install.py"), "--torch-index", self.cpu, *options],
            cwd=self.folder.parent, env=self.environment | variables, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def pip(self, *arguments: str) -> None:
        """Run pip of the environment."""
        python = self.folder / ".venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", *arguments], env=self.environment, check=True, capture_output=True)

    @property
    def torch(self) -> str:
        """Version that is installed; empty without one."""
        found = list((self.folder / ".venv").rglob("torch-*.dist-info"))
        return found[0].name.removeprefix("torch-").removesuffix(".dist-info") if found else ""

    def has_nvidia(self) -> None:
        (self.bin / "nvidia-smi").write_text("#!/bin/sh\n")
        (self.bin / "nvidia-smi").chmod(0o755)


@pytest.fixture
def empty(tmp_path: Path, catalog: Catalog) -> Repository:
    return Repository(tmp_path, catalog)


@pytest.fixture
def student(empty: Repository, environment: Path) -> Repository:
    shutil.copytree(environment, empty.folder / ".venv", symlinks=True)
    return empty


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one build of PyTorch")


@on_linux
def test_without_a_card_the_build_for_cpus_is_installed_and_a_second_run_needs_no_index(empty: Repository) -> None:
    done = empty.install()
    assert done.returncode == 0, done.stdout + done.stderr
    assert empty.torch == SMALL
    assert "0.3 GB to download and 1.1 GB on the disk.\nIt takes 2 to 10 minutes" in done.stdout
    assert done.stdout.index("to download") < done.stdout.index("Successfully installed torch")
    grade = empty.folder / ".venv" / "bin" / "grade"
    assert subprocess.run([grade], capture_output=True, text=True, timeout=60).stdout == "graded\n"
    assert ".venv/bin/grade lesson-1.1" in done.stdout
    shutil.rmtree(empty.indexes)
    again = empty.install()
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"PyTorch {SMALL} is installed already" in again.stdout and empty.torch == SMALL


@on_linux
@pytest.mark.parametrize(
    ("card", "options", "expected"),
    [
        (True, [], ORDINARY),
        (True, ["--cpu"], SMALL),
        (False, ["--cuda"], ORDINARY),
    ],
)
def test_a_card_or_an_option_chooses_the_build(
    student: Repository, card: bool, options: list[str], expected: str
) -> None:
    if card:
        student.has_nvidia()
    done = student.install(*options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert student.torch == expected
    assert ("5.1 GB on the disk" in done.stdout) is (expected == ORDINARY)


@on_linux
def test_without_pytorchs_own_index_the_ordinary_build_comes_and_its_size_is_said(student: Repository) -> None:
    shutil.rmtree(student.indexes / "cpu")
    done = student.install()
    assert done.returncode == 0, done.stdout + done.stderr
    assert student.torch == ORDINARY
    assert "could not be taken from" in done.stdout and "5.1 GB on the disk" in done.stdout


@on_linux
def test_a_version_that_was_not_proved_is_neither_taken_nor_kept(student: Repository) -> None:
    index(student.indexes / "cpu", wheel("torch", "2.99.0+cpu", "maththing"))
    index(student.indexes / "ordinary", wheel("torch", "2.99.0", "maththing"))
    student.pip("install", "--no-deps", "torch==2.99.0")
    done = student.install()
    assert "PyTorch 2.99.0 is installed, and this course was proved with torch>=2.6,<2.14" in done.stdout
    assert student.torch == SMALL


@on_linux
def test_an_option_replaces_the_other_build_of_the_same_version(student: Repository) -> None:
    student.pip("install", "--no-deps", "--index-url", student.cpu, "torch")
    done = student.install("--cuda")
    assert done.returncode == 0, done.stdout + done.stderr
    assert student.torch == ORDINARY and "you asked for the other build" in done.stdout
    assert student.install("--cpu").returncode == 0 and student.torch == SMALL


@on_linux
def test_wheels_are_downloaded_and_install_without_any_index(student: Repository, tmp_path: Path) -> None:
    fetched = student.install("--download", str(tmp_path / "wheels"))
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    names = sorted(path.name.partition("-")[0] for path in (tmp_path / "wheels").iterdir())
    assert names == ["blindgrade", "maththing", "torch"] and student.torch == ""
    shutil.rmtree(student.indexes)
    done = student.install("--wheels", "wheels")  # relative to where the command was typed
    assert done.returncode == 0, done.stdout + done.stderr
    assert student.torch == SMALL


def test_a_folder_without_the_wheels_says_how_to_fill_it(student: Repository, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = student.install("--wheels", "none")
    assert done.returncode == 1 and "`python3 install.py --download DIR`" in done.stderr
    missing = student.install("--wheels", "nowhere")
    assert missing.returncode == 2 and "nowhere is no folder" in missing.stderr


def test_an_environment_that_no_longer_starts_is_made_again(empty: Repository) -> None:
    broken = empty.folder / ".venv"
    (broken / "bin").mkdir(parents=True)
    (broken / "pyvenv.cfg").write_text("home = /gone\n")
    (broken / "bin" / "python").symlink_to("/gone/python3")
    done = empty.install()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Making a virtual environment in .venv again" in done.stdout and empty.torch


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """URL of a proxy that answers for every host from a folder, and the URLs that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "indexes"))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            asked.append(self.path)
            self.path = "/" + self.path.removeprefix("http://").partition("/")[2]
            super().do_GET()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@on_linux
def test_a_proxy_of_the_environment_is_used(student: Repository, proxy: tuple[str, list[str]]) -> None:
    url, asked = proxy
    done = student.install(
        "--torch-index", "http://pytorch.invalid/cpu", HTTP_PROXY=url, http_proxy=url,
        PIP_INDEX_URL="http://packages.invalid/ordinary", PIP_TRUSTED_HOST="pytorch.invalid packages.invalid",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert student.torch == SMALL
    assert {one.split("/")[2] for one in asked} == {"pytorch.invalid", "packages.invalid"}


def test_help_names_every_option(student: Repository) -> None:
    text = student.install("--help").stdout
    for option in ("--notebook", "--cuda", "--cpu", "--wheels", "--download", "--torch-index"):
        assert option in text
