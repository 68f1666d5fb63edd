"""Verdicts as people type them → verdicts about takes and clips that exist."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from beatomizer.dataset.review_material import Material
from beatomizer.dataset.trims import LEAST_S, Trim
from beatomizer.dataset.verdicts import Judgement, Verdict, read_judgement_file, take_of
from beatomizer.errors import UsageError, one_line

_LEAST_SHORT = 4
"""Letters of an id that may stand for it, if only one begins so."""


def judgements_of_words(
    shards: Path, words: Mapping[Verdict, Sequence[str]], note: str = "", trims: Sequence[str] = ()
) -> dict[str, Judgement]:
    """What ``--accept``, ``--reject``, ``--undo`` and ``--trim`` say.

    Args:
        shards: the set's folder.
        words: each verdict's ids; several may stand in one word, with commas between. A take's id may be shortened to
            four letters or more if only one begins so, and a clip's number written without zeros: ``3f9c-4``.
        note: the reason, for all of them.
        trims: ``ID=3.5-12``: this part is accepted, in seconds from the beginning of the take or clip.

    Raises:
        UsageError: there is no such take or clip, or it is both accepted and rejected.
        UnreadableInputError: ``shards`` is not a set.
    """
    material = Material(shards)
    takes = [row["id"] for row in material.rows]
    judged: dict[str, Judgement] = {}
    for verdict, listed in words.items():
        for word in _split(listed):
            name = _found(word, takes, material)
            if name in judged and judged[name].verdict != verdict:
                raise UsageError(f"'{name}' is to be both {judged[name].verdict} and {verdict}", "decide")
            judged[name] = Judgement(verdict, one_line(note))
    for word in trims:
        short, _, part = word.partition("=")
        name = _found(short.strip().lower(), takes, material)
        if name in judged and judged[name].verdict != Verdict.ACCEPT:
            raise UsageError(f"'{name}' is to be both trimmed and {judged[name].verdict}", "decide")
        judged[name] = Judgement(Verdict.ACCEPT, one_line(note), _part(part))
    return judged


def _part(text: str) -> Trim:
    try:
        return Trim.parse(text)
    except ValueError:
        raise UsageError(
            f"'{one_line(text, 40)}' is not a part",
            f"write ID=3.5-12, in seconds, at least {LEAST_S:g} apart",
        ) from None


def _split(words: Iterable[str]) -> list[str]:
    return [part.strip().lower() for word in words for part in word.split(",") if part.strip()]


def _found(word: str, takes: Sequence[str], material: Material) -> str:
    """The whole id of the take or clip that ``word`` means."""
    short, dash, number = word.partition("-")
    matching = [take for take in takes if take.startswith(short)]
    if len(short) < _LEAST_SHORT or len(matching) != 1:
        if len(matching) > 1 and len(short) >= _LEAST_SHORT:
            raise UsageError(f"'{one_line(word, 40)}' may be {' or '.join(matching[:3])}", "write more of it")
        near = get_close_matches(short, takes, 1, 0.6)
        hint = f"is {near[0]} meant?" if near else "ids are in takes.csv and on the contact sheet"
        raise UsageError(f"no take is called '{one_line(word, 40)}'", hint)
    if not dash:
        return matching[0]
    keys = material.clip_keys(matching[0])
    named = [key for key in keys if number.isdecimal() and int(key.rpartition("-")[2]) == int(number)]
    if not named:
        raise UsageError(f"take {matching[0]} has no clip '{one_line(number, 12)}'", f"it has {len(keys)}")
    return named[0]


def judgements_of_file(shards: Path, path: Path) -> tuple[dict[str, Judgement], int]:
    """What a file from the contact sheet says, and how many of its rows are about takes that are not in this set.

    Those are kept as well: a take that is away today may come back.

    Raises:
        UnreadableInputError: the file holds no verdicts, or ``shards`` is not a set.
    """
    takes = {row["id"] for row in Material(shards).rows}
    judged = read_judgement_file(path)
    return judged, sum(take_of(name) not in takes for name in judged)
