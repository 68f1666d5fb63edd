"""The dataset card: one page that tells what is in a set, with pictures. ``card.html`` and ``card/*.png``."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.atomic import written_aside
from beatomizer.dataset.card_pictures import Strip, draw_colours, draw_offsets, draw_reasons, draw_strips
from beatomizer.dataset.census import Census
from beatomizer.dataset.clip import CUT, MISSING
from beatomizer.dataset.clips import CLIP_S
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import ShardFacts, read_packed, set_hash
from beatomizer.dataset.sources import Refusal
from beatomizer.dataset.stages import TakeSettings, Work, is_film, look_again
from beatomizer.dataset.takes_table import TakeRow
from beatomizer.dataset.wording import many, rate_said, setting_said
from beatomizer.errors import BeatomizerError
from beatomizer.progress import Progress

PAGE, FOLDER = "card.html", "card"
_LEFT_OUT = "left-out.png"
_STRIPS = 8
_PICTURES = 10
_MOST_LISTED = 200

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #33373d; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: .2rem .9rem .2rem 0;
border-bottom: 1px solid #e3e5e8; vertical-align: top; } td.n { text-align: right; } img { max-width: 100%; }
code { font-size: .85em; overflow-wrap: anywhere; }
"""


def write_card(
    shards: Path,
    work: Path,
    rows: Sequence[TakeRow],
    refusals: Sequence[Refusal],
    census: Census,
    facts: Mapping[str, Any],
    written: Mapping[str, Sequence[ShardFacts]],
    settings: TakeSettings,
    progress: Progress,
) -> None:
    """Write the page and its pictures.

    Args:
        shards: the set's folder.
        work: the folder with the results of stages.
        rows: of ``takes.csv``.
        refusals: of ``takes.csv``.
        census: of all clips.
        facts: what ``dataset.json`` will say besides the shards.
        written: the shards.
        settings: of the takes.
        progress: told as stage ``card``.
    """
    folder = shards / FOLDER
    folder.mkdir(exist_ok=True)
    chosen = _chosen([row for row in rows if row.clips])
    strips: list[Strip] = []
    for count, row in enumerate(chosen):
        progress("card", count / (len(chosen) + 1))
        strips += _strip(row, Work.of(work, row.source.id, settings))
    draw_strips(folder / "takes.png", strips)
    draw_colours(folder / "colours.png", census)
    filmed = [row for row in rows if row.facts.fps and (row.source.kind == "video" or is_film(row.source))]
    draw_offsets(
        folder / "offsets.png",
        np.array([row.facts.offset_measured_ms for row in filmed]),
        np.array([row.facts.significance for row in filmed]),
        np.array([row.facts.offset_trusted for row in filmed], bool),
    )
    reasons = _reasons(rows, refusals)
    (folder / _LEFT_OUT).unlink(missing_ok=True)  # perhaps of a set from which something was left out
    if reasons:
        draw_reasons(folder / _LEFT_OUT, reasons)
    hashed = set_hash([shard for split in SPLITS for shard in written.get(split, [])])
    with written_aside(shards / PAGE) as aside:
        aside.write_text(_page(rows, refusals, census, facts, hashed, chosen), "utf-8", errors="replace")
    progress("card", 1.0)


def _chosen(rows: Sequence[TakeRow]) -> list[TakeRow]:
    """A few takes, evenly from all (their ids are hashes, so this is by chance, and always the same)."""
    if len(rows) <= _STRIPS:
        return list(rows)
    return [rows[place] for place in np.linspace(0, len(rows) - 1, _STRIPS).round().astype(int)]


