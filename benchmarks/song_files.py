"""Long songs for benchmarks, composed here, so that nothing has to be downloaded."""

from itertools import cycle
from pathlib import Path

import av
import numpy as np

from beatomizer.composer.compose import compose


def long_mp3(path: Path, seconds: float) -> Path:
    """Write an mp3 of exactly ``seconds`` made of composed songs, one after the other, 192 kb/s stereo."""
    rate = 48_000
    pool = [
        np.ascontiguousarray(compose(seed, style="house", form="build-drop", bank="909").samples.T)
        for seed in range(4)
    ]
    left = round(seconds * rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="stereo")
        stream.bit_rate = 192_000
        for song in cycle(pool):
            for start in range(0, min(left, song.shape[1]), rate):
                piece = song[:, start : start + min(rate, left - start)]
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
                frame.sample_rate = rate
                container.mux(stream.encode(frame))
            left -= min(left, song.shape[1])
            if not left:
                break
        container.mux(stream.encode(None))
    return path
