import json
import re
from typing import Any

from blindgrade.authoring.notebook import notebook_text, solved_cells

SOLUTION = """\
# %% [markdown]
# # Scores & noïse
#
# Text.

# %%
import math

# %% tags=["notebook-only"]
print("picture")

# %% tags=["solution-only"]
def _secret(x):
    return math.sqrt(x)

# %%
def root_of_x(x):
    ### BEGIN SOLUTION
    return _secret(x)
    ### END SOLUTION
"""


def cells_of(source: str) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(notebook_text(source, "scores.py"))["cells"]
    return cells


def ids_of(source: str) -> list[str]:
    return [cell["id"] for cell in cells_of(source)]


def test_the_notebook_is_nbformat_4_5_for_python_3() -> None:
    notebook = json.loads(notebook_text(SOLUTION, "scores.py"))
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_code_cells_have_no_outputs_and_markdown_cells_have_no_such_key() -> None:
    common = {"cell_type", "id", "metadata", "source"}
    for cell in cells_of(SOLUTION):
        if cell["cell_type"] == "code":
            assert set(cell) == common | {"execution_count", "outputs"}
            assert (cell["execution_count"], cell["outputs"]) == (None, [])
        else:
            assert (cell["cell_type"], set(cell)) == ("markdown", common)


def test_regions_are_cut_and_only_the_solutions_own_cells_are_dropped() -> None:
    assert ["".join(cell["source"]) for cell in cells_of(SOLUTION)] == [
        "# Scores & noïse\n\nText.",
        """import sys

import torch

sys.path.append("..")
torch.set_num_threads(1)  # small tensors: threads would wait""",
        "%load_ext blindgrade\n"
        "# To run the public checks, write one of these lines into a cell below your code:\n"
        "#   %grade root_of_x\n"
        "#   %grade            (all exercises that you have run so far)",
        "import math",
        'print("picture")',
        "def root_of_x(x):\n    raise NotImplementedError",
    ]


def test_a_cell_that_the_stub_lacks_keeps_its_tag() -> None:
    tags = [cell["metadata"].get("tags") for cell in cells_of(SOLUTION)]
    assert tags == [None, ["notebook-only"], ["notebook-only"], None, ["notebook-only"], None]


def test_ids_come_from_headings_and_definitions() -> None:
    assert ids_of(SOLUTION) == [
        "scores-noise",
        "course-path",
        "course-grade",
        "scores-noise-code",
        "scores-noise-code-2",
        "root-of-x",
    ]


def test_ids_are_unique_and_short_and_legal() -> None:
    long = "# %% [markdown]\n# # " + "word " * 40 + "\n"
    ids = ids_of(
        long * 12 + "# %%\n# %%\n# %% [markdown]\n# # é 2\n# %%\ndef course_path():\n    pass\n" + SOLUTION * 2
    )
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)


def test_cells_without_any_name_have_ids() -> None:
    assert ids_of("# %%\nx = 1\n# %% [markdown]\n# Text\n") == ["course-path", "code", "markdown"]


def test_a_notebook_without_an_exercise_has_no_grade_cell() -> None:
    assert "course-grade" not in ids_of("# %%\ndef helper():\n    return 1\n")


def test_a_notebook_without_code_has_no_path_cell() -> None:
    assert ids_of("# %% [markdown]\n# # Title\n") == ["title"]


def test_the_text_is_sorted_json_with_a_last_newline() -> None:
    text = notebook_text(SOLUTION, "scores.py")
    again = json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert text == again


def test_two_builds_are_equal() -> None:
    assert notebook_text(SOLUTION, "scores.py") == notebook_text(SOLUTION, "scores.py")


def test_solved_cells_keep_solutions_and_ids() -> None:
    text = (
        '# %% tags=["solution-only"]\ndef helper(): ...\n\n# %%\n'
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    )
    solved = solved_cells(text, "a.py")
    given = json.loads(notebook_text(text, "a.py"))["cells"]
    assert [cell["id"] for cell in solved if not cell["id"].startswith("solution-only")] == [
        c["id"]
        for c in given
        if c["id"] != "course-grade"  # nbgrader has grade cells of its own
    ]
    assert "return 1" in "".join(solved[-1]["source"])
    assert "return 1" not in "".join(given[-1]["source"])
