"""Page with a cell of a lesson's notebook, an answer in it, and the result of `%grade` below it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat

from blindgrade.catalog import Catalog, CourseError

LESSON = "lesson-7.2.1"
EXERCISE = "score_from_noise"
HEADING = "## The score was hiding"
NARROW = "<style>body { width: 60rem; } .jp-Notebook { padding: 0 1rem 1rem 0; }</style>"


def notebook_page(catalog: Catalog, submission: Path) -> str:
    """HTML of the page: the heading, the submission's answer and its card. The lesson's first cells run before it."""
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    files = catalog.files(LESSON)
    notebook = nbformat.read(files.notebook, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    start = code[: next(number for number, cell in enumerate(code) if "def " in cell.source)]
    answer = next(cell for cell in code if cell.id == EXERCISE.replace("_", "-"))
    answer.source = _definition(catalog.root / submission / files.folder / f"{files.module}.py")
    grade = nbformat.v4.new_code_cell(f"%grade {EXERCISE}")
    shown = [nbformat.v4.new_markdown_cell(HEADING), answer, grade]
    notebook.cells = [*start, *shown]
    NotebookClient(notebook, resources={"metadata": {"path": str(files.exercises)}}).execute()
    notebook.cells = shown
    exporter: Any = HTMLExporter(template_name="lab")
    page: str = exporter.from_notebook_node(notebook)[0]
    return page.replace("</head>", f"{NARROW}</head>")


def _definition(path: Path) -> str:
    """Source of the exercise's function. CourseError if the file has no such function."""
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == EXERCISE:
            return ast.get_source_segment(text, node) or ""
    raise CourseError(f"{path} has no function {EXERCISE}; choose another exercise for the sample")
