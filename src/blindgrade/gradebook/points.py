"""Points as text. Every file for another system rounds here, and nowhere else."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

EXACT = 6  # decimals that the policy keeps


def scaled(points: float, max_points: float, worth: float) -> float:
    """Points on another system's scale. 0 if there was nothing to earn."""
    return points * worth / max_points if max_points else 0.0


def fixed(points: float, decimals: int = 2) -> str:
    """Points with this number of decimals. A half is rounded up, as Canvas and Moodle do: 2.675 is 2.68."""
    # A float is a little below or above its text. Nine decimals remove that difference before the rounding.
    number = Decimal(f"{points:.9f}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{abs(number) if number.is_zero() else number:f}"


def short(points: float, decimals: int = 2) -> str:
    """Points with at most this number of decimals."""
    text = fixed(points, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text
