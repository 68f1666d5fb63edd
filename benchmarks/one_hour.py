"""A one-hour song: peak memory of the whole process (limit 1.5 GB) and times real time.

python benchmarks/one_hour.py [--minutes 60] [--video]
"""

import argparse
import tempfile
from pathlib import Path

from song_files import long_mp3
from whole_process import OURS, timed

LIMIT_MIB = 1.5e9 / 2**20


def main() -> None:
    """Render the long song to .npz (and .mp4 if asked) and print memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--video", action="store_true", help="also write a 320x180 video (slow)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        song = long_mp3(Path(folder) / "song.mp3", arguments.minutes * 60)
        for suffix in (".npz", ".png", *((".mp4",) if arguments.video else ())):
            code = OURS.replace("'--json'", "'--quiet', '--size', '320x180'")
            seconds, mib, _ = timed(code, str(song), str(Path(folder) / f"show{suffix}"))
            speed = arguments.minutes * 60 / seconds
            print(
                f"{arguments.minutes:g} min -> {suffix}  peak {mib:.0f} MiB of {LIMIT_MIB:.0f}  {speed:.0f}x real time"
            )


if __name__ == "__main__":
    main()
