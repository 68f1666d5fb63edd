"""Numbers and settings as people read them: in messages, on the card, on the contact sheet."""

from contextlib import suppress
from fractions import Fraction


def many(count: int, what: str) -> str:
    """``1 take``, ``2 takes``, ``0 takes``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def rate_said(fps: str) -> str:
    """A picture rate with at most two decimals: ``30000/1001`` → ``29.97``; words (``variable``) stay."""
    with suppress(ValueError, ZeroDivisionError):
        return f"{float(Fraction(fps)):.2f}".rstrip("0").rstrip(".")
    return fps


def setting_said(value: object) -> str:
    """The value of a setting: a list as ``a, b``, an empty one as ``none``."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value) or "none"
    return str(value)
