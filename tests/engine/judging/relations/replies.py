"""Replies that tests of relations draw: cases with numbers, and what a relation makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from blindgrade.engine.judging.relations.finding import between
from blindgrade.engine.judging.relations.relation import Relation

Case = dict[str, Tensor]


@st.composite
def cases(
    draw: st.DrawFn, axes: tuple[int, int] = (1, 3), least: int = 3, most: int = 5, positive: bool = False
) -> Case:
    """Two to four tensors of drawn shapes in float32 and float64, with one number of axes."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    count = draw(st.integers(*axes))
    made = {}
    for number in range(draw(st.integers(2, 4))):
        shape = [draw(st.integers(least, most)) for _ in range(count)]
        dtype = (torch.float64, torch.float32)[number % 2]
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        made[f"case {number}"] = ((value.abs() + 0.1) if positive else value).to(dtype)
    return made


def each(want: Case, change: Callable[[Tensor], Tensor]) -> Case:
    """The cases with each tensor changed."""
    return {name: change(tensor.to(torch.float64)).to(tensor.dtype) for name, tensor in want.items()}


def spoiled(got: Case) -> Case:
    """The cases with the first number of the last one moved by a hundredth: far more than the tolerance."""
    last = list(got)[-1]
    other = got[last].contiguous().clone()
    other.view(-1)[0] += 0.01 + 0.01 * float(other.view(-1)[0].abs())
    return got | {last: other}


def relation(got: Any, want: Any, **known: Any) -> Relation | None:
    """Relation of one check alone."""
    return between(got, want, **known).relation


def name(got: Any, want: Any, **known: Any) -> str | None:
    """Id of the relation of one check alone."""
    found = relation(got, want, **known)
    return str(found.name) if found else None
