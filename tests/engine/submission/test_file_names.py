"""Names of files as students, browsers and systems make them."""

from __future__ import annotations

import unicodedata

import pytest

from blindgrade.engine.submission.file_names import Kind, Named, named, suffix_of

MODULES = ("score_functions", "sdxl", "sd3_and_flux", "flow_matching")


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [
        ("score_functions.py", Kind.OWN, 0),
        ("hw/score_functions.ipynb", Kind.OWN, 0),
        ("score_functions.PY", Kind.COPIED, 0),
        ("Score_Functions.ipynb", Kind.COPIED, 0),
        ("score_functions.py.txt", Kind.COPIED, 0),
        ("score_functions.ipynb.json", Kind.COPIED, 0),
        ("Score Functions.py", Kind.COPIED, 0),
        ("Copy of score_functions.ipynb", Kind.COPIED, 0),
        ("Kopie von score_functions.ipynb", Kind.COPIED, 0),
        ("Copy of Copy of score_functions.ipynb", Kind.COPIED, 0),
        ("score_functions copy.py", Kind.COPIED, 0),
        ("score_functions - Copy (2).py", Kind.COPIED, 2),
        ("score_functions-Copy1.ipynb", Kind.COPIED, 1),
        ("score_functions (2).ipynb", Kind.COPIED, 2),
        ("score_functions-1.py", Kind.COPIED, 1),
        ("score_functions_ana.ipynb", Kind.LONGER, 0),
        ("ana-score-functions.py", Kind.LONGER, 0),
    ],
)
def test_a_name_by_rule_is_the_lessons(name: str, kind: Kind, number: int) -> None:
    suffix = ".ipynb" if "ipynb" in name else ".py"
    assert named(name, MODULES) == Named("score_functions", suffix, kind, number)


@pytest.mark.parametrize("name", ["helper.py", "scores.py", "Untitled.ipynb", "score_functions.txt", "score_functions"])
def test_another_name_is_no_lessons(name: str) -> None:
    assert named(name, MODULES) is None


def test_the_longest_module_that_fits_counts() -> None:
    found = named("turbo_sdxl_flow_matching.py", MODULES)
    assert found is not None and found.module == "flow_matching"
    assert named("sd3_and_flux.py", MODULES) == Named("sd3_and_flux", ".py", Kind.OWN)


def test_letters_of_two_code_points_are_one_letter() -> None:
    decomposed = unicodedata.normalize("NFD", "größe.py")
    assert named(decomposed, ["größe"]) == Named("größe", ".py", Kind.OWN)


def test_a_suffix_alone_is_no_file() -> None:
    assert suffix_of(".py") == "" and suffix_of("a.PY") == ".py" and suffix_of("a.ipynb.txt") == ".ipynb"
