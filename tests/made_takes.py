"""Small takes for tests of the build: films, and songs with scores, made in a moment."""

import atexit
import functools
import json
import shutil
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from beatomizer.arrays import F32
from beatomizer.dataset.flac import encode_flac
from beatomizer.timebase import FPS, SAMPLE_RATE
from tests.songs import beat_song

BPM = 120.0


def song(seconds: float, seed: int = 0) -> F32:
    """Mono, 24 kHz; another seed, another tempo and other noise."""
    return beat_song(seconds, BPM + 7 * seed, SAMPLE_RATE, seed)


def film(
    path: Path,
    seconds: float = 16.0,
    *,
    seed: int = 0,
    fps: Fraction | int = 12,
    sound: F32 | None = None,
    picture: bool = True,
    still: bool = False,
) -> Path:
    """A video of 96 × 54: a pattern lit in one colour that flashes with the beat. ``sound``: empty for none."""
    sound = song(seconds, seed) if sound is None else sound
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=fps, options={"qscale": "4"}) if picture else None
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if len(sound) else None
        if video is not None:
            video.width, video.height, video.pix_fmt = 96, 54, "yuv420p"
            for frame in _pictures(seconds, fps, seed, still):
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            for start in range(0, len(sound), 1024):
                block = np.ascontiguousarray(sound[None, start : start + 1024])
                heard = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                heard.sample_rate, heard.pts = SAMPLE_RATE, start
                container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
    return path


def _pictures(seconds: float, fps: Fraction | int, seed: int, still: bool) -> list[av.VideoFrame]:
    pattern = np.random.default_rng(seed).uniform(0.3, 1.0, (9, 16, 1)).repeat(6, 0).repeat(6, 1)
    frames = []
    for number in range(int(seconds * fps)):
        beat = 0.0 if still else float(number / fps) * (BPM + 7 * seed) / 60
        turn = (int(beat) // 4 * 0.3 + 0.17 * seed) % 1
        hue = np.clip(np.abs((turn + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1, 0, 1)
        colour = 20 + 220 * hue * (0.2 + 0.8 * np.exp(-4 * (beat % 1)))
        frames.append(av.VideoFrame.from_ndarray((pattern * colour).astype(np.uint8), format="rgb24"))
    return frames


def composed(folder: Path, number: int, seconds: float = 31.0, zones: int = 2) -> Path:
    """A composed take without a film: ``take-0000000N.flac`` and its score."""
    media = folder / f"take-{number:08d}.flac"
    media.write_bytes(encode_flac(np.round(song(seconds, number) * 32767).astype(np.int16)))
    bpm = BPM + 7 * number
    beats_s = np.arange(0, seconds, 60 / bpm).round(6).tolist()
    level = np.exp(-4 * ((np.arange(int(seconds * FPS)) / FPS * bpm / 60) % 1))
    light = (level[:, None, None] * np.linspace(0.5, 1, zones)[:, None] * [255, 80, 20 * number]).astype(
        np.uint8
    )
    annotations = {
        "title": f"Song {number}", "seed": number, "style": "house", "form": "build-drop", "bank": "909",
        "key": "A minor", "meter": "4/4", "tempo_bpm": bpm, "duration_s": seconds,
        "beats": [[time_s, place % 4 + 1] for place, time_s in enumerate(beats_s)],
        "onsets": {"kick": beats_s, "snare": [], "hat": [], "other": []},
        "sections": [
            {"start_s": 0.0, "end_s": 20.0, "label": "intro", "repeat": "A", "energy": 0.3},
            {"start_s": 20.0, "end_s": seconds, "label": "drop", "repeat": "B", "energy": 1.0},
        ],
        "energy": [[time_s, 0.5] for time_s in beats_s],
        "drops_s": [20.0],
    }  # fmt: skip
    score = {
        "format": "beatomizer-score",
        "version": 1,
        "annotations": annotations,
        "light": {"fps": FPS, "zones": zones, "rgb8": [frame.tobytes().hex() for frame in light]},
        "film": None,
    }
    (folder / f"take-{number:08d}.score.json").write_text(json.dumps(score))
    return media


@functools.cache
def mixed_takes() -> Path:
    """A folder with two films, two composed takes and everything that can be wrong with a list. Do not change it."""
    folder = Path(tempfile.mkdtemp(prefix="beatomizer-takes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    film(folder / "film-0.mp4")
    film(folder / "film-1.mp4", seed=1, fps=Fraction(24000, 1001))
    composed(folder, 3)
    composed(folder, 4)
    shutil.copy(folder / "film-0.mp4", folder / "twin.mp4")
    whole = (folder / "film-1.mp4").read_bytes()
    (folder / "dead.mp4").write_bytes(whole[: len(whole) // 3])
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(20_000))
    (folder / "junk.txt").write_text("not a take")
    film(folder / "short.mp4", 3.0)
    film(folder / "mute.mp4", 4.0, sound=np.empty(0, np.float32))
    film(folder / "blind.mp4", 15.5, picture=False)
    film(folder / "still.mp4", seed=5, still=True)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """All files under ``folder`` with their bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
