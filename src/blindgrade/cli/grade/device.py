"""Test whether this machine has the requested device."""

from __future__ import annotations

import torch

from blindgrade.cli.exits import BAD_REQUEST, stop


def need_device(device: str) -> None:
    """End the command if this machine does not have the device."""
    if device == "cuda" and not torch.cuda.is_available():
        stop(f"--device cuda: torch {torch.__version__} finds no GPU on this machine; use --device cpu", BAD_REQUEST)
