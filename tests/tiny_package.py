"""A small package as pip installs it, for tests without a network."""

from __future__ import annotations

import json
from pathlib import Path


def tiny_package(site: Path, version: str, editable: Path | None = None) -> Path:
    """Install `tinyops`, which has the function `twice`, into the folder. Return the folder."""
    info = site / f"tinyops-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinyops\nVersion: {version}\n")
    (info / "RECORD").write_text("tinyops/__init__.py,,\n")
    if editable is not None:
        (info / "direct_url.json").write_text(json.dumps({"url": editable.as_uri(), "dir_info": {"editable": True}}))
    (site / "tinyops").mkdir()
    (site / "tinyops" / "__init__.py").write_text("def twice(x):\n    return 2 * x\n")
    return site
