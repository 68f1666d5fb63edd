"""Rooms, echoes, ducking and loudness: what happens to whole tracks."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import RATE, filtered, frequencies, noise, samples, seconds

_ROOM_BANDS = ((150.0, 700.0, 1.0), (700.0, 3000.0, 0.85), (3000.0, 9000.0, 0.5))
"""Low edge, high edge and length of the reverb's bands, relative: air swallows the high ones first."""


def room(t60_s: float, seed: int) -> F32:
    """The answer of a room, ``[2, n]``: noise that dies away after 18 ms, each side its own."""
    rng = np.random.default_rng([seed, 99])
    count = samples(0.9 * t60_s)
    answer = np.zeros((2, count), dtype=np.float32)
    for low_hz, high_hz, length in _ROOM_BANDS:
        fall = np.exp(-6.9078 * seconds(count) / (t60_s * length)).astype(np.float32)
        answer += filtered(np.stack([noise(count, rng), noise(count, rng)]), low_hz, high_hz) * fall
    late = samples(0.018)
    answer = np.concatenate([np.zeros((2, late), dtype=np.float32), answer[:, : count - late]], axis=1)
    return np.asarray(answer / np.sqrt((answer**2).sum(axis=1, keepdims=True)), dtype=np.float32)


def convolved(wave: F32, answer: F32) -> F32:
    """One channel ``[n]`` in a room ``[2, m]``, as long as the wave, by overlapping blocks."""
    size = 1 << 18
    hop = size - answer.shape[1] + 1
    filters = np.fft.rfft(answer, size, axis=1)
    out = np.zeros((2, len(wave) + size), dtype=np.float32)
    for start in range(0, len(wave), hop):
        spectrum = np.fft.rfft(wave[start : start + hop], size)
        out[:, start : start + size] += np.fft.irfft(spectrum * filters, size, axis=1)
    return out[:, : len(wave)]


def echoes(wave: F32, delay_s: float, feedback: float, repeats: int) -> F32:
    """``wave [2, n]`` thrown from side to side: only the echoes, the first one on the left."""
    middle = wave.mean(axis=0)
    out = np.zeros_like(wave)
    for repeat in range(1, repeats + 1):
        late = samples(repeat * delay_s)
        if late < wave.shape[1]:
            out[(repeat + 1) % 2, late:] += np.float32(feedback**repeat) * middle[: wave.shape[1] - late]
    return out


def ducking(count: int, kicks: F64, depth: float, recovery_s: float) -> F32:
    """Gain ``[count]`` that steps aside for every kick (sample positions) and comes back smoothly."""
    gain = np.ones(count, dtype=np.float32)
    length = samples(1.6 * recovery_s)
    share = np.clip(seconds(length) / recovery_s, 0, 1)
    back = 1 - depth * (0.5 + 0.5 * np.cos(np.pi * share**0.8))
    press = samples(0.004)
    back[:press] = 1 + (back[press] - 1) * (0.5 - 0.5 * np.cos(np.pi * np.arange(press) / press))
    curve = back.astype(np.float32)
    for kick in kicks.astype(np.int64):
        view = gain[kick : kick + length]
        np.minimum(view, curve[: len(view)], out=view)
    return gain


def limited(wave: F32, ceiling: float) -> F32:
    """``wave [2, n]`` with no sample above ``ceiling``, turned down smoothly around each peak.

    The gain is the least that any block of 64 samples within 3 ms needs, averaged over the same 3 ms: the mean of
    values that each suffice also suffices.
    """
    block, reach = 64, 3
    count = wave.shape[1]
    padded = np.zeros(-(-count // block) * block, dtype=np.float32)
    padded[:count] = np.abs(wave).max(axis=0)
    needed = np.minimum(1.0, ceiling / np.maximum(padded.reshape(-1, block).max(axis=1), 1e-9))
    windows = np.lib.stride_tricks.sliding_window_view
    # The gain runs straight from one edge of a block to the next, so both edges must suffice for it: hence the 1.
    least = windows(np.pad(needed, reach + 1, mode="edge"), 2 * reach + 2).min(axis=1)
    edges = windows(np.pad(least, reach, mode="edge"), 2 * reach + 1).mean(axis=1).astype(np.float32)
    ramp = (np.arange(block) / block).astype(np.float32)
    gain = (edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * ramp).ravel()[:count]
    return np.asarray(wave * gain, dtype=np.float32)


def loudness_lufs(wave: F32) -> float:
    """Integrated loudness of ``wave [2, n]`` after ITU-R BS.1770, its K-weighting applied in the spectrum.

    Blocks of 400 ms overlap by half instead of by three quarters, which moves the gate by hundredths.
    """
    size = samples(0.4)
    starts = range(0, wave.shape[1] - size + 1, size // 2)
    weight = _k_weight(frequencies(size)) ** 2 / (size * size / 2)
    power = np.array(
        [(np.abs(np.fft.rfft(wave[:, start : start + size], axis=1)) ** 2 @ weight).sum() for start in starts]
    )
    lufs = -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
    loud = power[lufs > -70]
    if not len(loud):
        return -70.0
    gate = -0.691 + 10 * np.log10(loud.mean()) - 10
    return float(-0.691 + 10 * np.log10(power[lufs > max(gate, -70)].mean()))


def _k_weight(hz: F64) -> F64:
    """Gain of the K-weighting: the two filters of BS.1770 at 48 kHz, evaluated on the unit circle."""
    z = np.exp(-2j * np.pi * hz / RATE)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.asarray(np.abs(shelf * high_pass))
