"""Equal data and equal files have equal digests, and others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.versions.digests import digest_of, digest_of_file


def test_the_order_of_a_dict_does_not_count_and_that_of_a_list_does() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of(["a", "b"]) != digest_of(["b", "a"])
    assert digest_of("a", "b") != digest_of("ab")


def test_what_has_another_text_in_each_process_has_no_digest() -> None:
    with pytest.raises(TypeError):
        digest_of({"a", "b"})


def test_a_file_has_the_digest_of_its_content_and_a_missing_one_has_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("x = 1\n")
    second.write_text("x = 1\n")
    assert digest_of_file(first) == digest_of_file(second) != ""
    second.write_text("x = 2\n")
    assert digest_of_file(first) != digest_of_file(second)
    assert digest_of_file(tmp_path / "missing.py") == ""
