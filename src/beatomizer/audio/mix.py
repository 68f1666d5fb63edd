"""Down-mixing: any number of channels, any sample type → one or two channels of float32.

Every channel of the source has a share in the left and in the right; mono is the mean of the two. Shares add up to
one, so no mix can exceed the loudest channel. (libswresample's mono does not: a full-scale stereo tone comes out at
1.414.)
"""

from collections.abc import Sequence

import numpy as np
from av.audio.frame import AudioFrame

from beatomizer.arrays import F32

_HALF_POWER = 0.5**0.5

_SHARES: dict[str, tuple[float, float]] = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "DL": (1.0, 0.0),
    "DR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "LFE": (0.5, 0.5),
    "LFE2": (0.5, 0.5),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
    "FLC": (_HALF_POWER, 0.5),
    "FRC": (0.5, _HALF_POWER),
    "BC": (0.5, 0.5),
}
"""Left and right share by libav's channel names: centre and surrounds 3 dB down as in ITU-R BS.775; the bass channel
6 dB down instead of dropped, because it drives the lights."""

_UNNAMED = (0.5, 0.5)

CHANNEL_NAMES = frozenset(_SHARES)

_INTEGER_SCALE = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


def stereo_shares(names: Sequence[str]) -> F32:
    """Shares of channels with these names in left and right, ``[channels, 2]``; each column adds up to one."""
    shares = np.array([_SHARES.get(name, _UNNAMED) for name in names], dtype=np.float64)
    totals = shares.sum(axis=0)
    if (totals == 0).any():  # nothing for one side ("FL" alone): both sides get everything
        shares = np.repeat(shares.max(axis=1, keepdims=True), 2, axis=1)
        totals = shares.sum(axis=0)
    return np.asarray(shares / totals, dtype=np.float32)


def mono_shares(names: Sequence[str]) -> F32:
    """Shares of channels with these names in the mean of left and right, ``[channels, 1]``."""
    return np.asarray(stereo_shares(names).mean(axis=1, keepdims=True), dtype=np.float32)


def left_shares(names: Sequence[str]) -> F32:
    """Shares in the left side alone, ``[channels, 1]``: for songs whose sides cancel each other."""
    return stereo_shares(names)[:, :1]


def mixed(frame: AudioFrame, shares: F32) -> F32:
    """Mix a decoded frame with ``shares [channels, C]`` → ``[n, C]``; full scale is ±1 whatever the sample type.

    NaN and infinities of the source stay in (``clean.without_nonsense`` is next); silent shares are skipped, so a
    broken channel that is not used cannot spoil the others.
    """
    sample_type = frame.format.name.removesuffix("p")
    scale, middle = np.float32(_INTEGER_SCALE.get(sample_type, 1.0)), sample_type == "u8"
    out = np.zeros((shares.shape[1], frame.samples), dtype=np.float32)
    with np.errstate(all="ignore"):  # foreign floats may overflow; what comes of it is mended afterwards
        for channel, column in enumerate(shares):
            samples = _channel(frame, channel, len(shares), _DTYPES[sample_type])
            if middle:
                samples = samples - np.float32(128.0)
            for side, share in enumerate(column):
                if share:
                    out[side] += samples * (share * scale)
    return out.T


def _channel(frame: AudioFrame, channel: int, n_channels: int, dtype: str) -> F32:
    planar = frame.format.is_planar
    plane = memoryview(frame.planes[channel if planar else 0])
    samples = np.frombuffer(plane, dtype=dtype, count=frame.samples * (1 if planar else n_channels))
    if not planar:
        samples = samples[channel::n_channels]
    return np.asarray(samples, dtype=np.float32)
