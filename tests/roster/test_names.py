from __future__ import annotations

import pytest

from blindgrade.roster.names import composed, folded, forms, is_id, normal, skeleton, skeletons


@pytest.mark.parametrize("one,other", [("Ana  DOE", "ana doe"), ("Ａｎａ Doe", "ana doe"), ("STRASSE", "straße")])
def test_names_that_are_the_same_are_equal(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    "like",
    ["Аna Doe", "Ana Dоe", "Ana D\u200boe", "Aná Doe", "Αna Doe", "ana-doe", "Ana D\u0585e".replace("\u0585", "ο")],
)
def test_names_that_look_alike_have_one_skeleton_and_are_not_equal(like: str) -> None:
    assert skeleton(like) == skeleton("Ana Doe")
    assert normal(like) != normal("Ana Doe")


@pytest.mark.parametrize("name", ["Ana Doe", "Doe, Ana", "doe ana"])
def test_every_order_of_a_name_has_a_form_in_common(name: str) -> None:
    assert {"ana doe", "doe ana", "anadoe", "doeana"} <= set(forms(name))


def test_the_skeletons_of_a_name_are_those_of_its_forms() -> None:
    assert skeletons("Doe-Roe, Аna Mária") == {skeleton(form) for form in forms("Doe-Roe, Аna Mária")}
    assert "anamariadoeroe" in skeletons("Doe-Roe, Аna Mária")


@pytest.mark.parametrize(
    "text,good",
    [("ana", True), ("ana.doe@uni.edu", True), ("S-001", True), ("..", False), (".hidden", False), ("a/b", False),
     ("", False), ("a" * 101, False), ("ana.", False), ("аna", False), ("a\n", False),
     ("jos\u00e9", True), ("jose\u0301", False), ("Łukasz", True), ("Ærø", True), ("weiß", True), ("Иван", False),
     ("αna", False), ("ɑna", False), ("ａna", False), ("ñ", True), ("é" * 100, True), ("a\u200b", False)],
)  # fmt: skip
def test_names_of_folders(text: str, good: bool) -> None:
    assert is_id(text) is good


def test_two_forms_of_one_accent_and_capitals_make_no_second_folder() -> None:
    assert folded("JOS\u00c9") == folded("jose\u0301") == folded("jos\u00e9") != folded("jose")
    assert composed("jose\u0301") == "jos\u00e9"
