"""Bad and odd sound: headers that lie, formats that are rare but right, samples that are no sound."""

import struct
from collections.abc import Iterator

import numpy as np

from scripts.bad_material import (
    AIFF_44100,
    ALAW,
    FLOAT,
    MULAW,
    aiff,
    caf,
    chunk,
    encoded,
    float_wav,
    mu_law,
    patched,
    pcm,
    plain_wav,
    tone,
    wav,
)
from scripts.healthy_files import FINE, LIMIT, SILENT, UNREADABLE, Entry, good


def lying_headers() -> Iterator[Entry]:
    """Headers that promise what is not there."""
    body = pcm(tone(), "i2")
    refused = {UNREADABLE, SILENT}
    yield "data_4gib.wav", "claims 4 GiB of samples", {FINE}, wav(body, claimed=0xFFFFFFFF)
    yield "data_2gib.wav", "claims 2 GiB of samples", {FINE}, wav(body, claimed=0x7FFFFFFF)
    yield (
        "data_none.wav",
        "claims no samples, as recorders that crashed do",
        {FINE, *refused},
        wav(body, claimed=0),
    )
    yield "rate_0.wav", "sample rate 0", refused, wav(body, rate=0)
    yield "rate_1.wav", "sample rate 1 Hz: a day of sound in 170 kB", {*refused, LIMIT}, wav(body, rate=1)
    yield "rate_4g.wav", "sample rate 4 GHz", refused, wav(body, rate=0xFFFFFFFF)
    yield "rate_2g.wav", "sample rate 2 GHz", refused, wav(body, rate=0x7FFFFFFF)
    yield "channels_0.wav", "no channels", refused, wav(body, channels=0, block=4)
    yield "channels_65535.wav", "65,535 channels", refused, wav(body, channels=65_535)
    yield "channels_500.wav", "500 channels", {FINE, *refused}, wav(body, channels=500)
    yield "bits_0.wav", "no bits in a sample", {FINE, *refused}, wav(body, bits=0, block=4)
    yield "bits_255.wav", "255 bits in a sample", refused, wav(body, bits=255)
    yield "block_0.wav", "a block of no bytes", {FINE, *refused}, wav(body, block=0)
    yield "block_odd.wav", "a block of 7 bytes", {FINE, *refused}, wav(body, block=7)
    yield "no_format.wav", "no fmt chunk", refused, chunk(b"RIFF", b"WAVE" + chunk(b"data", body))
    yield "no_data.wav", "no data chunk", refused, plain_wav()[:36]
    yield (
        "format_4gib.wav",
        "a fmt chunk of 4 GiB",
        refused,
        patched(plain_wav(), b"fmt ", 0, b"\xff\xff\xff\xff"),
    )
    yield "codec_unknown.wav", "a format tag nobody has", refused, wav(body, tag=0x4242)
    yield (
        "rate_nan.aiff",
        "a sample rate that is no number",
        refused,
        aiff(body, rate=b"\x7f\xff\xc0" + bytes(7)),
    )
    yield "rate_0.aiff", "sample rate 0", refused, aiff(body, rate=bytes(10))
    yield "channels_0.aiff", "no channels", refused, aiff(body, rate=AIFF_44100, channels=0)
    yield "channels_65535.aiff", "65,535 channels", refused, aiff(body, rate=AIFF_44100, channels=65_535)
    yield (
        "frames_4g.aiff",
        "claims 4 G frames",
        {FINE, *refused},
        aiff(body, rate=AIFF_44100, frames=0xFFFFFFFF),
    )
    flac, m4a = good("song.flac"), good("song.m4a")
    total = bytes([flac[21] | 0x0F]) + b"\xff\xff\xff\xff"
    yield "samples_2p36.flac", "claims 2^36 samples", {FINE}, flac[:21] + total + flac[26:]
    yield (
        "rate_0.flac",
        "sample rate 0",
        {FINE, *refused},
        flac[:18] + b"\0\0" + bytes([flac[20] & 0x0F]) + flac[21:],
    )
    years = struct.pack(">I", 0xFFFFFFFE)
    yield "years_136.m4a", "lasts 136 years by its header", {FINE}, patched(m4a, b"mvhd", 16, years)
    yield "years_136_media.m4a", "so does its track", {FINE, *refused}, patched(m4a, b"mdhd", 16, years)
    yield "timescale_0.m4a", "no ticks in a second", {FINE, *refused}, patched(m4a, b"mdhd", 12, bytes(4))
    yield "samples_4g.m4a", "claims 4 G packets", {FINE, *refused, LIMIT}, patched(m4a, b"stsz", 8, years)
    yield "chunks_4g.m4a", "claims 4 G chunks", {FINE, *refused, LIMIT}, patched(m4a, b"stco", 4, years)
    yield "box_4gib.m4a", "a box of 4 GiB", {FINE, *refused}, patched(m4a, b"", 0, years)
    ogg = good("song.ogg")
    last = ogg.rindex(b"OggS")
    yield (
        "granule_2p63.ogg",
        "ends in 6 million years",
        {FINE},
        ogg[: last + 6] + b"\xff" * 7 + b"\x7f" + ogg[last + 14 :],
    )
    yield (
        "frames_4g.mp3",
        "a Xing header of 4 G frames",
        {FINE},
        patched(good("song.mp3"), b"Info", 4, b"\xff" * 4),
    )
    yield "right_left.caf", "channels in an order of its own: crashes a careless decoder", {FINE}, caf([2, 1])
    yield "left_left.caf", "the left channel twice", {FINE}, caf([1, 1])
    yield "nowhere.caf", "channels that are nowhere", {FINE, *refused}, caf([0xFFFFFFFF, 0xFFFFFFFE, 400])


