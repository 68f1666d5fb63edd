"""The mixing desk: a score becomes stereo sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.drums import DRUMS, Kit
from beatomizer.composer.effects import convolved, ducking, echoes, limited, loudness_lufs, room
from beatomizer.composer.score import Score
from beatomizer.composer.synth import samples
from beatomizer.composer.voices import VOICES, Timbre, Tone

TARGET_LUFS = -12.0
"""As loud as dance music on streaming services is delivered, with some headroom left."""

CEILING = 0.94
"""Highest sample: half a decibel of room for what encoders add."""

TAIL_S = 1.2
"""What still rings after the last bar."""


@dataclass(frozen=True)
class Channel:
    """One strip of the desk.

    Attributes:
        gain: fader.
        ducking: how far it steps aside for the kick, 0..1.
        reverb, echo: how much of it goes to the room and to the echo.
        width: how far events stand apart, by turns left and right, 0..1.
        early_s: how long before its time it starts, for sounds whose weight comes late.
    """

    gain: float
    ducking: float = 0.0
    reverb: float = 0.0
    echo: float = 0.0
    width: float = 0.0
    early_s: float = 0.0


CHANNELS = {
    "pad": Channel(0.075, ducking=0.65, reverb=0.35),
    "stab": Channel(0.125, ducking=0.5, reverb=0.25, echo=0.12),
    "arp": Channel(0.13, ducking=0.4, reverb=0.3, echo=0.4, width=0.5),
    "bass": Channel(0.33, ducking=0.75),
    "lead": Channel(0.19, ducking=0.3, reverb=0.3, echo=0.3),
    "keys": Channel(0.22, ducking=0.3, reverb=0.45, echo=0.25),
    "kick": Channel(0.74),
    "clap": Channel(0.38, early_s=0.02, reverb=0.18),
    "snare": Channel(0.32, reverb=0.2, width=0.15),
    "hat": Channel(0.32, width=0.2),
    "open_hat": Channel(0.22, ducking=0.2),
    "shaker": Channel(0.15, width=0.4),
    "crash": Channel(0.22, reverb=0.2),
    "reverse": Channel(0.12, reverb=0.2),
    "impact": Channel(0.45, reverb=0.2),
    "riser": Channel(0.16, reverb=0.25),
}
"""Every voice and drum has its strip."""


_Sound: TypeAlias = Tone | tuple[float, float]
"""What makes a sound that was made before: a tone, or the length in seconds and the tone of a stroke."""


@dataclass(frozen=True)
class _Event:
    """Something that sounds: where it begins, how loud, on which strip, and how to make it."""

    channel: str
    start_s: float
    velocity: float
    sound: _Sound


def mixed(score: Score, timbre: Timbre, kit: Kit) -> F32:
    """The whole song, mastered, ``[2, n]`` float32 at 48 kHz."""
    count = samples(score.time_s(score.bars * 4) + TAIL_S)
    kicks = [stroke for stroke in score.strokes if stroke.drum == "kick"]
    kick_at = np.array([samples(score.time_s(stroke.start)) for stroke in kicks], dtype=np.float64)
    duck = 1 - ducking(count, kick_at, depth=1.0, recovery_s=0.8 * score.time_s(1.0))
    dry, to_room, to_echo = _tracks(score, timbre, kit, duck)
    wet = echoes(to_echo, score.time_s(0.75), feedback=0.5, repeats=5)
    wet += convolved(to_room.mean(axis=0) + 0.3 * wet.mean(axis=0), room(1.9, kit.seed))
    wet *= 1 - 0.35 * duck
    return mastered((dry + wet) * _arc(score, count))


def _tracks(score: Score, timbre: Timbre, kit: Kit, duck: F32) -> tuple[F32, F32, F32]:
    """Three buses ``[2, n]``: dry, to the room, to the echo."""
    dry, to_room, to_echo = (np.zeros((2, len(duck)), dtype=np.float32) for _ in range(3))
    made: dict[tuple[str, _Sound], F32] = {}
    for number, event in enumerate(_events(score)):
        strip = CHANNELS[event.channel]
        start = max(0, samples(event.start_s - strip.early_s))
        if (event.channel, event.sound) not in made:
            made[event.channel, event.sound] = _sounded(event, timbre, kit)
        wave = made[event.channel, event.sound][:, : len(duck) - start]
        span = slice(start, start + wave.shape[1])
        side = strip.width * (1 if number % 2 else -1)
        level = np.array([[1 - max(0.0, side)], [1 + min(0.0, side)]], dtype=np.float32)
        wave = wave * (level * strip.gain * event.velocity) * (1 - strip.ducking * duck[span])
        dry[:, span] += wave
        if strip.reverb:
            to_room[:, span] += strip.reverb * wave
        if strip.echo:
            to_echo[:, span] += strip.echo * wave
    return dry, to_room, to_echo


def _events(score: Score) -> Iterator[_Event]:
    """All notes and strokes, channel by channel, so that neighbours in time alternate their sides."""
    for name in CHANNELS:
        for note in score.notes:
            if note.voice == name:
                tone = Tone(note.pitch, score.time_s(note.length), note.brightness, note.brightness_end)
                yield _Event(name, score.time_s(note.start), note.velocity, tone)
        for stroke in score.strokes:
            if stroke.drum == name:
                sound = (score.time_s(stroke.length), round(stroke.tone, 2))
                yield _Event(name, score.time_s(stroke.start), stroke.velocity, sound)


def _sounded(event: _Event, timbre: Timbre, kit: Kit) -> F32:
    if isinstance(event.sound, Tone):
        return VOICES[event.channel](event.sound, timbre)
    return DRUMS[event.channel](*event.sound, kit)


def _arc(score: Score, count: int) -> F32:
    """Gain over the whole song: the near-silence before the drop, the farewell at the end."""
    gain = np.ones(count, dtype=np.float32)
    start, end = (samples(score.time_s(beat)) for beat in score.gap)
    press = samples(0.03)
    gain[start:end] = _GAP_GAIN
    gain[start : start + press] = np.linspace(1, _GAP_GAIN, press)
    outro = samples(score.parts[-1].start_s)
    farewell = np.linspace(0, 1, count - outro)
    gain[outro:] *= (np.cos(0.5 * np.pi * farewell) ** 0.8).astype(np.float32)
    return gain


_GAP_GAIN = 0.06
"""What is left of the echoes in the gap: −24 dB."""


def mastered(wave: F32) -> F32:
    """Bring a mix to the target loudness: gain, warm saturation, limiter; once more for what these took away."""
    gain_db = TARGET_LUFS - loudness_lufs(wave)
    loud = _pressed(wave, gain_db)
    return _pressed(wave, gain_db + TARGET_LUFS - loudness_lufs(loud))


def _pressed(wave: F32, gain_db: float) -> F32:
    driven = wave * np.float32(10 ** (gain_db / 20))
    return limited(np.tanh(_DRIVE * driven) / np.float32(_DRIVE), CEILING)


_DRIVE = 0.7
"""How much of the tanh curve is used: peaks of 1 lose 1.2 dB, quiet sound nothing."""
