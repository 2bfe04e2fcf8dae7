"""Numbers in the files of other systems, which depend on the language and on the separator of the cells."""

from __future__ import annotations

import re

MOST_DECIMALS = 5  # Moodle shows grades with up to five
SPACES = re.compile(r"(?<=\d)[\s\u00a0\u202f'’](?=\d{3}(?!\d))")  # between thousands


def number(text: str, thousands: str = "") -> float | None:
    """Number in a cell; None if the text is no number, or if its marks contradict each other.

    `thousands` is the mark that separates thousands if the number has no other mark: "," in "1,000". Without it, a
    single mark is the decimal mark. Of two different marks, the last is the decimal mark.
    """
    text = SPACES.sub("", text.strip())
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if not re.fullmatch(r"\d[\d.,]*", digits):
        return None
    last = max(digits.rfind(","), digits.rfind("."))
    mark = digits[last] if last >= 0 else ""
    if not mark:
        return float(sign + digits)
    whole, fraction = digits[:last], digits[last + 1 :]
    if digits.count(mark) > 1 or (mark == thousands and _grouped(digits, mark)):
        return float(sign + digits.replace(mark, "")) if _grouped(digits, mark) else None
    other = "." if mark == "," else ","
    if other in whole:
        if not _grouped(whole, other):
            return None
        whole = whole.replace(other, "")
    elif mark == thousands and len(fraction) > 2:
        return None  # "1,0000": neither thousands nor decimals of a gradebook
    return float(f"{sign}{whole}.{fraction}") if 0 < len(fraction) <= MOST_DECIMALS else None


def _grouped(digits: str, mark: str) -> bool:
    """Does the mark separate groups of three digits?"""
    return bool(re.fullmatch(rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+", digits))
