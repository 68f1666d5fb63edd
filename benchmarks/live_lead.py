"""When ``live`` shows the beats of composed songs: before or after they sound, without sound card and network.

    python benchmarks/live_lead.py [--seconds 60]

Each song goes through the follower frame by frame, with the lead that ``beatomizer live`` gives it. A beat's light is
there when the sound of that frame is over. Printed in ms against the beats as they were composed, ten seconds into the
song and later; those further than 70 ms from any beat are counted as missed. 20 to 40 ms before the sound is wanted,
of which sound card, network and lamp take some.
"""

import argparse

import numpy as np

from beatomizer.audio.capture.rate import StreamResampler
from beatomizer.composer.compose import compose
from beatomizer.cues.style import Style
from beatomizer.inference.engines import load_engine
from beatomizer.live.follower import LiveEngine, LiveFollower
from beatomizer.player.following import leads
from beatomizer.timebase import HOP, SAMPLE_RATE

SONGS = ((3, "house"), (1, "techno"), (5, "rock"), (2, "synthwave"), (4, "funk"))
_KNOWN_S, _HIT_S = 10.0, 0.07


def main() -> int:
    """Print a line for each song."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    engine = load_engine("live")
    assert isinstance(engine, LiveEngine)
    for seed, style in SONGS:
        song = compose(seed, style=style)
        resampler = StreamResampler(song.sample_rate)
        samples = resampler.push(song.samples.mean(axis=1).astype(np.float32))[: int(seconds * SAMPLE_RATE)]
        follower = LiveFollower(engine, Style(), lead_ms=1000.0 * leads([], 0.0)[0])
        counted, shown_s = 0, []
        for frame in range(len(samples) // HOP):
            follower.push(samples[frame * HOP : (frame + 1) * HOP])
            if follower.decider.known.beat > counted:
                counted = follower.decider.known.beat
                shown_s.append((frame + 1) * HOP / SAMPLE_RATE)
        beats_s = np.array([beat[0] for beat in song.annotations.beats])
        times_s = np.array([at_s for at_s in shown_s if at_s > _KNOWN_S])
        late_s = times_s - beats_s[np.abs(times_s[:, None] - beats_s).argmin(axis=1)]
        hit_ms = 1000.0 * late_s[np.abs(late_s) <= _HIT_S]
        p10, p50, p90 = np.percentile(hit_ms, [10, 50, 90])
        print(
            f"{style:<10} {len(hit_ms)} of {len(times_s)} beats: median {p50:+.1f}, p10 {p10:+.1f}, p90 {p90:+.1f} ms"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