def odd_but_valid() -> Iterator[Entry]:
    """Rare, and right."""
    for rate in (8_000, 11_025, 16_000, 22_050, 32_000, 88_200, 96_000, 176_400, 192_000):
        yield f"rate_{rate}.wav", f"{rate} Hz", {FINE}, plain_wav(1.0, rate)
    for bits, kind in ((8, "u1"), (16, "i2"), (24, "i3"), (32, "i4")):
        yield f"bits_{bits}.wav", f"{bits}-bit integers", {FINE}, wav(pcm(tone(), kind), bits=bits)
    yield "float_32.wav", "32-bit floats", {FINE}, float_wav(tone())
    yield "float_64.wav", "64-bit floats", {FINE}, float_wav(tone(), "f8")
    yield "mu_law.wav", "µ-law, as telephones", {FINE}, wav(mu_law(tone()), tag=MULAW, bits=8)
    yield "a_law.wav", "A-law", {FINE}, wav(bytes(b ^ 0xD5 for b in mu_law(tone())), tag=ALAW, bits=8)
    six, eight = tone(channels=6), tone(channels=8)
    yield "surround_5_1.wav", "six channels", {FINE}, wav(pcm(six, "i2"), channels=6, mask=0x3F)
    yield "surround_7_1.wav", "eight channels", {FINE}, wav(pcm(eight, "i2"), channels=8, mask=0x63F)
    yield "quad.flac", "four channels", {FINE}, encoded("flac", "flac", layout="quad", sound=tone(channels=4))
    yield "surround.ac3", "5.1 as in films", {FINE}, encoded("ac3", "ac3", layout="5.1(side)", sound=six)
    yield (
        "extensible.wav",
        "WAVE_FORMAT_EXTENSIBLE floats",
        {FINE},
        wav(pcm(tone(), "f4"), tag=FLOAT, bits=32, mask=3),
    )
    yield (
        "places_missing.wav",
        "three channels with no places",
        {FINE},
        wav(pcm(tone(channels=3), "i2"), channels=3),
    )
    yield "channels_24.wav", "24 channels", {FINE}, wav(pcm(tone(channels=24), "i2"), channels=24)
    yield (
        "mono_8k.mp3",
        "a voice memo",
        {FINE},
        encoded("mp3", "libmp3lame", rate=8_000, layout="mono", sound=tone(1.0, 8_000, 1)),
    )
    yield "no_samples.wav", "a header and nothing", {SILENT, UNREADABLE}, wav(b"")
    yield "one_sample.wav", "a single sample", {SILENT}, wav(pcm(tone()[:1], "i2"))
    yield "ms_10.wav", "ten milliseconds", {SILENT}, plain_wav(0.01)
    yield "ms_10.mp3", "ten milliseconds", {SILENT}, encoded("mp3", "libmp3lame", sound=tone(0.01))
    yield "ms_499.wav", "a millisecond too short", {SILENT}, plain_wav(0.499)
    yield "ms_500.wav", "just long enough", {FINE}, plain_wav(0.5)
    yield (
        "joined.mp3",
        "two songs in one file, one 44.1 kHz stereo and one 22.05 kHz mono",
        {FINE},
        good("song.mp3")
        + encoded("mp3", "libmp3lame", rate=22_050, layout="mono", sound=tone(1.0, 22_050, 1)),
    )
    yield "chained.ogg", "two streams one after the other", {FINE}, good("song.ogg") + good("song.ogg")
    yield "wrong_ending.mp3", "a flac named mp3", {FINE}, good("song.flac")
    yield "junk_before.mp3", "3 kB of nothing before the song", {FINE}, bytes(3000) + good("song.mp3")


