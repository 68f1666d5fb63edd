"""What labels drawn from composed films are worth, where the truth is known.

    python benchmarks/label_truth.py [FOLDER...] [--takes 3] [--seed 11]

Reads folders of ``beatomizer dataset compose --film``; without any it composes ``--takes`` films of its own (half a
minute each on one core). For every film, and for all together: the root mean square error of ``mean``, F1 of the camera
cuts (to two pictures), the error of the offset, and how far the hue of ``mean`` and ``implied`` is from what the
designer had lit, and how often they are grey.

The offset's truth is the film's offset plus the designer's own mean latency (``design.latency_ms``): light that is
40 ms early in every picture cannot be told from a picture that is 40 ms early. Hues are compared in OKLCh on frames
where the designer's lights are coloured; ``seen`` counts a label under C 0.04 (grey) as 90°, which is chance.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32, F64, U8, Bool
from beatomizer.audio.load import load_audio
from beatomizer.color import linear_to_oklab, rgb8_to_linear, srgb_to_linear
from beatomizer.dataset.clip import CUT, MISSING
from beatomizer.dataset.compose.take import TakeSettings, make_take
from beatomizer.dataset.cuts import find_cuts
from beatomizer.dataset.hue_path import bin_hue, hue_histograms
from beatomizer.dataset.labels import label
from beatomizer.dataset.observe import observe
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.offset import estimate_offset

MODES = ("mean", "implied")
GREY = 0.04
LIT = 0.1


@dataclass
class Sums:
    """What is gathered over all films."""

    rms: list[float] = field(default_factory=list)
    offsets_ms: list[float] = field(default_factory=list)
    trusted: list[bool] = field(default_factory=list)
    cuts: list[tuple[int, int, int]] = field(default_factory=list)
    hues: dict[str, list[tuple[float, ...]]] = field(default_factory=lambda: {mode: [] for mode in MODES})


@dataclass(frozen=True)
class Lights:
    """The designer's lights: hue and chroma ``[T, Z]``, the strongest hue ``[T]``, and whether anything is lit."""

    hue: F64
    chroma: F64
    strongest: F64
    lit: Bool


def lights(score: dict[str, Any]) -> Lights:
    """From the score's ``light``."""
    zones = int(score["light"]["zones"])
    data = b"".join(bytes.fromhex(frame) for frame in score["light"]["rgb8"])
    rgb8: U8 = np.frombuffer(data, np.uint8).reshape(-1, zones, 3)
    linear = rgb8_to_linear(rgb8)
    lab = linear_to_oklab(linear)
    chroma, hue = np.hypot(lab[..., 1], lab[..., 2]), np.arctan2(lab[..., 2], lab[..., 1])
    histograms = hue_histograms(hue.astype(np.float32), chroma.astype(np.float32))
    lit = (linear.max(axis=(1, 2)) > 0.02) & (chroma.max(axis=1) > 0.06)
    return Lights(hue, chroma, bin_hue(histograms.argmax(axis=1)), lit)


def apart_deg(one: F64, other: F64) -> F64:
    """Angle between hues in radians, 0..180°."""
    return np.asarray(np.degrees(np.abs((one - other + np.pi) % (2 * np.pi) - np.pi)))


def hue_errors(rgb: F32, usable: Bool, truth: Lights) -> tuple[float, ...]:
    """Mean degrees to the strongest hue, to the nearest hue that is lit, the latter as seen; share of grey frames."""
    count = min(len(rgb), len(truth.strongest))
    lab = linear_to_oklab(srgb_to_linear(rgb[:count].astype(np.float64)))
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    judged = truth.lit[:count] & usable[:count]
    strongest = apart_deg(hue, truth.strongest[:count])[judged]
    every = apart_deg(hue[:, None], truth.hue[:count])
    weak = truth.chroma[:count] < 0.5 * truth.chroma[:count].max(axis=1, keepdims=True)
    nearest = np.where(weak, 999.0, every).min(axis=1)[judged]
    seen = np.where(chroma[judged] < GREY, 90.0, nearest)
    shown = (rgb[:count].max(axis=1) > LIT) & usable[:count]
    grey = float((chroma[shown] < GREY).mean()) if shown.any() else 0.0
    return float(strongest.mean()), float(nearest.mean()), float(seen.mean()), grey


