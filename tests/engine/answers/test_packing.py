from __future__ import annotations

import pytest
import torch

from blindgrade.engine.answers import packing
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.wire.replies import Raised, Result, TraceLine


def test_replies_are_the_same_after_packing() -> None:
    one = packing.packed(Result({"x": [1.5, "a", None]}))
    assert packing.unpacked(packing.raw(packing.text(one)), "s") == Result({"x": [1.5, "a", None]})
    many = {"a": Keyed.of(["x", "y"], "s"), "b": Raised("KeyError", ""), "c": Digest.of(1, "s") or Result(1)}
    frame = packing.packed_all(many)
    assert packing.unpacked_all(packing.raw(packing.text(frame, one), one), "s") == many


def test_what_replies_share_costs_next_to_nothing() -> None:
    reply = packing.packed(Result(torch.randn(500)))
    assert len(packing.text(packing.packed_all({"a": Result(1.0), "b": Result(torch.randn(500))}))) > 2000
    shared = packing.unpacked(reply, "s")
    assert len(packing.text(packing.packed_all({"a": shared, "b": shared}), reply)) < 300


def test_a_key_keeps_of_an_error_its_type_alone() -> None:
    error = Raised("KeyError", "/home/me/graders/checks.py", (TraceLine("known_answers.py", 3, "f"),), own=True)
    assert packing.shortened(error, "s") == Raised("KeyError", "")
    assert packing.shortened(Result({"a": 1}), "s") == Digest.of({"a": 1}, "s")
    assert packing.shortened(Result(0.5), "s") == Result(0.5)


@pytest.mark.parametrize("text", ["no base64!", "AAAA"])
def test_a_damaged_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        packing.raw(text)
