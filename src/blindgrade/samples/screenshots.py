"""Pictures of pages, made by headless Chromium. No test compares them: fonts differ between machines."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 300_000
SCALE = 1.5
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync", "--no-first-run"]


class NoBrowser(Exception):
    """This machine cannot make pictures. The message says what to install."""


@dataclass(frozen=True)
class Shot:
    """A page's HTML and the part of it to show: an element, or the top of the page in this size (pixels)."""

    name: str
    page: str
    width: int
    height: int = 0
    element: str = ""


def take(shots: Iterable[Shot], folder: Path) -> list[Path]:
    """Write each shot as FOLDER/<name>.png in light colours. Return the paths. NoBrowser without a browser."""
    from PIL import Image

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("screenshots need playwright: pip install 'blindgrade[browser]'") from None
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise NoBrowser(
            "screenshots need Chromium; on Debian: apt-get install chromium fonts-noto-core fonts-jetbrains-mono"
        )
    written = []
    with sync_playwright() as play, tempfile.TemporaryDirectory() as scratch:
        browser = play.chromium.launch(executable_path=program, args=ARGUMENTS)
        for shot in shots:
            file = Path(scratch) / f"{shot.name}.html"
            file.write_text(shot.page, encoding="utf-8")
            page = browser.new_page(
                viewport={"width": shot.width, "height": shot.height or 900},
                device_scale_factor=SCALE,
                color_scheme="light",
            )
            page.goto(file.as_uri(), wait_until="domcontentloaded")
            taken = page.locator(shot.element).first.screenshot() if shot.element else page.screenshot()
            page.close()
            # Text on plain ground: 256 colours are enough and take a third of the bytes.
            picture = Image.open(io.BytesIO(taken)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
            path = folder / f"{shot.name}.png"
            picture.save(path, optimize=True)
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"{path} has {path.stat().st_size:,} bytes, over {MAX_BYTES:,}; take a smaller part")
            written.append(path)
        browser.close()
    return written
