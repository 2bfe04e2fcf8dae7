"""Shared parts of pages: one palette, stylesheets that change only our own elements, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from blindgrade.models import Outcome
from blindgrade.render.html import pages
from blindgrade.render.outcomes import SIGNS

STYLESHEETS = [(pages.HERE, "student.css"), (pages.HERE, "notebook.css"), ("blindgrade.cohort_report", "cohort.css")]
AT = re.compile(r"@(?:media [^{]+|page)\Z")


def stylesheet(package: str, name: str) -> str:
    return pages._environment(package).get_template(name).render()


def palette(name: str) -> str:
    return str(getattr(pages._environment(pages.HERE).get_template("palette.css").module, name)())


def names(text: str) -> set[str]:
    return set(re.findall(r"(--[\w-]+):", text))


@pytest.mark.parametrize(("package", "name"), STYLESHEETS)
def test_every_rule_is_below_our_own_class(package: str, name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", stylesheet(package, name), flags=re.S)
    preludes = [found.strip() for found in re.findall(r"([^{};]+)\{", text)]
    selectors = [part.strip() for p in preludes if not AT.match(p) for part in p.split(",")]
    assert len(selectors) > 10
    assert [s for s in selectors if ".blindgrade" not in s] == []


@pytest.mark.parametrize(("package", "name"), STYLESHEETS)
def test_every_colour_that_is_used_is_defined(package: str, name: str) -> None:
    text = stylesheet(package, name)
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= names(text)


def test_light_and_dark_and_paper_name_the_same_colours() -> None:
    assert names(palette("light")) == names(palette("dark"))
    assert names(palette("printed")) <= names(palette("light"))


def test_the_notebooks_card_has_a_colour_for_every_outcome() -> None:
    assert set(re.findall(r"\.bg-(\w+) \{ --c:", stylesheet(pages.HERE, "notebook.css"))) == set(Outcome) == set(SIGNS)


def test_a_policy_may_admit_the_stylesheet_by_its_digest() -> None:
    style = stylesheet("blindgrade.cohort_report", "cohort.css")
    template = pages._environment(pages.HERE).from_string("{{ style_digest }} <style>{{ style }}</style>")
    page = pages.filled(template, stylesheet="cohort.css", package="blindgrade.cohort_report")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert page == f"{digest} <style>{style}</style>"


@pytest.mark.parametrize("package", ["blindgrade.render.html", "blindgrade.cohort_report"])
def test_text_is_text_in_every_package(package: str) -> None:
    template = pages._environment(package).from_string("{{ said }} {{ said | prose }} {{ ours }}")
    page = pages.filled(template, said="`<b>`\u202e", ours=Markup("<i>"))
    assert page == r"`&lt;b&gt;`\u202e <code>&lt;b&gt;</code>\u202e <i>"


def test_a_value_that_is_missing_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(UndefinedError, match="forgotten"):
        pages.filled(pages._environment(pages.HERE).from_string("{{ forgotten }}"))


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (2.0, "2"), (0.254, "0.25"), (0.0003, "0.0003")])
def test_a_small_statistic_is_not_rounded_to_nothing(value: float, text: str) -> None:
    assert pages._figure(value) == text
