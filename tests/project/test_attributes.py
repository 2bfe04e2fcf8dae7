"""Line endings and marks that git gives to files, and what the files have."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog

ROOT = Path(__file__).parents[2]
Attribute = Callable[..., dict[str, str]]
COURSES = (ROOT, ROOT / "tests" / "courses" / "mini")


@pytest.fixture
def attribute(tmp_path: Path) -> Attribute:
    """Value of an attribute for paths, which need not exist, in a repository that has this one's .gitattributes."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True, timeout=60)

    def ask(name: str, paths: list[str], attributes: Path = ROOT / ".gitattributes") -> dict[str, str]:
        (tmp_path / ".gitattributes").write_bytes(attributes.read_bytes())
        command = ["git", "check-attr", "-z", "--stdin", name]
        text = "".join(f"{path}\0" for path in paths)
        done = subprocess.run(command, cwd=tmp_path, input=text, capture_output=True, text=True, check=True, timeout=60)
        fields = done.stdout.split("\0")
        return dict(zip(fields[0::3], fields[2::3], strict=False))

    return ask


def generated() -> list[str]:
    made = [ROOT / "docs" / "coverage.md", *sorted((ROOT / "docs" / "schemas").glob("*.json"))]
    made += sorted((ROOT / "reports" / "samples").glob("*.html"))
    for course in COURSES:
        for target in Catalog(course).find(["all"]):
            files = target.files
            made += [files.stub, files.notebook, files.public_checks, files.answer_key]
    made += sorted((ROOT / "graders").glob("*/proofs.json"))
    return [path.relative_to(ROOT).as_posix() for path in made]


def written() -> list[str]:
    made = [ROOT / "course.toml", ROOT / "exercises" / "toys.py", ROOT / "README.md"]
    for course in COURSES:
        for target in Catalog(course).find(["all"]):
            files = target.files
            made += [files.spec, files.solution, files.private_checks, files.known_answers]
    return [path.relative_to(ROOT).as_posix() for path in made]


def test_what_is_generated_is_marked_and_nothing_else(attribute: Attribute) -> None:
    marks = attribute("linguist-generated", [*generated(), *written()])
    assert all((ROOT / path).is_file() for path in marks)
    assert {path for path, value in marks.items() if value == "set"} == set(generated())


@pytest.mark.parametrize("where", [".gitattributes", "student_template/.gitattributes"])
def test_what_a_digest_binds_has_the_same_bytes_on_every_system(attribute: Attribute, where: str) -> None:
    paths = [*generated(), *written()]
    assert set(attribute("eol", paths, ROOT / where).values()) == {"lf"}
    assert attribute("text", ["vendor/blindgrade-1-py3-none-any.whl"], ROOT / where).popitem()[1] == "unset"


def test_no_tracked_source_has_other_line_endings() -> None:
    folders = ("src", "exercises", "solutions", "graders", "docs")
    names = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    texts = [p for p in names if p.suffix in (".py", ".toml", ".md", ".json", ".ipynb", ".html", ".css")]
    assert len(texts) > 300
    assert not [p for p in texts if "__pycache__" not in p.parts and b"\r" in p.read_bytes()]
