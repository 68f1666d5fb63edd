"""LedFx's own effects on a song, without a sound card and without lamps: a program of its own for ``peers.py``.

    PYTHON benchmarks/peers_ledfx.py SONG.wav OUT.npz [--effects NAME,NAME] [--pixels 64] [--zones 8]

Run it with a Python that has LedFx (GPL-3.0) and not with Beatomizer's, which never imports it:

    python3 -m venv scratch/ledfx && scratch/ledfx/bin/pip install ledfx

Everything between the sound card and the lamp is LedFx's own code with its own defaults: resampling, pre-emphasis,
melbanks, aubio's tempo and onsets, the effect, its filters, blur and mirror. What is not LedFx: a sound card that hands
over the file in blocks of 1/60 s, a strip of pixels, and a clock that moves 1/60 s with each block, so that a song
takes less time than it lasts and comes out the same every time. After each block each effect draws one frame, which is
shown at the moment the block began: no delay of drivers, threads or network is counted, which is kind to LedFx.

``OUT.npz``: for each effect ``light_NAME`` float32 ``[T, zones, 3]``, linear light 0..1 at 60 frames a second (its
8-bit values taken as sRGB, as its own preview shows them; the pixels of a zone averaged); ``beats_s``, when its tempo
tracker (``bpm_beat_now``) said "beat"; ``facts``, JSON: versions, and blocks that LedFx itself dropped.
"""

import argparse
import json
import logging
import sys
import time
import timeit
import types
import wave
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np

FPS = 60
EFFECTS = ("energy", "power", "blade_power_plus", "wavelength", "bands", "bar", "strobe", "real_strobe")
"""Modules of ``ledfx.effects``: the ones its users meet first, of every kind that moves with music."""

HEARD_HZ = (20, 15_000)
"""What a LedFx virtual listens to if nobody changes it."""


class Clock:
    """Time as LedFx sees it; moves only when told."""

    def __init__(self) -> None:
        self.now_s = 1.0e6

    def install(self) -> None:
        """Replace every clock that LedFx asks."""
        clocks: dict[str, Callable[[], Any]] = {
            "time": lambda: self.now_s,
            "monotonic": lambda: self.now_s,
            "perf_counter": lambda: self.now_s,
            "time_ns": lambda: int(self.now_s * 1e9),
        }
        for name, clock in clocks.items():
            setattr(time, name, clock)
        timeit.default_timer = clocks["perf_counter"]


class Stream:
    """What LedFx opens: keeps its callback and hands over blocks when told."""

    opened: "Stream"

    def __init__(self, callback: Callable[..., None], **wishes: Any) -> None:
        self.callback, self.wishes = callback, wishes
        Stream.opened = self

    def start(self) -> None:
        """Nothing runs by itself."""

    stop = close = start


def sound_card(rate: int) -> types.ModuleType:
    """A ``sounddevice`` with one mono input at ``rate``; so PortAudio is not needed."""
    card = types.ModuleType("sounddevice")
    device = {"name": "song", "hostapi": 0, "max_input_channels": 1, "default_samplerate": float(rate)}
    facts: dict[str, Any] = {
        "query_hostapis": lambda: ({"name": "song", "default_input_device": 0},),
        "query_devices": lambda *_: (device,),
        "default": types.SimpleNamespace(device={"input": 0, "output": -1}),
        "InputStream": Stream,
        "PortAudioError": OSError,
        "_terminate": lambda: None,
        "_initialize": lambda: None,
    }
    for name, fact in facts.items():
        setattr(card, name, fact)
    return card


def core() -> Any:
    """As much of LedFx's core as effects ask for."""
    core = types.SimpleNamespace(config={}, config_dir="", audio=None, loop=None, dev_enabled=lambda: False)
    core.events = import_module("ledfx.events").Events(core)
    sound: Any = import_module("ledfx.effects.audio")
    sound.save_config = lambda **_: None  # nothing is written to anybody's home
    return core


def strip(pixels: int) -> Any:
    """A LedFx virtual: its length and what it listens to."""
    heard = types.SimpleNamespace(min=HEARD_HZ[0], max=HEARD_HZ[1])
    return types.SimpleNamespace(
        id="strip", name="strip", is_device=None, effective_pixel_count=pixels, frequency_range=heard
    )


