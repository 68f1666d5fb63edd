"""A verdict as JSON: between the review page and the desk."""

from typing import Any

from beatomizer.dataset.trims import Trim
from beatomizer.dataset.verdicts import MOST_NOTE, Judgement, Verdict
from beatomizer.errors import UsageError, one_line


def judgement_json(one: Judgement) -> dict[str, Any]:
    """A verdict as plain JSON: ``verdict``, ``note``, ``trim`` (``[start_s, end_s]`` or null)."""
    trim = [one.trim.start_s, one.trim.end_s] if one.trim else None
    return {"verdict": one.verdict.value, "note": one.note, "trim": trim}


def judgement_of_json(told: object) -> Judgement:
    """The verdict that ``judgement_json`` wrote, or a page.

    Raises:
        UsageError: it is something else, the note is too long, or something is trimmed that is not accepted.
    """
    if not isinstance(told, dict) or set(told) - {"verdict", "note", "trim"}:
        raise UsageError("that is not a verdict", "send verdict, note and trim")
    note, trim = told.get("note", ""), told.get("trim")
    if not isinstance(note, str) or len(note) > MOST_NOTE:
        raise UsageError(f"a note has at most {MOST_NOTE} characters", "make it shorter")
    try:
        verdict = Verdict(str(told.get("verdict")))
        part = None if trim is None else _trim(trim)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"that is not a verdict ({one_line(str(error), 80)})", f"say {', '.join(Verdict)}"
        ) from None
    if part is not None and verdict != Verdict.ACCEPT:
        raise UsageError("only what is accepted can be trimmed", "accept it, or leave the trim out")
    return Judgement(verdict, one_line(note, MOST_NOTE), part)


def _trim(told: object) -> Trim:
    if not isinstance(told, list) or len(told) != 2 or any(type(one) not in (int, float) for one in told):
        raise ValueError("a trim has two numbers")
    return Trim.parse(str(Trim(float(told[0]), float(told[1]))))  # as it will be read again
