"""What a person, or a program, is told when a show is finished."""

from pathlib import Path
from typing import Any

from beatomizer.line import Rendering
from beatomizer.timebase import FPS, length


def summary(rendering: Rendering, files: list[Path]) -> dict[str, Any]:
    """The machine-readable summary (``--json``). Keys are listed in ``docs/formats.md``."""
    show, cues, audio = rendering.show, rendering.cues, rendering.audio
    seconds = {stage: round(value, 4) for stage, value in rendering.stopwatch.seconds.items()}
    total = sum(rendering.stopwatch.seconds.values())
    return {
        "title": cues.title if cues else (audio.title if audio else ""),
        "artist": cues.artist if cues else (audio.artist if audio else ""),
        "duration_s": round(show.duration_s, 3),
        "tempo_bpm": cues.tempo_bpm if cues else None,
        "beats": len(cues.beats) if cues else 0,
        "beat_confidence": _mean([beat.confidence for beat in cues.beats]) if cues else 0.0,
        "sections": [
            {
                "start_s": part.start_s,
                "end_s": part.end_s,
                "label": part.label,
                "kind": part.kind,
                "name": part.name,
            }
            for part in (cues.sections if cues else ())
        ],
        "palette": list(cues.palette) if cues else [],
        "model": cues.model if cues else rendering.engine,
        "seed": cues.seed if cues else None,
        "zones": show.zones,
        "safety": {
            "profile": show.report.profile,
            "passages_limited": show.report.passages_limited,
            "frames_limited": show.report.frames_limited,
            "peak_flashes_per_s": show.report.peak_flashes_per_s,
            "line": show.report.line(),
        },
        "seconds": {**seconds, "total": round(total, 4)},
        "times_real_time": {
            stage: round(show.duration_s / value, 1)
            for stage, value in {**rendering.stopwatch.seconds, "total": total}.items()
            if value > 0
        },
        "warnings": list(audio.warnings) if audio else [],
        "files": [str(path) for path in files],
    }


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def _mostly_limited(facts: dict[str, Any]) -> str:
    """How much was limited where that is more than half: two passages may be nearly the whole song."""
    share = facts["safety"]["frames_limited"] / max(1.0, facts["duration_s"] * FPS)
    return f"; {min(share, 1.0):.0%} of the frames limited" if share > 0.5 else ""


def spoken(facts: dict[str, Any]) -> str:
    """The summary in a few lines for a person."""
    name = " – ".join(part for part in (facts["artist"], facts["title"]) if part) or "untitled"
    lines = [f"{name}  ({length(facts['duration_s'])})"]
    if facts["tempo_bpm"]:
        lines.append(
            f"  tempo     {facts['tempo_bpm']:.1f} BPM, {facts['beats']} beats, "
            f"confidence {facts['beat_confidence']:.0%}"
        )
    elif facts["model"] and facts["seed"] is not None:  # raw light has no cues, and says nothing of tempo
        lines.append("  tempo     no steady beat")
    if facts["sections"]:
        parts = " ".join(f"{part['label']}·{part['name'] or part['kind']}" for part in facts["sections"])
        lines.append(f"  sections  {parts}")
    if facts["palette"]:
        lines.append(f"  palette   {' '.join(facts['palette'])}")
    lines.append(f"  safety    {facts['safety']['line']}{_mostly_limited(facts)}")
    lines.append(f"  speed     {facts['times_real_time'].get('total', 0):.0f}× real time in all")
    lines += [f"  note      {warning}" for warning in facts["warnings"]]
    lines += [f"  wrote     {path}" for path in facts["files"]]
    return "\n".join(lines)
