"""Composed takes: speed of every part, what designers' habits measure like, and whether films keep their promises.

    python benchmarks/compose_takes.py [--songs 6] [--designers 5] [--films 2] [--size 426x240] [--pictures DIR]

Times are processor seconds of one core, so that a busy machine does not blur them. Habits are printed beside those
measured on human designers. Films are decoded again: time stamps, colours (exact conversion of the decoded planes)
and the number of cuts. ``--pictures`` writes label ribbons and film frames as PNG, to look at.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image

from beatomizer.arrays import F64, U8
from beatomizer.composer.compose import Composition, compose
from beatomizer.dataset.compose.designer import Design, design
from beatomizer.dataset.compose.film import make_film
from beatomizer.dataset.compose.habits import HUMAN, Habits, habits_of
from beatomizer.dataset.compose.take import write_flac
from beatomizer.safety.judge import judge

_RGB = np.array([[1, 0, 1.5748], [1, -0.1873, -0.4681], [1, 1.8556, 0]])
"""BT.709: Y, Cb, Cr → R, G, B."""


@dataclass(frozen=True)
class Song:
    """A composed song and how long it took."""

    composition: Composition
    compose_s: float
    flac_s: float


def composed(seed: int, folder: Path) -> Song:
    """A song, written once as FLAC."""
    began = time.process_time()
    composition = compose(seed)
    middle = time.process_time()
    write_flac(folder / "song.flac", composition.samples, composition.sample_rate, composition.title)
    return Song(composition, middle - began, time.process_time() - middle)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, default=6)
    parser.add_argument("--designers", type=int, default=5)
    parser.add_argument("--films", type=int, default=2)
    parser.add_argument("--size", default="426x240")
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        songs = [composed(seed, folder) for seed in range(arguments.songs)]
        designs = measure_labels(songs, arguments.designers)
        for place in range(min(arguments.films, len(songs))):
            measure_film(songs[place], designs[place], folder, (width, height), place, arguments.pictures)
    if arguments.pictures:
        save_ribbons(designs[: len(songs)], arguments.pictures)


def measure_labels(songs: list[Song], designers: int) -> list[Design]:
    """Speed without film, habits, safety."""
    sound = sum(song.composition.annotations.duration_s for song in songs)
    compose_s, flac_s = sum(song.compose_s for song in songs), sum(song.flac_s for song in songs)
    began = time.process_time()
    designs = [
        design(song.composition.annotations, np.random.default_rng([place, designer]))
        for designer in range(designers)
        for place, song in enumerate(songs)
    ]
    design_s = (time.process_time() - began) / designers
    print(f"{len(songs)} songs, {sound / 60:.1f} minutes, styles: {_styles(songs)}")
    for part, seconds in (("compose", compose_s), ("design + limit", design_s), ("flac", flac_s)):
        print(f"  {part:16} {sound / seconds:7.1f}× real time, one core")
    print(f"  {'labels only':16} {sound / (compose_s + design_s + flac_s):7.1f}× (wanted: 15×)")
    habits = [
        habits_of(made, songs[place % len(songs)].composition.annotations)
        for place, made in enumerate(designs)
    ]
    print_habits(habits, designs)
    return designs


def print_habits(habits: list[Habits], designs: list[Design]) -> None:
    """A table beside human designers; ``programmed`` are those who hardly waver."""
    steady = [one for one, made in zip(habits, designs, strict=True) if made.manner.jitter_ms < 8]
    print(f"\n{'habit':18} {'human':24} {'all':>7} {'10 %':>7} {'90 %':>7} {'programmed':>11}")
    for name, human in HUMAN.items():
        values = np.array([getattr(one, name) for one in habits])
        low, high = np.nanpercentile(values, (10, 90))
        exact = np.nanmean([getattr(one, name) for one in steady])
        print(f"{name:18} {human:24} {np.nanmean(values):7.3f} {low:7.3f} {high:7.3f} {exact:11.3f}")
    unsafe = sum(not judge(made.rgb8).ok for made in designs)
    print(f"{len(designs)} designs, {unsafe} over the flash limits (wanted: 0)")


def measure_film(
    song: Song, made: Design, folder: Path, size: tuple[int, int], place: int, pictures: Path | None
) -> None:
    """Speed of a film and what its file says."""
    path = folder / "film.mp4"
    annotations = song.composition.annotations
    began = time.process_time()
    film = make_film(path, (0, place), song.composition.samples, annotations, made, size)
    film_s = time.process_time() - began
    times, means, shown = decoded(path)
    error = means - np.array(film["mean_rgb"])
    frames = len(times)
    print(
        f"\nfilm {place}: {film['fps']} fps, {frames} frames, {len(film['cuts_s'])} cuts, {', '.join(film['flags'])}\n"
        f"  {1000 * film_s / frames:.2f} ms a frame, {annotations.duration_s / film_s:.1f}× real time, "
        f"with composing {annotations.duration_s / (film_s + song.compose_s):.1f}× (wanted: 5×); at 30 fps it would "
        f"be {frames / film_s / 30:.1f}×; {path.stat().st_size / annotations.duration_s / 125:.0f} kbit/s\n"
        f"  mean colour decoded against drawn: RMS {np.sqrt((error**2).mean()):.2f}, "
        f"worst {np.abs(error).max():.2f} of 255 (wanted: RMS under 2); "
        f"time stamps off by at most {1e6 * np.abs(times - film['pts_s']).max():.1f} µs"
    )
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
        rows = [np.concatenate(shown[at : at + 4], axis=1) for at in range(0, len(shown) // 4 * 4, 4)]
        Image.fromarray(np.concatenate(rows)).save(pictures / f"film-{place}.png")


def decoded(path: Path) -> tuple[F64, F64, list[U8]]:
    """Times, mean colours and sixteen pictures of a film."""
    times, means = [], []
    pictures: list[U8] = []
    with av.open(str(path)) as container:
        every = max(1, container.streams.video[0].frames // 16)
        for place, frame in enumerate(container.decode(video=0)):
            planes = [
                np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(np.float32)
                for plane in frame.planes
            ]
            luma, cb, cr = planes[0], *(np.repeat(np.repeat(plane, 2, 0), 2, 1) for plane in planes[1:])
            coded = np.stack([(luma - 16) / 219, (cb - 128) / 224, (cr - 128) / 224], axis=-1)
            means.append(np.clip(coded @ _RGB.T, 0, 1).mean(axis=(0, 1)) * 255)
            times.append(frame.time)
            if place % every == every // 2 and len(pictures) < 16:
                pictures.append(frame.to_ndarray(format="rgb24"))
    return np.array(times), np.array(means), pictures


def save_ribbons(designs: list[Design], folder: Path) -> None:
    """The first minute of every design, one above the other."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for made in designs:
        ribbon = Image.fromarray(np.ascontiguousarray(made.rgb8[:3600].transpose(1, 0, 2)))
        rows += [
            np.asarray(ribbon.resize((1500, 64), Image.Resampling.BOX)),
            np.full((6, 1500, 3), 90, np.uint8),
        ]
    Image.fromarray(np.concatenate(rows)).save(folder / "ribbons.png")


def _styles(songs: list[Song]) -> str:
    return ", ".join(
        f"{song.composition.annotations.style} {song.composition.annotations.meter}" for song in songs
    )


if __name__ == "__main__":
    main()