def bad_numbers() -> Iterator[Entry]:
    """Samples that are no sound."""
    song = tone()
    spoiled = song.copy()
    spoiled[5000:6000] = np.nan
    infinite = song.copy()
    infinite[5000], infinite[6000] = np.inf, -np.inf
    spike = song.copy()
    spike[7000] = 1e30
    opposite = song * [1, -1]
    with np.errstate(over="ignore"):
        yield "silence.wav", "digital silence", {FINE}, wav(bytes(176_400))
        yield "silence.mp3", "coded silence", {FINE}, encoded("mp3", "libmp3lame", sound=0 * song)
        yield "dc.wav", "a constant, no tone", {FINE}, float_wav(0 * song + 0.5)
        yield "dc_song.wav", "a song on top of a constant", {FINE}, float_wav(song + 0.4)
        yield "nan_all.wav", "no sample is a number", {SILENT}, float_wav(song * np.nan)
        yield "nan_all_64.wav", "no sample is a number, 64 bits", {SILENT}, float_wav(song * np.nan, "f8")
        yield "nan_some.wav", "a thousand samples are no numbers", {FINE}, float_wav(spoiled)
        yield "infinite.wav", "two infinite samples", {FINE}, float_wav(infinite)
        yield "infinite_all.wav", "every sample is infinite", {SILENT}, float_wav(0 * song + np.inf)
        yield "denormal.wav", "numbers too small to be normal", {FINE}, float_wav(song * 1e-40)
        yield "spike.wav", "one sample is 10^30", {FINE}, float_wav(spike)
        yield "loud_1e30.wav", "every sample is", {FINE}, float_wav(song * 1e30)
        yield "loud_1e300.wav", "larger than 32-bit floats go", {FINE, SILENT}, float_wav(song * 1e300, "f8")
        yield "scale_32768.wav", "floats at the scale of 16-bit integers", {FINE}, float_wav(song * 32_768)
        yield "clipped.wav", "driven into a square", {FINE}, wav(pcm(np.clip(song * 50, -1, 1), "i2"))
        yield "opposite.wav", "left and right cancel each other", {FINE}, wav(pcm(opposite, "i2"))
        yield "left_only.wav", "nothing on the right", {FINE}, wav(pcm(song * [1, 0], "i2"))
