"""Rooms, echoes, filters, ducking, glue and loudness: what happens to whole tracks."""

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import RATE, fast_size, filtered, frequencies, noise, samples, seconds

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


def tone_filter(tilt: float, low_cut_hz: float, high_cut_hz: float) -> F32:
    """A causal filter ``[4096]`` without delay (minimum phase, by the folded cepstrum: Oppenheim & Schafer).

    Args:
        tilt: decibels an octave around 800 Hz, within ±12 dB.
        low_cut_hz: where it falls by 3 dB, 12 dB an octave.
        high_cut_hz: where it falls by 3 dB, 18 dB an octave.
    """
    size = 1 << 14
    hz = np.maximum(frequencies(size), 10.0)
    slope = 10 ** (np.clip(tilt * np.log2(hz / 800), -12, 12) / 20)
    gain = slope / np.sqrt((1 + (low_cut_hz / hz) ** 4) * (1 + (hz / high_cut_hz) ** 6))
    cepstrum = np.fft.irfft(np.log(gain), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)[:4096]
    taps[2048:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(2048) / 2048)
    return np.asarray(taps, dtype=np.float32)


def placed_in_room(wave: F32, send: F32, answer: F32, tone: F32) -> F32:
    """A stereo wave and its room, both through one filter, by overlapping blocks.

    Args:
        wave: ``[2, n]``.
        send: ``[n]``, what goes into the room.
        answer: ``[2, m]``, what the room makes of it.
        tone: ``[k]``, causal.
    """
    count = wave.shape[1]
    reach = answer.shape[1] + 2 * len(tone)
    size = fast_size(max(1 << 16, round(2.7 * reach)))
    hop = size - reach
    toning = np.fft.rfft(tone, size)
    rooming = np.fft.rfft(answer, size, axis=1) * toning
    out = np.zeros((2, count + size), dtype=np.float32)
    for start in range(0, count, hop):
        spectrum = np.fft.rfft(wave[:, start : start + hop], size, axis=1)
        spectrum *= toning
        spectrum += np.fft.rfft(send[start : start + hop], size) * rooming
        out[:, start : start + size] += np.fft.irfft(spectrum, size, axis=1)
    return out[:, :count]


def echoes(wave: F32, delay_s: float, feedback: float, repeats: int) -> F32:
    """``wave [n]`` thrown from side to side, ``[2, n]``: only the echoes, the first one on the left."""
    out = np.zeros((2, len(wave)), dtype=np.float32)
    for repeat in range(1, repeats + 1):
        late = samples(repeat * delay_s)
        if late < len(wave):
            out[(repeat + 1) % 2, late:] += np.float32(feedback**repeat) * wave[: len(wave) - late]
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


_BLOCK = 480
"""Samples of a block of the compressor, 10 ms."""


def glued(wave: F32, amount: float) -> F32:
    """``wave [2, n]`` through a slow compressor, as a mixing desk's sum has: loud passages are held back.

    Above the level of the song's louder half (the 60th percentile of blocks of 10 ms), ``amount`` of the excess in
    decibels is taken away, with an attack of some 20 ms and a release of some 200 ms.
    """
    count = wave.shape[1]
    blocks = -(-count // _BLOCK)
    power = np.zeros(blocks * _BLOCK, dtype=np.float32)
    power[:count] = wave[0] ** 2 + wave[1] ** 2
    level_db = 10 * np.log10(power.reshape(blocks, _BLOCK).mean(axis=1) + 1e-9)
    over = np.maximum(0.0, level_db - np.percentile(level_db, 60)) * 0.6 * amount
    held = over.copy()
    for at in range(1, blocks):
        pull = 0.4 if over[at] > held[at - 1] else 0.05
        held[at] = held[at - 1] + pull * (over[at] - held[at - 1])
    gains = (10 ** (-held / 20)).astype(np.float32)
    edges = np.append(gains, gains[-1])
    ramp = (np.arange(_BLOCK) / _BLOCK).astype(np.float32)
    curve = (edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * ramp).ravel()[:count]
    return np.asarray(wave * curve, dtype=np.float32)


def limited(wave: F32, ceiling: float) -> F32:
    """``wave [2, n]`` with no sample above ``ceiling``, turned down smoothly around each peak.

    The gain is the least that any block of 64 samples within 3 ms needs, averaged over the same 3 ms: the mean of
    values that each suffice also suffices.
    """
    block, reach = 64, 3
    count = wave.shape[1]
    padded = np.zeros(-(-count // block) * block, dtype=np.float32)
    np.maximum(np.abs(wave[0]), np.abs(wave[1]), out=padded[:count])
    needed = np.minimum(1.0, ceiling / np.maximum(padded.reshape(-1, block).max(axis=1), 1e-9))
    if needed.min() >= 1.0:
        return wave
    windows = np.lib.stride_tricks.sliding_window_view
    # The gain runs straight from one edge of a block to the next, so both edges must suffice for it: hence the 1.
    least = windows(np.pad(needed, reach + 1, mode="edge"), 2 * reach + 2).min(axis=1)
    edges = windows(np.pad(least, reach, mode="edge"), 2 * reach + 1).mean(axis=1).astype(np.float32)
    ramp = (np.arange(block) / block).astype(np.float32)
    gain = (edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * ramp).ravel()[:count]
    return np.asarray(wave * gain, dtype=np.float32)


def loudness_lufs(wave: F32) -> float:
    """Integrated loudness of ``wave [2, n]`` after ITU-R BS.1770, its K-weighting applied in the spectrum.

    Blocks of 400 ms stand side by side instead of overlapping by three quarters, which moves the gate by hundredths.
    """
    size = samples(0.4)
    count = wave.shape[1] // size
    if count == 0:
        return -70.0
    weight = (_k_weight(frequencies(size)) ** 2 / (size * size / 2)).astype(np.float32)
    power = np.zeros(count)
    for start in range(0, count, 16):
        blocks = wave[:, start * size : min(count, start + 16) * size].reshape(2, -1, size)
        spectrum = np.fft.rfft(blocks, axis=2)
        power[start : start + 16] = ((spectrum.real**2 + spectrum.imag**2) @ weight).sum(axis=0)
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
