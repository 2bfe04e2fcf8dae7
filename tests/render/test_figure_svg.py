"""Figures as parts of a page: safe, small, in the page's own colours."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
import torch

from blindgrade.figures import Figure, FigurePair, arrows, bars, curves, image, paths, points
from blindgrade.render.figure_svg import picture

RNG = torch.Generator().manual_seed(0)


def drawn(amount: int = 40) -> list[Figure]:
    places = torch.randn(amount, 2, generator=RNG)
    t = torch.linspace(0, 1, amount)
    return [
        arrows("arrows", places, -places),
        paths("paths", torch.randn(amount, 80, 2, generator=RNG)),
        points("points", {"samples": places, "data": places + 1}),
        curves("curves", {"signal": (t, 1 - t), "noise": (t, t)}, xlabel="t", ylabel="share"),
        image("image", torch.rand(amount, amount, generator=RNG), lines=(3,)),
        bars("bars", {"one\nto two": 1.0, "three": 2.0}, ylabel="price"),
    ]


def pair(student: Figure | None, reference: Figure | None = None) -> FigurePair:
    return FigurePair("lesson-1.1.1", "exercise", "check", student, reference)


@pytest.mark.parametrize("figure", drawn(), ids=lambda figure: figure.kind)
def test_a_picture_is_well_formed_and_loads_nothing(figure: Figure) -> None:
    text = str(picture(pair(figure, figure), "p0"))
    root = ElementTree.fromstring(text.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" '))
    tags = {element.tag for element in root.iter()}
    assert not tags & {"script", "style", "metadata", "foreignObject", "a", "iframe"}
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith(("href", "src"))]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"url\((?!#p0-)", text)
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids)) and all(name.startswith("p0-") for name in ids)
    assert {v[1:] for v in links if v.startswith("#")} <= set(ids)


@pytest.mark.parametrize("figure", drawn(), ids=lambda figure: figure.kind)
def test_a_picture_says_what_it_shows_and_if_it_is_the_students(figure: Figure) -> None:
    text = str(picture(pair(figure, figure), "p0"))
    assert f'aria-label="{figure.title}: your result"' in text
    assert f'aria-label="{figure.title}: the reference"' in text


@pytest.mark.parametrize("figure", drawn(), ids=lambda figure: figure.kind)
def test_a_picture_has_no_colour_of_its_own(figure: Figure) -> None:
    text = str(picture(pair(figure), "p0"))
    assert "var(--" in text
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text)) <= {"#ffffff"}  # lines over an image


@pytest.mark.parametrize("figure", drawn(3000), ids=lambda figure: figure.kind)
def test_a_picture_of_many_numbers_is_small(figure: Figure) -> None:
    assert len(picture(pair(figure, figure), "p0")) < 120_000


NONE = torch.full((5, 2), math.nan)


@pytest.mark.parametrize(
    "figure",
    [
        arrows("", NONE, NONE),
        arrows("", torch.zeros(4, 2), torch.zeros(4, 2)),
        arrows("", torch.zeros(0, 2), torch.zeros(0, 2)),
        paths("", torch.full((2, 5, 2), math.inf)),
        paths("", torch.zeros(0, 5, 2)),
        points("", {"samples": NONE, "data": torch.zeros(0, 2)}),
        curves("", {"one": (NONE[:, 0], NONE[:, 1])}),
        curves("", {}),
        image("", torch.full((3, 3), math.nan)),
        image("", torch.zeros(3, 3)),
        bars("", {"one": math.nan, "two": -1e11}),
        bars("", {}),
    ],
    ids=lambda figure: figure.kind,
)
def test_strange_numbers_are_drawn_without_a_warning(figure: Figure) -> None:
    assert "<svg" in picture(pair(figure), "p0")


def test_words_of_a_figure_are_text_and_no_markup_or_formula() -> None:
    words = "<script>$\\frac{1}{0}$</script>"
    t = torch.linspace(0, 1, 4)
    figure = curves(words, {words: (t, t), "b": (t, t)}, xlabel=words, ylabel=words)
    text = str(picture(pair(figure), "p0"))
    assert "<script" not in text
    assert "&lt;script&gt;$\\frac{1}{0}$&lt;/script&gt;" in text


def test_both_sides_have_one_scale() -> None:
    t = torch.linspace(0, 1, 5)
    small, large = curves("", {"a": (t, t)}), curves("", {"a": (t, 100 * t)})
    both = str(picture(pair(small, large), "p0")).split("the reference")
    alone = str(picture(pair(small), "p0"))
    assert ">80<" in both[0] or ">100<" in both[0] or ">90<" in both[0]
    assert ">0.9<" in alone or ">0.8<" in alone or ">1.0<" in alone


def test_only_what_is_drawn_imports_matplotlib() -> None:
    import subprocess
    import sys

    code = "import sys, blindgrade.render.html.report, blindgrade.render.figure_svg; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False"
