"""Two answers have the same structure if they differ only in names, layout and comments."""

import pytest

from blindgrade.cohort_report.structure import definitions, form

ANSWER = '''
def score(eps, alpha_bar):
    """Text."""
    sigma = (1 - alpha_bar) ** 0.5  # the noise
    return -eps / sigma
'''


def _form(text):
    return form(next(iter(definitions(text).values())))


@pytest.mark.parametrize(
    "same",
    [
        "def score(noise, a):\n    s = (1 - a) ** 0.5\n    return -noise / s\n",
        "def score(eps: int, a: 'x') -> float:\n    s: float = (1 - a) ** .5\n    pass\n    return (-eps) / s",
        "async_ = 1\ndef score(x, y):\n    'Other words.'\n    z = (1 - y) ** 0.5\n    return -x / z",
    ],
)
def test_names_layout_and_words_do_not_matter(same):
    assert _form(same) == _form(ANSWER)


@pytest.mark.parametrize(
    "other",
    [
        "def score(eps, alpha_bar):\n    sigma = (1 - alpha_bar) ** 0.5\n    return eps / sigma\n",
        "def score(eps, alpha_bar):\n    sigma = (1 - alpha_bar) ** 2\n    return -eps / sigma\n",
        "def score(eps, alpha_bar):\n    return -eps / (1 - alpha_bar) ** 0.5\n",
        "def score(alpha_bar, eps):\n    sigma = (1 - alpha_bar) ** 0.5\n    return -eps / sigma\n",
        "def score(eps, alpha_bar):\n    sigma = (1 - alpha_bar).sqrt()\n    return -eps / sigma\n",
    ],
)
def test_a_change_of_the_computation_matters(other):
    assert _form(other) != _form(ANSWER)


def test_an_attribute_is_no_name_of_the_students():
    first = "def f(x):\n    mean = x.mean()\n    return x - mean\n"
    assert _form(first) != _form(first.replace("mean", "std"))
    assert _form(first) == _form(first.replace("mean =", "m =").replace("- mean", "- m"))
    text = "def f(x):\n    key = 'key'\n    return g(key=x[key])\n"
    assert _form(text) != _form(text.replace("'key'", "'other'"))
    assert _form(text) != _form(text.replace("key=x", "other=x"))


def test_names_within_a_class_and_nested_functions():
    first = (
        "class A:\n    def f(self, x):\n        def g(y):\n            return y + x\n        return [g(i) for i in x]\n"
    )
    second = first.replace("(i)", "(j)").replace("for i", "for j").replace("g(", "help(").replace("y", "u")
    assert second != first and _form(second) == _form(first)
    assert _form(first.replace("y + x", "x + x")) != _form(first)


def test_text_that_does_not_parse_has_no_definitions():
    assert definitions("def f(:\n") == {} and definitions("\0") == {}
