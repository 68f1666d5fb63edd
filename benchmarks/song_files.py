"""Long songs for benchmarks, composed here, so that nothing has to be downloaded."""

from pathlib import Path

import av
import numpy as np
from beatomizer.composer.compose import compose


def long_mp3(path: Path, seconds: float) -> Path:
    """Write an mp3 of exactly ``seconds`` made of composed songs, one after the other, 192 kb/s stereo."""
    songs = []
    rate = 48_000
    wanted = round(seconds * rate)
    pool = [compose(seed).samples for seed in range(4)]
    while sum(len(song) for song in songs) < wanted:
        songs.append(pool[len(songs) % len(pool)])
    samples = np.ascontiguousarray(np.concatenate(songs)[:wanted].T)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="stereo")
        stream.bit_rate = 192_000
        for start in range(0, wanted, rate):
            frame = av.AudioFrame.from_ndarray(
                samples[:, start : start + rate], format="fltp", layout="stereo"
            )
            frame.sample_rate = rate
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
