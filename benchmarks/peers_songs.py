"""Songs for ``peers.py``: composed ones with their whole score, real ones with reference beats. Everybody hears the
same file: 16-bit mono WAV, 44.1 kHz.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

from beat_tracker import references
from beatomizer.arrays import F32, F64
from beatomizer.audio.load import load_audio
from beatomizer.color import rgb8_to_linear
from beatomizer.composer.compose import compose
from beatomizer.dataset.compose.designer import design
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.metrics.song import Song

RATE = 44_100
COMPOSED, REAL = "composed", "real"
FIRST_SEED = 9_000
"""Composed songs have this and the following seeds."""

LONGEST_S = 200.0
"""Longer tracks are left out: each song is lit by some twenty rows."""


@dataclass(frozen=True)
class BenchSong:
    """A song with what is known of it.

    Attributes:
        name: file name, or seed and style.
        kind: ``COMPOSED`` or ``REAL``.
        wav: what every row hears.
        features: of that file.
        song: the reference side of the metrics; a real one has beats alone.
        designed: the composed designer's light, linear ``[T, Z, 3]``, for a composed song: it knows the score.
    """

    name: str
    kind: str
    wav: Path
    features: Features
    song: Song
    designed: F32 | None = None

    @property
    def beats_s(self) -> F64:
        """The reference beats."""
        assert self.song.beats_s is not None
        return self.song.beats_s

    @property
    def frames(self) -> int:
        """T."""
        return len(self.song.onset)


def composed_songs(count: int, folder: Path, first_seed: int = FIRST_SEED) -> Iterator[BenchSong]:
    """``count`` songs of held-out styles, forms and banks, with true beats and sections."""
    for seed in range(first_seed, first_seed + count):
        made = compose(seed, generators="held-out")
        mono = soxr.resample(made.samples.mean(axis=1), made.sample_rate, RATE)
        wav = _write_wav(folder / f"composed-{seed}.wav", mono)
        features = extract_features(load_audio(wav))
        truth = made.annotations
        lit = design(truth, np.random.default_rng([seed, 77]))
        designed = rgb8_to_linear(lit.rgb8).astype(np.float32)
        name = f"seed {seed}: {truth.style}, {truth.form}, {truth.bank}"
        yield BenchSong(name, COMPOSED, wav, features, song_of(features, truth.to_json()), designed)


def real_songs(music: Path, count: int, folder: Path) -> Iterator[BenchSong]:
    """``count`` tracks with reference beats."""
    for name, beats_s in tested_tracks(music, count).items():
        wav = _write_wav(folder / f"{Path(name).stem}.wav", _decoded(music / name))
        features = extract_features(load_audio(wav))
        score = {"beats": [[float(time_s), 0.0] for time_s in beats_s]}
        yield BenchSong(name, REAL, wav, features, song_of(features, score))


def tested_tracks(music: Path, count: int) -> dict[str, F64]:
    """File name → beats of ``count`` tracks: those that people beat time to first, then evenly through the list."""
    known = {name: beats for name, beats in references(music).items() if beats[-1] <= LONGEST_S}
    by_people = [name for name in known if (music / "beats" / f"{Path(name).stem}.beats").exists()][:count]
    others = [name for name in known if name not in by_people]
    left = count - len(by_people)
    spread = [others[place * len(others) // left] for place in range(min(left, len(others)))] if left else []
    return {name: known[name] for name in by_people + spread}


def _decoded(path: Path) -> F32:
    """Mono samples at ``RATE``."""
    to_mono = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        parts = [part for frame in container.decode(audio=0) for part in to_mono.resample(frame)]
    parts += to_mono.resample(None)
    return np.concatenate([part.to_ndarray().ravel() for part in parts]).astype(np.float32)


def _write_wav(path: Path, mono: F32) -> Path:
    data = np.round(np.clip(mono, -1.0, 1.0) * 32767.0).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data.tobytes())
    return path
