"""Versions of PyTorch that a release admits: from the oldest that the engine supports to the newest proved one."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from blindgrade.catalog import Target
from blindgrade.release.wheel import NAME

NUMBERS = re.compile(r"(\d+)\.(\d+)")
LOWEST = re.compile(r"torch\s*>=\s*(\d+)\.(\d+)")

Minor = tuple[int, int]


@dataclass(frozen=True)
class TorchBound:
    """Versions from `lowest` to below `below`."""

    lowest: Minor
    below: Minor

    @property
    def requirement(self) -> str:
        """Bound as pip reads it: "torch>=2.6,<2.14"."""
        return f"torch>={_text(self.lowest)},<{_text(self.below)}"


def torch_bound(targets: Sequence[Target]) -> TorchBound:
    """Bound for a release of these lessons.

    The answer keys and the checks were proved with one version. A newer version may draw other random numbers or round
    in another way, and nobody has tried it. So the release admits it only when the course was proved with it.
    """
    proved = [version for target in targets if (version := _proved(target))] or [_installed()]
    newest = min(proved)  # a version is proved if it is for every lesson
    lowest = min(_lowest(), newest)
    return TorchBound(lowest, (newest[0], newest[1] + 1))


def _proved(target: Target) -> Minor | None:
    """Version in the record of the lesson's proofs; None without a record."""
    try:
        software = json.loads(target.files.proof_record.read_bytes())["software"]
        return _minor(str(software["torch"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _installed() -> Minor:
    version = _minor(importlib.metadata.version("torch"))
    assert version is not None
    return version


def _lowest() -> Minor:
    """Lower bound in the engine's own requirements."""
    for requirement in importlib.metadata.requires(NAME) or []:
        if found := LOWEST.match(requirement):
            return int(found[1]), int(found[2])
    return _installed()


def _minor(version: str) -> Minor | None:
    found = NUMBERS.match(version)
    return (int(found[1]), int(found[2])) if found else None


def _text(version: Minor) -> str:
    return f"{version[0]}.{version[1]}"
