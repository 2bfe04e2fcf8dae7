from __future__ import annotations

import pytest

from blindgrade.roster.people import Identifier, Person


@pytest.mark.parametrize(
    ("details", "name", "names"),
    [
        ({"name": "Doe, Ana"}, "Doe, Ana", ("Ana", "Doe")),
        ({"name": "Ana Maria Doe"}, "Ana Maria Doe", ("Ana Maria", "Doe")),
        ({"first": "Ana", "last": "van Doe"}, "van Doe, Ana", ("Ana", "van Doe")),
        ({"first": "Ana", "last": "van Doe", "name": "A. van Doe"}, "A. van Doe", ("Ana", "van Doe")),
        ({"name": "Ana"}, "Ana", ("", "Ana")),
        ({}, "", ("", "")),
    ],
)
def test_a_name_has_one_first_and_one_last_part(details: dict[str, str], name: str, names: tuple[str, str]) -> None:
    person = Person("a", tuple(Identifier(space, value) for space, value in details.items()))
    assert (person.name, person.names) == (name, names)
