"""The contact sheet: all takes and clips of a set on one page that needs no network, with buttons to judge them.

The page's policy lets it load nothing and run only the one script whose hash it names. Titles, names and licences are
text from strangers: they are escaped, and never become markup. Takes are written one by one, so memory does not grow
with the set.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path

from beatomizer.arrays import U8
from beatomizer.atomic import written_aside
from beatomizer.dataset.review_material import ClipView, Material, TakeView
from beatomizer.dataset.review_pictures import clip_picture, frame_picture, take_picture
from beatomizer.dataset.take_words import flags_of, number_of, take_said
from beatomizer.dataset.verdicts import Judgement, read_judgements
from beatomizer.dataset.wording import many
from beatomizer.progress import Progress, silent
from beatomizer.timebase import clock

PAGE = "review.html"


def write_sheet(shards: Path, path: Path, progress: Progress = silent) -> dict[str, int]:
    """Write the contact sheet of ``shards`` to ``path``; counts of what is on it.

    Args:
        shards: a set's folder.
        path: an HTML file.
        progress: told as stage ``review``.

    Raises:
        UnreadableInputError: ``shards`` is not a set, or is damaged.
        UsageError, ResourceLimitError: as ``written_aside``.
    """
    material = Material(shards)
    judged = read_judgements(shards)
    counts = {
        "takes": 0,
        "clips": 0,
        "flagged": 0,
        "refused": len(material.refusals),
        "verdicts": len(judged),
    }
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", errors="replace") as file:
        head, tail = _frame(material)
        file.write(head)
        for take in material.takes():
            progress("review", counts["takes"] / len(material.rows))
            counts["takes"] += 1
            counts["clips"] += len(take.clips)
            counts["flagged"] += bool(take.row.get("flags"))
            file.writelines(_take(take, judged))
        file.writelines(_refusals(material))
        file.write(tail)
    progress("review", 1.0)
    return counts


def _frame(material: Material) -> tuple[str, str]:
    """The page before and after its takes."""
    parts = files("beatomizer.dataset") / "sheet"
    style, script = ((parts / name).read_text(encoding="utf-8") for name in ("sheet.css", "sheet.js"))
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    policy += f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    texts = {
        "policy": policy,
        "name": escape(material.shards.resolve().name),
        "set": escape(str(material.facts.get("hash", ""))[:16]),
        "labels": escape(str(material.facts.get("labels", "mean"))),
    }
    # The page's own parts first: a name that looks like a place to fill stays a name.
    page = (parts / "sheet.html").read_text(encoding="utf-8")
    head, tail = page.split("{{content}}")
    head, tail = head.replace("{{style}}", style), tail.replace("{{script}}", script)
    for name, text in texts.items():
        head = head.replace("{{" + name + "}}", text.replace("{", "&#123;"))
    return head, tail


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _take(take: TakeView, judged: Mapping[str, Judgement]) -> Iterator[str]:
    row = take.row
    flags = flags_of(row)
    judgement = judged.get(take.id)
    yield _opening(
        "article", "take", take.id, judgement, flagged=bool(flags), out=not number_of(row, "clips")
    )
    title = row.get("title") or row.get("name") or take.id
    yield f"<header><h2>{escape(title)}</h2>{_buttons()}</header>\n<p class='facts'>{_told(row)}</p>\n"
    trimmed = _trimmed(judgement)
    if flags or trimmed or row.get("reason"):
        reason = trimmed or row.get("reason", "")
        badges = "".join(f"<span class='flag'>{escape(flag)}</span>" for flag in flags)
        yield f"<p class='flags'>{badges}<span>{escape('' if reason in flags else reason)}</span></p>\n"
    if take.frames:
        yield f"<div class='frames'>{''.join(_picture(*frame, take.shape) for frame in take.frames)}</div>\n"
    if take.clips:
        yield f"<img class='ribbon' alt='its light and its sound over time' src='{take_picture(take.clips)}'>"
        yield f"<details><summary>{many(len(take.clips), 'clip')}</summary><ol class='clips'>"
        for clip in take.clips:
            yield from _clip(clip, judged.get(clip.key))
        yield "</ol></details>\n"
    note = escape(judgement.note if judgement else "")
    yield f"<p><label>Note <input class='note' maxlength='500' value='{note}'></label></p></article>\n"


def _opening(tag: str, kind: str, name: str, judgement: Judgement | None, *, flagged: bool, out: bool) -> str:
    verdict = judgement.verdict.value if judgement else ""
    classes = " ".join([kind, *(["flagged"] if flagged else []), *(["out"] if out else [])])
    return f"<{tag} class='{classes}' data-id='{escape(name)}' data-verdict='{verdict}' tabindex='-1'>\n"


def _buttons() -> str:
    return (
        "<span class='buttons'><button class='accept' type='button' aria-pressed='false'>Accept</button>"
        "<button class='reject' type='button' aria-pressed='false'>Reject</button>"
        "<button class='undo' type='button'>Undo</button></span>"
    )


def _told(row: Mapping[str, str]) -> str:
    return " · ".join(f"<span>{escape(fact)}</span>" for fact in take_said(row))


def _picture(time_s: float, grid: U8, shape: float) -> str:
    when = clock(max(0.0, time_s))
    return f"<img alt='at {when}' title='{when}' src='{frame_picture(grid, shape)}'>"


def _clip(clip: ClipView, judgement: Judgement | None) -> Iterator[str]:
    yield _opening("li", "clip", clip.key, judgement, flagged=bool(clip.problem), out=not clip.used)
    told = _trimmed(judgement) or clip.problem or ("" if clip.used else "not in the set")
    yield f"<img alt='light and sound of 15 s' src='{clip_picture(clip)}'><p><b>{clock(clip.start_s)}</b>"
    yield f"<span class='flags'>{escape(told)}</span>{_buttons()}</p></li>\n"


def _trimmed(judgement: Judgement | None) -> str:
    return f"accepted in part, {judgement.trim} s" if judgement is not None and judgement.trim else ""


def _refusals(material: Material) -> Iterator[str]:
    if material.refusals:
        yield f"<section><h2>{many(len(material.refusals), 'file')} that did not become a take</h2><ul>\n"
        for row in material.refusals:
            yield f"<li><b>{escape(row.get('name', ''))}</b> {escape(row.get('reason', ''))}</li>\n"
        yield "</ul></section>\n"
