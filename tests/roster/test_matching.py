from __future__ import annotations

from blindgrade.roster.matching import UNKNOWN, Roster
from blindgrade.roster.people import Identifier, Person


def roster(**people: dict[str, str]) -> Roster:
    return Roster.of(Person(s, tuple(Identifier(*one) for one in details.items())) for s, details in people.items())


def test_the_number_of_one_system_is_not_that_of_another() -> None:
    people = Roster.of([Person("1187", (Identifier("canvas", "42"),)), Person("55", (Identifier("canvas", "1188"),))])
    assert people.find([Identifier("canvas", "1187")])[0] is None
    assert people.find([Identifier("canvas", "42")]) == ("1187", "")


def test_a_columns_own_value_is_believed_before_another_columns() -> None:
    people = Roster.of([Person("5", (Identifier("sid", "7"),)), Person("7", (Identifier("sid", "5"),))])
    assert people.find([Identifier("sid", "7")]) == ("5", "")
    assert people.find([Identifier("any", "7")])[0] is None  # the name of a folder may be either


def test_numbers_are_believed_before_names() -> None:
    """A student may choose another student's name."""
    people = roster(ana={"name": "Ana Doe", "canvas": "1"}, bo={"name": "Bo Roe", "canvas": "2"})
    assert people.find([Identifier("canvas", "2"), Identifier("name", "Ana Doe")]) == ("bo", "")


def test_a_shared_number_finds_the_student_whom_another_one_names_too() -> None:
    people = roster(a1={"email": "x@u", "sid": "1"}, a2={"email": "x@u", "sid": "2"})
    assert people.find([Identifier("email", "x@u"), Identifier("sid", "2")]) == ("a2", "")
    assert people.find([Identifier("email", "x@u")])[0] is None


def test_a_doubtful_person_is_nobody() -> None:
    people = roster(
        a1={"name": "Ana Doe", "email": "x@u", "sid": "1"}, a2={"name": "Ana Doe", "email": "y@u", "sid": "2"}
    )
    by_name = people.find([Identifier("name", "Ana Doe")])
    assert by_name.unclear and "several students of the roster have this name: a1, a2" in by_name.why
    by_number = people.find([Identifier("email", "x@u"), Identifier("sid", "2")])
    assert by_number.unclear and "identifies several students of the roster: a1, a2" in by_number.why
    unknown = people.find([Identifier("name", "Zoe")])
    assert unknown == (None, UNKNOWN) and not unknown.unclear


def test_a_person_who_looks_like_a_student_is_nobody_in_every_order_of_the_name() -> None:
    people = roster(ana={"name": "Doe, Ana"})
    for name in ("Аna Doe", "Doe, Аna", "аna"):
        match = people.find([Identifier("any", name)])
        assert match.unclear and "it looks like ana of the roster" in match.why, name


def test_the_login_may_be_the_address() -> None:
    people = roster(ana={"email": "ana@u.edu"})
    assert people.find([Identifier("login", "Ana@u.edu")]) == ("ana", "")


def test_a_student_who_is_not_in_the_roster_is_found_by_the_id_in_every_system() -> None:
    people = roster(ana={"sid": "S001"}).including(["ana", "4711"])
    for space in ("id", "canvas", "moodle", "email", "any"):
        assert people.find([Identifier(space, "4711")]) == ("4711", "")
    assert list(people.people) == ["ana"]


def test_attempts_of_strangers_are_named_with_who_they_may_be() -> None:
    people = roster(ana={"sid": "S001"})
    assert people.strangers(["ana", "S001", "zoe"]) == [
        "S001 has attempts and is not in the roster; the roster has it as ana: collect again with --roster",
        "zoe has attempts and is not in the roster",
    ]
    assert Roster().strangers(["zoe"]) == []


def test_two_strangers_whose_ids_differ_in_capitals_are_not_mixed_up() -> None:
    match = Roster().including(["Ana", "ana"]).find([Identifier("any", "ana")])
    assert match.unclear and "Ana, ana" in match.why
