"""The same song in two takes, whatever coder it went through, wherever the takes begin.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): every fortieth of a second a
word of 32 bits, each telling whether the difference of energy between two neighbouring bands (33 of them, evenly
spaced in logarithm from 300 to 2000 Hz) rises or falls. Two recordings of one song differ in few bits, two songs in
half of them.
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from beatomizer.arrays import F32, F64
from beatomizer.timebase import SAMPLE_RATE, exact_div

_THINNED = 4
_RATE = exact_div(SAMPLE_RATE, _THINNED)
"""6 kHz are enough for 2 kHz, and four times cheaper."""

_HOP = exact_div(_RATE, 40)
_WINDOW = 2048
"""A third of a second, as in the paper (0.37 s)."""

_BANDS = 33
_LOW_HZ, _HIGH_HZ = 300.0, 2000.0
_LONGEST_S = 90
"""The first minute and a half of a take tells."""

_QUIET = 1e-6
"""Mean square below −60 dB: silence sounds like silence."""

_MOST_BIT_ERRORS = 0.35
"""The paper's threshold, for 256 words; here more are compared."""

_LEAST_WORDS = 400
"""Ten seconds in common."""

_LEAST_HITS = 2
_MOST_OWNERS = 50
"""A word that so many places have says nothing."""


def fingerprint(sound: F32) -> str:
    """The words of a take's first minute and a half, eight hex digits each; ``00000000`` where it is silent.

    Args:
        sound: ``[N]``, mono, 24 kHz.
    """
    sound = sound[: min(_LONGEST_S * SAMPLE_RATE, len(sound) // _THINNED * _THINNED)]
    sound = sound.reshape(-1, _THINNED).mean(axis=1)
    count = max(0, (len(sound) - _WINDOW) // _HOP + 1)
    if count < 2:
        return ""
    energy = np.concatenate(
        [_band_energy(sound, first, min(first + 256, count)) for first in range(0, count, 256)]
    )
    slope = np.diff(energy[:, :_BANDS], axis=1)
    bits = np.diff(slope, axis=0) > 0
    words = np.packbits(bits, axis=1).astype(np.uint32) @ np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint32)
    words[energy[1:, _BANDS] < _QUIET] = 0
    return "".join(f"{word:08x}" for word in words)


def _band_energy(sound: F32, first: int, last: int) -> F64:
    """Energy in each band, and the mean square, ``[windows, 34]``."""
    starts = np.arange(first, last) * _HOP
    windows = sound[starts[:, None] + np.arange(_WINDOW)]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), axis=1)) ** 2
    edges_hz = np.geomspace(_LOW_HZ, _HIGH_HZ, _BANDS + 1)
    edges = np.round(edges_hz * _WINDOW / _RATE).astype(int)
    bands = np.add.reduceat(power, edges, axis=1)[:, :_BANDS]
    return np.column_stack([bands, (windows.astype(np.float64) ** 2).mean(axis=1)])


def same_songs(prints: Mapping[str, str], files: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which takes share a song: each take's id → the smallest id among those that share it.

    Args:
        prints: id → fingerprint.
        files: id → the file that it is a part of: parts of one file belong together, whatever they sound like.
    """
    words = {take: _words(text) for take, text in sorted(prints.items())}
    leader = {take: take for take in words}

    def found(take: str) -> str:
        while leader[take] != take:
            take = leader[take]
        return take

    def joined(one: str, other: str) -> None:
        first, second = sorted((found(one), found(other)))
        leader[second] = first

    owner: dict[str, str] = {}
    for take, file in sorted((files or {}).items()):
        joined(owner.setdefault(file, take), take)
    for (one, other), shifts in _candidates(words).items():
        if found(one) != found(other) and any(_alike(words[one], words[other], shift) for shift in shifts):
            joined(one, other)
    return {take: found(take) for take in words}


def _words(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(bytes.fromhex(text), dtype=">u4").astype(np.uint32)


def _candidates(words: Mapping[str, NDArray[np.uint32]]) -> dict[tuple[str, str], list[int]]:
    """Pairs of takes with a shift at which several words are the same, bit by bit."""
    places: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for take, row in words.items():
        for place, word in enumerate(row.tolist()):
            if 4 <= int(word).bit_count() <= 28:
                places[word].append((take, place))
    hits: dict[tuple[str, str, int], int] = defaultdict(int)
    for owners in places.values():
        if len(owners) <= _MOST_OWNERS:
            for index, (one, place) in enumerate(owners):
                for other, there in owners[index + 1 :]:
                    if one != other:
                        hits[one, other, there - place] += 1
    pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (one, other, shift), count in sorted(hits.items()):
        if count >= _LEAST_HITS:
            pairs[one, other].append(shift)
    return pairs


def _alike(one: NDArray[np.uint32], other: NDArray[np.uint32], shift: int) -> bool:
    """Whether word ``n`` of ``one`` and word ``n + shift`` of ``other`` mostly agree, over all they have in common."""
    first, last = max(0, -shift), min(len(one), len(other) - shift)
    here, there = one[first:last], other[first + shift : last + shift]
    heard = (here != 0) & (there != 0)
    if heard.sum() < _LEAST_WORDS:
        return False
    errors = np.bitwise_count(here[heard] ^ there[heard]).mean() / 32
    return bool(errors < _MOST_BIT_ERRORS)
