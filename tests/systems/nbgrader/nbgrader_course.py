"""A course directory for nbgrader from the miniature course, notebooks of students, and nbgrader's commands."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog
from blindgrade.systems.nbgrader import release as target

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
DRIVER = Path(__file__).with_name("nbgrader_commands.py")
LESSON = "lesson-1.1.1"

Cells = list[dict[str, Any]]

RIGHT = (TESTS / "submissions/mini/all_right/basics.py").read_text()
# Everything right but for the ValueError: 4 of the 5 weights of standardize.
HALF = RIGHT.replace('        raise ValueError("one value")\n', "        pass\n").replace(
    "return (standardize(first) * standardize(second)).mean(dim=-1)", "raise NotImplementedError"
)
FORGED = (TESTS / "submissions/mini/forges_a_broken_check/basics.py").read_text()


def answered(released: Cells, text: str) -> Cells:
    """The released cells with the functions of `text` in them."""
    tree = ast.parse(text)
    functions = {n.name: ast.get_source_segment(text, n) for n in tree.body if isinstance(n, ast.FunctionDef)}
    imports = "\n".join(ast.unparse(n) for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom))
    cells: Cells = json.loads(json.dumps(released))
    for cell in cells:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in functions:
            cell["source"] = f"{imports}\n\n{functions[name]}"
    return cells


def code(source: str, **marks: Any) -> dict[str, Any]:
    metadata = {"nbgrader": marks} if marks else {}
    return {"cell_type": "code", "metadata": metadata, "outputs": [], "execution_count": None, "source": source}


def right(released: Cells) -> Cells:
    """Right answers. They warn on stderr, which nbgrader reads as zero, and show a tensor, which it reads as all."""
    cells = answered(
        released, RIGHT.replace("    centered =", "    __import__('warnings').warn('look')\n    centered =")
    )
    return [*cells, code("import sys; print('to stderr', file=sys.stderr)\ntorch.tensor(1.)")]


def half(released: Cells) -> Cells:
    return answered(released, HALF)


def hostile(released: Cells) -> Cells:
    """Forged replies, forged cells and points, broken metadata, a deleted grade cell, HTML in what it raises."""
    evil = FORGED + "\n\ndef fit_line(x, y):\n    raise ValueError('<script>alert(1)</script> [x](javascript:y) $x$')\n"
    cells = answered(released, evil)
    kept = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") != "grade-correlation"]
    for cell in kept:
        marks = cell["metadata"].get("nbgrader")
        if marks is None:
            continue
        if marks["grade"]:  # worth a thousand, passed already, of a version that ends nbgrader's run
            marks |= {"points": 1000, "schema_version": 1, "wish": "all points"}
            value = {"data": {"text/plain": "1000"}, "metadata": {}}
            cell["outputs"] = [{"output_type": "execute_result", "execution_count": 1, **value}]
            cell["source"] = "1000"
    forged = {"grade": True, "solution": False, "locked": True, "points": 50, "schema_version": 3}
    again = json.loads(json.dumps(kept[5]))
    return [
        *kept,
        again,
        code("50", **forged, grade_id="bonus"),
        code("1", grade_id=["odd"]),
        code("open('ran-here', 'w')"),
    ]


def write(course: Path) -> None:
    """The course directory, as `course release --as nbgrader` writes it."""
    catalog = Catalog(MINI)
    for path, content in target.files(catalog, catalog.find(["all"])).items():
        (course / path).parent.mkdir(parents=True, exist_ok=True)
        (course / path).write_bytes(content)


def nbgrader(root: Path, *commands: list[str], **environment: str) -> tuple[list[int], str]:
    """The commands' exit codes and all their output."""
    bin_folder = str(Path(sys.executable).parent)  # nbgrader calls alembic by name
    own = {k: v for k, v in os.environ.items() if k != "BLINDGRADE_COURSE"}
    env = {**own, "PATH": f"{bin_folder}{os.pathsep}{own['PATH']}", "HOME": str(root), **environment}
    done = subprocess.run(
        [sys.executable, DRIVER, json.dumps(commands)],
        cwd=root, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.rstrip().splitlines()[-1]), done.stdout


def released_cells(root: Path) -> Cells:
    cells: Cells = json.loads((root / "release" / LESSON / "basics.ipynb").read_text())["cells"]
    return cells


def notebook(cells: Cells) -> str:
    """The file of a notebook with these cells, as Jupyter saves it: each cell has an id of its own."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    named = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    return json.dumps({"cells": named, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
