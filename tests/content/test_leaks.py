"""The scan of a release on the real course: it finds every private answer, and nothing in what is public on purpose."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from blindgrade.authoring import cells, regions
from blindgrade.catalog import Catalog
from blindgrade.lesson_files import LessonFiles
from blindgrade.release import repository
from blindgrade.release.scan.leaks import find_leaks
from blindgrade.release.scan.private_matter import PrivateMatter


@pytest.fixture(scope="module")
def course() -> Catalog:
    return Catalog(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def private(course: Catalog) -> PrivateMatter:
    return PrivateMatter(course)


def lessons(course: Catalog) -> Iterator[LessonFiles]:
    for entry in course.entries:
        files = LessonFiles(course.root, entry)
        if files.solution.is_file() and files.private_checks.is_file():
            yield files


def answers(files: LessonFiles) -> Iterator[str]:
    """Each region of the lesson's solution, as the body of a function."""
    for cell in cells.parse(files.solution.read_text(), "solution"):
        for part in cell.source.split(regions.BEGIN)[1:] if cell.kind == "code" else ():
            text = textwrap.dedent(part.split(regions.END)[0].strip("\n"))
            yield f"def answer():\n{textwrap.indent(text.rstrip(), '    ')}\n"


def known_answers_and_hidden_checks(files: LessonFiles, private: PrivateMatter) -> Iterator[str]:
    for path in (files.known_answers, files.private_checks):
        text = path.read_text()
        for node in ast.parse(text).body:
            wanted = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if wanted and (path != files.private_checks or node.name in private.hidden_names):
                yield "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])


class Renamed(ast.NodeTransformer):
    """Every variable under another name; the names of modules stay."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id not in ("torch", "nn", "F", "math"):
            node.id = self.names.setdefault(node.id, f"name{len(self.names)}")
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.setdefault(node.arg, f"name{len(self.names)}")
        return node


def test_nothing_private_is_in_a_release_of_everything(course: Catalog, private: PrivateMatter) -> None:
    assert find_leaks(private, repository.files(course, course.find(["all"]))) == []


def test_every_answer_is_found(course: Catalog, private: PrivateMatter) -> None:
    texts = [text for files in lessons(course) for text in answers(files)]
    assert len(texts) > 50
    assert [text for text in texts if not find_leaks(private, {"a.py": text.encode()})] == []


def test_nearly_every_answer_is_found_under_other_names(course: Catalog, private: PrivateMatter) -> None:
    texts = [ast.unparse(Renamed().visit(ast.parse(text))) for files in lessons(course) for text in answers(files)]
    missed = [text for text in texts if not find_leaks(private, {"a.py": text.encode()})]
    assert len(missed) <= 0.03 * len(texts), "\n".join(missed)  # a call with its arguments alone is no shape


def test_every_known_answer_and_hidden_check_is_found(course: Catalog, private: PrivateMatter) -> None:
    texts = [text for files in lessons(course) for text in known_answers_and_hidden_checks(files, private)]
    assert len(texts) > 300
    assert [text for text in texts if not find_leaks(private, {"a.py": text.encode()})] == []
