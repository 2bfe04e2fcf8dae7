"""A generator that listens to chosen conditioning channels alone."""

from __future__ import annotations

import torch
from torch import Tensor


class FourChannelToy:
    """model(x, t, text, hint, image) -> x plus a shift for each channel in `active`; deaf to the others.

    `active` holds names of NAMES; the first axis of every input is the batch. `gain` scales the reactions.
    """

    NAMES = {"WHEN": "t", "WHAT": "text", "WHERE": "hint", "WHAT_IT_LOOKS_LIKE": "image"}

    def __init__(self, active: list[str], seed: int = 0, gain: float = 1.0) -> None:
        self.active = tuple(active)
        self.gain = gain
        generator = torch.Generator().manual_seed(seed)
        self.w = {name: torch.randn(8, generator=generator) for name in self.NAMES}

    def __call__(self, x: Tensor, t: Tensor, text: Tensor, hint: Tensor, image: Tensor) -> Tensor:
        given = {"WHEN": t, "WHAT": text, "WHERE": hint, "WHAT_IT_LOOKS_LIKE": image}
        out = x.clone()
        for name in self.active:
            values = given[name].reshape(len(given[name]), -1)  # [B, n]
            n = values.shape[1]
            weights = self.w[name].repeat(n // 8 + 1)[:n].to(values)
            reaction = torch.sin(values @ weights)  # [B]
            out = out + self.gain * reaction.reshape(-1, *[1] * (x.ndim - 1))
        return out
