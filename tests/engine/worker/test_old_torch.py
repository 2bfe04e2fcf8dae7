"""A worker reads its switches under the oldest PyTorch, which lacks one of torch's functions."""

from __future__ import annotations

import pytest
import torch

from blindgrade.engine.worker.settings import SETTINGS


def test_a_switch_that_an_old_pytorch_cannot_read_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    # PyTorch 2.6 has no such function: its workers ended with an AttributeError before a student's file was loaded.
    monkeypatch.delattr(torch._C._autograd, "_top_saved_tensors_default_hooks", raising=False)
    [hooks] = [one for one in SETTINGS if one.name == "hooks of saved tensors"]
    assert hooks.read() is None