def _strip(row: TakeRow, work: Work) -> Iterator[Strip]:
    """The middle clip of a take; nothing if it cannot be looked at again."""
    key = row.clips[len(row.clips) // 2]
    try:
        clip = next(clip for clip in read_packed(work.clips) if clip.key == key)
        observed = look_again(row.source, work)
    except (BeatomizerError, OSError, StopIteration):
        return
    begin_s = float(clip.facts["start_s"]) + row.facts.offset_ms / 1000
    times_s = begin_s + (np.arange(_PICTURES) + 0.5) * CLIP_S / _PICTURES
    seen = np.clip(np.searchsorted(observed.pts_s, times_s, side="right") - 1, 0, len(observed.pts_s) - 1)
    masked = (clip.flags & (CUT | MISSING)) != 0
    name = f"{clip.key}   {row.source.kind}, {row.split}, {rate_said(observed.fps)} fps"
    yield Strip(name, observed.grid[seen], clip.unpack().label, masked)


def _reasons(rows: Sequence[TakeRow], refusals: Sequence[Refusal]) -> dict[str, int]:
    """How often each reason; file names and numbers in a reason are no difference."""
    reasons = [row.reason for row in rows if not row.clips] + [refusal.reason for refusal in refusals]
    return dict(Counter(_kind_of(reason) for reason in reasons))


def _kind_of(reason: str) -> str:
    for begin, kind in (("same as ", "same as another"), ("is not needed", "is not needed")):
        if reason.startswith(begin):
            return kind
    if reason.endswith(f"s long; a clip has {CLIP_S:.0f} s"):
        return f"is shorter than {CLIP_S:.0f} s"
    return reason.partition(":")[0]


# The page


def _page(
    rows: Sequence[TakeRow],
    refusals: Sequence[Refusal],
    census: Census,
    facts: Mapping[str, Any],
    hashed: str,
    chosen: Sequence[TakeRow],
) -> str:
    members = [row for row in rows if row.clips]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>Dataset card</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' file:; "
        "style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body>",
        "<h1>Dataset card</h1>",
        f"<p>{many(census.clips, 'clip')} of {CLIP_S:.0f} s ({census.clips * CLIP_S / 60:.1f} minutes) of "
        f"{many(len(members), 'take')}; labels <b>{escape(str(facts['labels']))}</b>, "
        f"{many(facts['zones'], 'zone')}. Hash of all shards: "
        f"<code>{hashed}</code></p>",
        _splits_table(rows),
        "<h2>What was seen, and the labels</h2>",
        "<p>Below each row of pictures: the label of each of the 900 frames; red marks frames that are masked "
        "(cuts, no picture).</p>",
        '<p><img src="card/takes.png" alt="pictures of some takes, with their labels below"></p>',
        _table(("clip of", "name", "title"), [[row.source.id, row.name, row.source.title] for row in chosen]),
        "<h2>Colours</h2>",
        '<p><img src="card/colours.png" alt="histograms of hue, saturation and level"></p>',
        f"<p>{census.grey_share:.1%} of what is lit is grey. {_share(census.repeats, census)} of the frames repeat "
        f"the picture before, {_share(census.cuts, census)} are near a cut, {_share(census.missing, census)} have no "
        "picture.</p>",
        "<h2>Sound and picture</h2>",
        '<p><img src="card/offsets.png" alt="offset between sound and picture of each take"></p>',
        "<h2>Left out</h2>",
        *_left_out(rows, refusals),
        "<h2>Licences</h2>",
        _licences(members),
        "<h2>Settings</h2>",
        _table(
            ("setting", "value"),
            [
                [name.replace("_", " "), setting_said(value)]
                for name, value in sorted(facts["settings"].items())
            ],
        ),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _share(count: int, census: Census) -> str:
    return f"{count / max(1, census.frames):.1%}"


def _splits_table(rows: Sequence[TakeRow]) -> str:
    cells = []
    for split in SPLITS:
        own = [row for row in rows if row.split == split and row.clips]
        clips = sum(len(row.clips) for row in own)
        cells.append([split, str(len(own)), str(clips), f"{clips * CLIP_S / 60:.1f}"])
    return _table(("split", "takes", "clips", "minutes"), cells)


def _left_out(rows: Sequence[TakeRow], refusals: Sequence[Refusal]) -> Iterator[str]:
    """The picture of reasons, if there are any whole takes or files to count, and the list."""
    if _reasons(rows, refusals):
        yield f'<p><img src="{FOLDER}/{_LEFT_OUT}" alt="reasons for leaving takes out"></p>'
    yield _complaints(rows, refusals)


def _complaints(rows: Sequence[TakeRow], refusals: Sequence[Refusal]) -> str:
    listed = [[row.name, row.reason] for row in rows if row.reason]
    listed += [[refusal.name, refusal.reason] for refusal in refusals]
    more = f"<p>{len(listed) - _MOST_LISTED} more are in takes.csv.</p>" if len(listed) > _MOST_LISTED else ""
    return _table(("name", "why"), listed[:_MOST_LISTED]) + more if listed else "<p>Nothing was left out.</p>"


def _licences(members: Sequence[TakeRow]) -> str:
    counts = Counter(row.source.licence or "unknown" for row in members)
    clips = Counter[str]()
    for row in members:
        clips[row.source.licence or "unknown"] += len(row.clips)
    cells = [[licence, str(count), str(clips[licence])] for licence, count in sorted(counts.items())]
    return _table(("licence", "takes", "clips"), cells)


def _table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    return f"<table><tr>{top}</tr>\n{body}</table>"