def activated(name: str, ledfx: Any, virtual: Any) -> Any:
    """One effect with its defaults, listening."""
    import_module(f"ledfx.effects.{name}")
    kind = import_module("ledfx.effects").Effect.registry()[name]
    effect = kind(ledfx, {})
    effect._id = effect._type = name
    effect.activate(virtual)
    return effect


def drawn(effect: Any) -> Any:
    """One frame as ``Virtual.assemble_frame`` makes it and a device sends it: uint8 ``[pixels, 3]``."""
    effect._render()
    return np.clip(effect.get_pixels(), 0, 255).astype(np.uint8)


def in_zones(srgb8: Any, zones: int) -> Any:
    """uint8 sRGB ``[T, pixels, 3]`` → mean linear light of each zone, float32 ``[T, zones, 3]``."""
    encoded = np.arange(256) / 255.0
    table = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )
    parts = np.array_split(table[srgb8], zones, axis=1)
    return np.stack([part.mean(axis=1) for part in parts], axis=1).astype(np.float32)


def read_wav(path: Path) -> tuple[Any, int]:
    """Mono float32 samples of a 16-bit WAV, and its rate."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise SystemExit(f"{path} is not 16-bit")
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        mono = data.reshape(-1, file.getnchannels()).astype(np.float32).mean(axis=1) / 32768.0
        return mono.astype(np.float32), file.getframerate()


def lit(samples: Any, rate: int, names: list[str], pixels: int, zones: int) -> dict[str, Any]:
    """Play the song to all effects at once, as LedFx does with many strips; what ``OUT.npz`` holds."""
    clock = Clock()
    clock.install()
    sys.modules["sounddevice"] = sound_card(rate)
    logging.disable(logging.WARNING)
    np.random.seed(0)  # noqa: NPY002 - LedFx draws from numpy's global source
    ledfx, virtual = core(), strip(pixels)
    effects = {name: activated(name, ledfx, virtual) for name in names}
    audio, block = ledfx.audio, rate // FPS
    shown: dict[str, list[Any]] = {name: [] for name in names}
    heard_blocks = [0]
    audio.subscribe(lambda: heard_blocks.__setitem__(0, heard_blocks[0] + 1))
    beats_s, count = [], len(samples) // block
    for number in range(count):
        clock.now_s += 1.0 / FPS
        before = heard_blocks[0]
        Stream.opened.callback(samples[number * block : (number + 1) * block].tobytes(), block, None, None)
        if heard_blocks[0] > before and audio.bpm_beat_now():
            beats_s.append(number / FPS)
        for name, effect in effects.items():
            shown[name].append(drawn(effect))
    facts = {
        "versions": {name: metadata.version(name) for name in ("ledfx", "aubio-ledfx", "samplerate-ledfx")},
        "blocks": count,
        "dropped_blocks": count - heard_blocks[0],
        "pixels": pixels,
        "rate": rate,
    }
    light = {f"light_{name}": in_zones(np.stack(frames), zones) for name, frames in shown.items()}
    return {**light, "beats_s": np.array(beats_s), "facts": json.dumps(facts)}


def main() -> int:
    """Light one song."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("song", type=Path, nargs="?", help="16-bit WAV")
    parser.add_argument("out", type=Path, nargs="?", help=".npz to write")
    parser.add_argument("--effects", default=",".join(EFFECTS))
    parser.add_argument("--pixels", type=int, default=64)
    parser.add_argument("--zones", type=int, default=8)
    options = parser.parse_args()
    if options.song is None or options.out is None:
        print("skipped: peers.py runs this with LedFx's Python; by hand: SONG.wav OUT.npz")
        return 0
    samples, rate = read_wav(options.song)
    if rate % FPS:
        raise SystemExit(f"{rate} Hz is no whole number of samples a frame; 48000 and 44100 are")
    names = [name for name in options.effects.split(",") if name]
    np.savez(options.out, **lit(samples, rate, names, options.pixels, options.zones))
    return 0


if __name__ == "__main__":
    sys.exit(main())
