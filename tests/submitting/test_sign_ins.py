"""Tokens on the student's machine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from blindgrade.submitting.sign_ins import (
    BadAddress,
    NotSignedIn,
    SignIn,
    SignIns,
    address,
    invitation_in,
    is_open,
)

A, B = SignIn("https://a.example", "bgt_a", "ana", "Course A"), SignIn("https://b.example", "bgt_b", "ana", "Course B")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://grade.example.org", "https://grade.example.org"),
        ("https://grade.example.org/", "https://grade.example.org"),
        ("https://grade.example.org/join/bgi_x", "https://grade.example.org"),
        ("grade.example.org:8443", "https://grade.example.org:8443"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
    ],
)
def test_an_address_is_read_as_people_type_it(typed: str, found: str) -> None:
    assert address(typed) == found


@pytest.mark.parametrize("typed", ["", "ftp://x", "https://", "https://ana:pw@x.org", "http://x:port", "javascript:x"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        address(typed)


def test_an_invitation_is_found_in_its_link_alone() -> None:
    assert invitation_in("https://x.org/join/bgi_abc") == "bgi_abc"
    assert invitation_in("https://x.org/join/bgt_abc") is None
    assert invitation_in("https://x.org") is None


def test_each_course_has_its_own_token_and_the_environment_comes_first(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    SignIns.read(env).add(A)
    SignIns.read(env).add(B)
    known = SignIns.read(env)
    assert (known.of("Course A", env), known.of("Course B", env), known.of("", env)) == (A, B, B)
    with pytest.raises(NotSignedIn, match="grade login URL"):
        known.of("Course C", env)
    ci = {"BLINDGRADE_SERVER": "c.example", "BLINDGRADE_TOKEN": "bgt_c"}
    assert known.of("Course C", ci).url == "https://c.example"
    known.add(SignIn("https://a.example", "bgt_new", "ana", "Course A"))
    assert [one.token for one in SignIns.read(env).known] == ["bgt_b", "bgt_new"]
    known.remove("https://a.example")
    assert SignIns.read(env).known == [B]
    assert stat.S_IMODE(known.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"services": 3}', '{"services": [{"url": 1}]}', '{"services": [1]}']
)
def test_a_damaged_file_signs_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "blindgrade").mkdir()
    (tmp_path / "blindgrade" / "sign-ins.json").write_text(content)
    assert SignIns.read({"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}).known == []


def test_only_a_way_that_others_can_read_is_open() -> None:
    assert is_open("http://grade.example.org")
    assert not is_open("https://grade.example.org") and not is_open("http://127.0.0.1:8000")
