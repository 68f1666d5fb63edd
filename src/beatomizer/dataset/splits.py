"""Who learns from what: takes → train, validation, test. By song, by chance that a seed decides, and stable.

The split of a song follows from its name and the seed alone, so takes that are added later move none. (Two exceptions,
both in small or changed sets: a split that would be empty is given a song, and a take that turns out to be the same
song as another goes where that one is.)
"""

import hashlib
from collections.abc import Mapping

from beatomizer.dataset.packed import SPLITS

SHARES = (0.8, 0.1, 0.1)
"""Of train, validation, test."""

_ENOUGH = 3
"""Songs from which on each split has at least one."""


def split_songs(songs: Mapping[str, str], seed: int = 0) -> dict[str, str]:
    """Each take's id → its split.

    Args:
        songs: each take's id → the name of its song; takes of one song stay together.
        seed: another seed, another division.
    """
    lots = {song: _lot(song, seed) for song in sorted(set(songs.values()))}
    splits = {song: _by_share(lot) for song, lot in lots.items()}
    if len(lots) >= _ENOUGH:
        _fill_the_empty(splits, lots)
    return {take: splits[song] for take, song in songs.items()}


def _lot(song: str, seed: int) -> float:
    """A number in 0..1 that looks like chance and is always the same."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{song}".encode()).digest()[:8]) / 2**64


def _by_share(lot: float) -> str:
    limit = 0.0
    for split, share in zip(SPLITS, SHARES):
        limit += share
        if lot < limit:
            return split
    return SPLITS[-1]


def _fill_the_empty(splits: dict[str, str], lots: Mapping[str, float]) -> None:
    """Give each empty split a song of the split with most, the one that was nearest to going there."""
    for empty in reversed(SPLITS):
        if empty in splits.values():
            continue
        counts = {split: list(splits.values()).count(split) for split in SPLITS}
        richest = max(SPLITS, key=lambda split: counts[split])
        giving = [song for song, split in splits.items() if split == richest]
        chosen = (min if empty == SPLITS[0] else max)(giving, key=lambda song: (lots[song], song))
        splits[chosen] = empty
