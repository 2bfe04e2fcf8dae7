import pytest

from blindgrade.authoring.regions import RegionError
from blindgrade.authoring.stub import stub_text

SOLUTION = '''\
# %% [markdown]
# # Scores & noise
#
# Text.

# %%
import math

import torch

# %% tags=["notebook-only"]
import matplotlib

# %% tags=["solution-only"]
def _secret(x):
    return math.sqrt(x)

# %% [markdown]
# ## The root

# %%
def root(x):
    """The root of x."""
    ### BEGIN SOLUTION
    return _secret(x)
    ### END SOLUTION
'''


STUB = '''\
# Your file for the lesson Scores & noise. Write your answers in place of `raise NotImplementedError`.


# %% [markdown]
# # Scores & noise
#
# Text.


# %%
import math

import torch

# %% [markdown]
# ## The root


# %%
def root(x):
    """The root of x."""
    raise NotImplementedError
'''


def test_the_stub_is_the_solution_without_its_answers() -> None:
    assert stub_text(SOLUTION, "scores.py") == STUB


def test_the_stub_compiles_and_its_functions_are_not_implemented() -> None:
    names: dict[str, object] = {}
    exec(
        compile(stub_text(SOLUTION.replace("import torch", "import json"), "scores.py"), "scores.py", "exec"),
        names,
    )
    root = names["root"]
    assert callable(root)
    with pytest.raises(NotImplementedError):
        root(4.0)


def test_no_tagged_cell_is_in_the_stub() -> None:
    stub = stub_text(SOLUTION, "scores.py")
    assert "matplotlib" not in stub
    assert "_secret" not in stub


def test_a_lesson_without_heading_has_the_name_of_its_file() -> None:
    assert stub_text("# %%\nx = 1\n", "a/scores.py").startswith("# Your file for the lesson scores.")


def test_the_title_is_not_taken_from_a_dropped_cell() -> None:
    hidden = '# %% [markdown] tags=["solution-only"]\n# # Hidden\n'
    assert "Hidden" not in stub_text(hidden + SOLUTION, "scores.py")


def test_an_error_names_the_line_of_the_file() -> None:
    broken = SOLUTION.replace("    ### END SOLUTION\n", "")
    with pytest.raises(RegionError, match=r"^scores\.py:24: .* is never closed"):
        stub_text(broken, "scores.py")