def matched(found: F64, true: list[float], tolerance_s: float) -> int:
    """How many of ``true`` have a ``found`` of their own."""
    free = list(found)
    hits = 0
    for time in true:
        near = [other for other in free if abs(other - time) <= tolerance_s]
        if near:
            free.remove(min(near, key=lambda other: abs(other - time)))
            hits += 1
    return hits


def judge(score_path: Path, sums: Sums) -> None:
    """Label one film and print how right that is."""
    score = json.loads(score_path.read_text(encoding="utf-8"))
    film, media = score["film"], score_path.with_name(score["media"]["name"])
    samples = load_audio(media).samples
    seen: Observed = observe(media)
    drawn = np.array(film["mean_rgb"]) / 255
    count = min(len(drawn), len(seen.mean_rgb))
    rms = float(np.sqrt(np.mean((seen.mean_rgb[:count] - drawn[:count]) ** 2))) * 255
    cuts = find_cuts(seen)
    hits = matched(cuts, film["cuts_s"], 2.5 * seen.step_s)
    offset = estimate_offset(seen, samples, cuts)
    late_ms = 1000 * film["offset_s"] + score["design"]["latency_ms"]
    error_ms = 1000 * offset.seconds - late_ms
    sums.rms.append(rms)
    sums.cuts.append((hits, len(cuts), len(film["cuts_s"])))
    sums.offsets_ms.append(error_ms)
    sums.trusted.append(offset.trusted)
    truth, parts = lights(score), []
    for mode in MODES:
        drawn_labels = label(
            seen, mode, duration_s=len(samples) / 24_000, offset_s=film["offset_s"], cuts_s=cuts
        )
        errors = hue_errors(drawn_labels.rgb[:, 0], (drawn_labels.flags & (CUT | MISSING)) == 0, truth)
        sums.hues[mode].append(errors)
        parts.append(f"{mode} {errors[0]:3.0f}° {errors[1]:3.0f}° {errors[2]:3.0f}° grey {errors[3]:4.0%}")
    print(
        f"{score_path.name[:13]} {film['fps']:>10} {score['annotations']['style'][:12]:12s} rms {rms:4.2f}  "
        f"cuts {hits}/{len(cuts)}/{len(film['cuts_s'])}  offset {error_ms:+5.1f} ms z {offset.significance:4.1f}"
        f"{'' if offset.trusted else ' (not trusted)'}  {'  '.join(parts)}",
        flush=True,
    )


def total(sums: Sums) -> None:
    """The numbers that count."""
    hits, found, true = (sum(column) for column in zip(*sums.cuts, strict=True))
    errors = np.abs(np.array(sums.offsets_ms))
    believed = errors[np.array(sums.trusted)]
    print(f"\n{len(sums.rms)} films")
    print(f"mean label        RMS {statistics.mean(sums.rms):.2f}/255, worst film {max(sums.rms):.2f}")
    print(
        f"camera cuts       F1 {2 * hits / max(1, found + true):.3f} ({hits} right of {found} found, {true} true)"
    )
    if len(believed):
        print(
            f"offset            within 10 ms: {(believed <= 10).mean():.0%} of {len(believed)} trusted, "
            f"{(errors <= 10).mean():.0%} of all; median {np.median(believed):.1f} ms, "
            f"95 % under {np.quantile(believed, 0.95):.1f} ms; bias {np.median(sums.offsets_ms):+.1f} ms"
        )
    for mode in MODES:
        strongest, nearest, seen, grey = np.mean(sums.hues[mode], axis=0)
        print(
            f"{mode:17s} hue error {strongest:.1f}° (to the strongest), {nearest:.1f}° (to the nearest that is lit), "
            f"{seen:.1f}° (as seen); grey {grey:.1%}"
        )


def scores(folders: list[Path], takes: int, seed: int, spare: Path) -> Iterator[Path]:
    """Scores of films in folders, or of films made now."""
    for folder in folders:
        yield from (
            path for path in sorted(folder.glob("*.score.json")) if json.loads(path.read_text())["film"]
        )
    if not folders:
        settings = TakeSettings(seed=seed, film=True)
        for index in range(takes):
            make_take(settings, index, spare)
            yield spare / f"{settings.name(index)}.score.json"


def main() -> None:
    """Judge films, one line each, and print the whole."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--takes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    wanted = parser.parse_args()
    sums = Sums()
    with tempfile.TemporaryDirectory() as spare:
        for path in scores(wanted.folders, wanted.takes, wanted.seed, Path(spare)):
            judge(path, sums)
    if sums.rms:
        total(sums)


if __name__ == "__main__":
    main()
