"""The mixing desk: a score becomes stereo sound.

Every distinct sound is made once and added wherever it is played, into one of four groups (drums, bass, music,
lead). Whatever treats sound at length treats a group or the sum.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.desk import FADERS_DB, Setting
from beatomizer.composer.drums.effects import EFFECTS
from beatomizer.composer.drums.kits import Kit
from beatomizer.composer.effects import (
    ducking,
    echoes,
    glued,
    limited,
    loudness_lufs,
    placed_in_room,
    room,
    tone_filter,
)
from beatomizer.composer.score import Score
from beatomizer.composer.synth import RATE, filtered, noise, samples
from beatomizer.composer.tones.recipe import Recipe, Tone
from beatomizer.composer.tones.table import played

CEILING = 0.97
"""Highest sample: a quarter of a decibel of room for what encoders add."""

TAIL_S = 1.6
"""What still rings after the last bar."""

GROUPS = ("drums", "bass", "music", "lead")
_GROUP = {"bass": "bass", "pad": "music", "comp": "music", "arp": "music", "lead": "lead", "keys": "lead"}
_SENDS = {"drums": 0.12, "bass": 0.02, "music": 0.45, "lead": 0.5}
_PANS = {
    "hat": 0.25, "open_hat": 0.25, "pedal": 0.25, "ride": -0.3, "crash": 0.35, "shaker": -0.45, "tambourine": 0.45,
    "tom_high": 0.4, "tom_mid": 0.0, "tom_low": -0.4, "conga_high": 0.35, "conga_low": -0.35, "rim": 0.15,
    "blip": -0.4, "cowbell": 0.3, "timpani": -0.25, "comp": 0.25, "arp": -0.3, "keys": 0.3,
}  # fmt: skip
"""Where a strip stands: −1 left, 1 right; arpeggios and blips go from side to side."""

_WANDERING = ("arp", "blip")


def group_of(voice: str) -> str:
    """The group that a voice or a drum plays in."""
    return _GROUP.get(voice, "drums")


@dataclass(frozen=True)
class Band:
    """Who plays: an instrument for each role, and a kit."""

    tones: dict[str, Recipe]
    kit: Kit


@dataclass(frozen=True, slots=True)
class _Event:
    """A sound at a time: its strip, first sample, samples that it lasts (0: as long as it rings) and gain."""

    strip: str
    at: int
    lasts: int
    gain: float
    sound: tuple[float, ...]


def mixed(score: Score, band: Band, setting: Setting, seed: int, hiss: float = 0.0) -> F32:
    """The whole song, mastered, ``[2, n]`` float32 at 48 kHz."""
    count = samples(score.end_s + TAIL_S)
    groups = _groups(score, band, setting, count)
    send = np.zeros(count, dtype=np.float32)
    for name, wave in groups.items():
        send += np.float32(_SENDS[name] * setting.reverb) * (wave[0] + wave[1])
    if setting.echo > 0.05:
        thrown = np.float32(0.25 * setting.echo) * (
            groups["lead"][0] + groups["lead"][1] + 0.5 * groups["music"][0]
        )
        groups["music"] += echoes(thrown, 60 / score.clock.bpm * setting.echo_beats, 0.45, 4)
    _duck(groups, score, setting)
    dry = groups.pop("drums")
    for name in GROUPS[1:]:
        dry += groups.pop(name)  # popped: a song of two minutes is 46 MB a group
    wet = placed_in_room(
        dry,
        send,
        room(setting.reverb_s, seed),
        tone_filter(setting.tilt, setting.low_cut_hz, setting.high_cut_hz),
    )
    _arc(wet, score)
    return mastered(wet, setting, seed, hiss)


def _duck(groups: dict[str, F32], score: Score, setting: Setting) -> None:
    if setting.duck < 0.03:
        return
    count = groups["bass"].shape[1]
    kicks = [stroke.start for stroke in score.strokes if stroke.drum == "kick"]
    at = score.clock.times_s(np.array(kicks, dtype=np.float64)) * RATE
    gain = ducking(count, at, setting.duck, 0.75 * min(0.6, 60 / score.clock.bpm))
    groups["bass"] *= gain
    groups["music"] *= gain
    groups["lead"] *= 0.7 + 0.3 * gain


def _groups(score: Score, band: Band, setting: Setting, count: int) -> dict[str, F32]:
    """The four groups ``[2, count]``, dry."""
    groups = {name: np.zeros((2, count), dtype=np.float32) for name in GROUPS}
    events = _notes(score, band, setting) + _strokes(score, band, setting)
    longest: dict[tuple[str, tuple[float, ...]], int] = {}
    for event in events:
        place = event.strip, event.sound
        longest[place] = max(longest.get(place, 0), event.lasts)
    made: dict[tuple[str, tuple[float, ...]], F32] = {}
    for number, event in enumerate(events):
        place = event.strip, event.sound
        if place not in made:
            made[place] = _sounded(event.strip, event.sound, longest[place], band)
        wave = made[place]
        if event.lasts:
            wave = _released(wave, event.lasts, samples(band.tones[event.strip].release_s))
        target = groups[group_of(event.strip)]
        _add(target, wave, event.at, event.gain, _pan(event.strip, number) * setting.width)
    return groups


def _pan(strip: str, number: int) -> float:
    side = _PANS.get(strip, 0.0)
    return side if strip not in _WANDERING or number % 2 else -side


def _add(target: F32, wave: F32, at: int, gain: float, pan: float) -> None:
    stop = min(target.shape[1], at + wave.shape[-1])
    left, right = np.float32(gain * min(1.0, 1 - pan)), np.float32(gain * min(1.0, 1 + pan))
    if wave.ndim == 1:
        target[0, at:stop] += wave[: stop - at] * left
        target[1, at:stop] += wave[: stop - at] * right
    else:
        target[0, at:stop] += wave[0, : stop - at] * left
        target[1, at:stop] += wave[1, : stop - at] * right


def _released(wave: F32, lasts: int, release: int) -> F32:
    """A held sound let go after ``lasts`` samples."""
    if lasts + release >= wave.shape[-1]:
        release = min(release, wave.shape[-1])
        lasts = wave.shape[-1] - release
    cut = wave[..., : lasts + release].copy()
    cut[..., lasts:] *= _FALL[np.linspace(0, len(_FALL) - 1, release).astype(np.int64)]
    return cut


_FALL = (0.5 + 0.5 * np.cos(np.pi * np.linspace(0, 1, 1024))).astype(np.float32)


def _notes(score: Score, band: Band, setting: Setting) -> list[_Event]:
    """All notes; brightness in twelfths and softness in the gain only, so that few distinct sounds are needed."""
    if not score.notes:
        return []
    starts = score.clock.times_s(np.array([note.start for note in score.notes]))
    ends = score.clock.times_s(np.array([note.start + note.length for note in score.notes]))
    faders = {role: _fader(role, setting) for role in band.tones}
    events = []
    stacked: dict[tuple[str, float], int] = {}
    for note, start_s, end_s in zip(score.notes, starts.tolist(), ends.tolist(), strict=True):
        recipe = band.tones[note.voice]
        place = stacked.get((note.voice, note.start), 0)
        stacked[note.voice, note.start] = place + 1
        late_s = note.late_s + (0.007 * place if recipe.family == "string" else 0.0)
        lasts = 0 if recipe.ring_s else max(samples(end_s - start_s), samples(recipe.attack_s) + 400)
        bright = round(12 * (0.75 * note.brightness + 0.25 * note.velocity)) / 12
        gain = faders[note.voice] * note.velocity**1.3
        events.append(
            _Event(note.voice, max(0, samples(start_s + late_s)), lasts, gain, (note.pitch, bright))
        )
    return events


def _strokes(score: Score, band: Band, setting: Setting) -> list[_Event]:
    """All strokes; soft, middling and hard ones are different sounds, and so are takes where the kit has several."""
    if not score.strokes:
        return []
    starts = score.clock.times_s(np.array([stroke.start for stroke in score.strokes]))
    variants = band.kit.colour.variants
    events = []
    for number, (stroke, start_s) in enumerate(zip(score.strokes, starts.tolist(), strict=True)):
        gain = _fader(stroke.drum, setting) * stroke.velocity**1.4
        if stroke.drum in EFFECTS:
            end_s = score.clock.time_s(stroke.start + stroke.length)
            sound: tuple[float, ...] = (round(end_s - start_s, 2),)
        else:
            hard = 0.35 if stroke.velocity < 0.5 else 0.7 if stroke.velocity < 0.8 else 1.0
            sound = (round(stroke.tone, 2), hard, number % variants)
        events.append(_Event(stroke.drum, max(0, samples(start_s + stroke.late_s)), 0, gain, sound))
    return events


def _fader(strip: str, setting: Setting) -> float:
    drums_db = setting.drums_db if group_of(strip) == "drums" else 0.0
    return float(10 ** ((FADERS_DB[strip] + setting.faders_db[strip] + drums_db) / 20))


def _sounded(strip: str, sound: tuple[float, ...], lasts: int, band: Band) -> F32:
    if strip in band.tones:
        recipe = band.tones[strip]
        held_s = lasts / RATE + recipe.release_s
        return played(Tone(int(sound[0]), held_s, sound[1]), recipe)
    if strip in EFFECTS:
        return band.kit.effect(strip, max(0.3, sound[0]))
    return band.kit.struck(strip, sound[0], sound[1], int(sound[2]))


def _arc(wave: F32, score: Score) -> None:
    """Gain over the whole song, in place: the near-silence of rests, the farewell at the end."""
    press = samples(0.03)
    for start, end in score.rests:
        first, last = samples(score.clock.time_s(start)), samples(score.clock.time_s(end))
        wave[:, first : first + press] *= np.linspace(1, _REST_GAIN, press, dtype=np.float32)
        wave[:, first + press : last] *= np.float32(_REST_GAIN)
    if score.fade:
        first = samples(score.clock.time_s(score.clock.beats - score.fade))
        farewell: F64 = np.linspace(0, 1, wave.shape[1] - first)
        wave[:, first:] *= (np.cos(0.5 * np.pi * farewell) ** 1.2).astype(np.float32)
    else:
        fall = samples(1.2)
        wave[:, -fall:] *= (np.cos(np.linspace(0, 0.5 * np.pi, fall)) ** 2).astype(np.float32)


_REST_GAIN = 0.06
"""What is left of the echoes in a rest: −24 dB."""


def mastered(wave: F32, setting: Setting, seed: int, hiss: float = 0.0) -> F32:
    """Bring a mix to its loudness: width, glue, gain, warm saturation, tape noise, limiter."""
    if setting.glue > 0.02:
        wave = glued(wave, setting.glue)
    gain = np.float32(10 ** ((setting.lufs - loudness_lufs(wave)) / 20))
    side = np.float32(0.5 * setting.width) * (wave[0] - wave[1])
    middle = np.float32(0.5) * (wave[0] + wave[1])
    wave[0], wave[1] = (middle + side) * gain, (middle - side) * gain
    if setting.drive > 0.02:
        drive = np.float32(setting.drive)
        np.tanh(np.multiply(wave, drive, out=wave), out=wave)
        wave /= drive
    if hiss:
        _dust(wave, np.random.default_rng([seed, 77]), hiss * 10 ** ((setting.lufs + 14) / 20))
        wave[:, -_LIFT:] *= np.linspace(1, 0, _LIFT, dtype=np.float32)
    return limited(wave, CEILING)


_LIFT = samples(0.1)
"""How long the needle takes to lift."""


def _dust(wave: F32, rng: np.random.Generator, level: float) -> None:
    """The noise of tape and the crackle of vinyl, a loop of 5 s, added in place."""
    count = 5 * RATE
    loop = filtered(np.stack([noise(count, rng), noise(count, rng)]), 300, 8000, 1) * np.float32(
        0.0025 * level
    )
    ticks = rng.integers(0, count, 40)
    loop[:, ticks] += (rng.normal(0, 0.06, (2, 40)) * level).astype(np.float32)
    for start in range(0, wave.shape[1], count):
        stop = min(wave.shape[1], start + count)
        wave[:, start:stop] += loop[:, : stop - start]
