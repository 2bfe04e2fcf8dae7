"""The folder of the address belongs to the user alone, and a card that others could have written is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blindgrade.resident.place import Card, NoPlace, Place, place_of


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    place = place_of(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path), "BLINDGRADE_RESIDENT": "loopback"})
    assert place.folder == tmp_path / "blindgrade"
    assert place.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "blindgrade").mkdir(mode=0o755)
    (tmp_path / "other").mkdir()
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path / "other"), "BLINDGRADE_RESIDENT": "loopback"}
    assert place_of(tmp_path, environ).folder != tmp_path / "blindgrade"


def test_a_link_in_the_place_of_the_folder_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / "blindgrade").symlink_to(tmp_path / "mine")
    monkeypatch.setattr("blindgrade.resident.place._folders", lambda environ: [tmp_path / "blindgrade"])
    with pytest.raises(NoPlace, match="XDG_RUNTIME_DIR"):
        place_of(tmp_path, {})


def test_a_path_that_is_too_long_for_a_socket_is_passed_over(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir(mode=0o700)
    assert deep not in place_of(tmp_path, {"XDG_RUNTIME_DIR": str(deep)}).folder.parents


def test_each_course_has_a_place_of_its_own(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "BLINDGRADE_RESIDENT": "loopback"}
    assert place_of(tmp_path / "a", environ).name != place_of(tmp_path / "b", environ).name


def test_a_card_is_readable_by_its_user_alone_and_not_read_otherwise(tmp_path: Path) -> None:
    place, card = Place(tmp_path, "one"), Card(os.getpid(), 1, 5, "secret")
    assert place.read_card() is None
    place.write_card(card)
    assert place.card.stat().st_mode & 0o777 == 0o600
    assert place.read_card() == card
    place.card.chmod(0o644)
    assert place.read_card() is None
    place.card.write_text("{}")
    assert place.read_card() is None
    place.forget()
    assert list(tmp_path.iterdir()) == []
