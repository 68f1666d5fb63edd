"""What is known about a composed song, in seconds of its sound: the truth that labels and tests are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beatomizer.errors import UnreadableInputError

ONSET_CLASSES = ("kick", "snare", "hat", "other")
"""Classes of onsets: low drums; snares, claps and rims; hats, cymbals and shakers; tones, toms and hand drums."""


@dataclass(frozen=True)
class SectionTruth:
    """A section of the form.

    Attributes:
        start_s, end_s: where it begins and ends, in seconds; sections touch and cover the whole song.
        label: ``intro``, ``verse``, ``chorus``, ``build``, ``drop``, ``break``, ``bridge``, ``theme``, ``solo``,
            ``outro`` …
        repeat: a letter; the same letter is the same material (perhaps varied).
        energy: 0 (hardly anything) to 1 (all there is), the mean over the section.
    """

    start_s: float
    end_s: float
    label: str
    repeat: str
    energy: float


@dataclass(frozen=True)
class Annotations:
    """Everything known about a composed song, in seconds of its sound.

    Attributes:
        title: its name.
        seed: the number that it was composed from.
        style, form, bank: names in ``composer.generators``.
        key: such as ``"A minor"``.
        meter: ``"4/4"``, ``"3/4"`` or ``"6/8"``; in 6/8 a beat is a dotted quarter, two a bar.
        tempo_bpm: the median over the song; ``beats`` tell the drift.
        duration_s: length of the sound.
        beats: ``(time_s, position in bar from 1)`` of every beat, also where nobody plays.
        onsets: by class (``ONSET_CLASSES``), sorted seconds at which a sound is heard to begin, with swing, drift and
            human jitter; sounds that swell so slowly that nobody could say when they begin are left out.
        sections: in order, without gaps.
        energy: ``(time_s, 0..1)`` of every beat.
        drops_s: the first moments of drops.
    """

    title: str
    seed: int
    style: str
    form: str
    bank: str
    key: str
    meter: str
    tempo_bpm: float
    duration_s: float
    beats: tuple[tuple[float, int], ...]
    onsets: dict[str, tuple[float, ...]]
    sections: tuple[SectionTruth, ...]
    energy: tuple[tuple[float, float], ...]
    drops_s: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain lists, numbers and strings; times to the microsecond, energies to a thousandth."""
        return {
            "title": self.title,
            "seed": self.seed,
            "style": self.style,
            "form": self.form,
            "bank": self.bank,
            "key": self.key,
            "meter": self.meter,
            "tempo_bpm": round(self.tempo_bpm, 4),
            "duration_s": round(self.duration_s, 6),
            "beats": [[round(time_s, 6), position] for time_s, position in self.beats],
            "onsets": {name: [round(time_s, 6) for time_s in times] for name, times in self.onsets.items()},
            "sections": [_section_json(section) for section in self.sections],
            "energy": [[round(time_s, 6), round(value, 3)] for time_s, value in self.energy],
            "drops_s": [round(time_s, 6) for time_s in self.drops_s],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Annotations":
        """The opposite of ``to_json``.

        Raises:
            UnreadableInputError: a field is missing or of the wrong kind.
        """
        try:
            return cls(
                **{name: str(data[name]) for name in ("title", "style", "form", "bank", "key", "meter")},
                seed=int(data["seed"]),
                tempo_bpm=float(data["tempo_bpm"]),
                duration_s=float(data["duration_s"]),
                beats=tuple((float(time_s), int(position)) for time_s, position in data["beats"]),
                onsets={str(name): tuple(map(float, times)) for name, times in data["onsets"].items()},
                sections=tuple(_section(section) for section in data["sections"]),
                energy=tuple((float(time_s), float(value)) for time_s, value in data["energy"]),
                drops_s=tuple(map(float, data["drops_s"])),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UnreadableInputError(
                f"the annotations of a composed song are damaged ({type(error).__name__}: {error})",
                "compose the take again",
            ) from error


def _section_json(section: SectionTruth) -> dict[str, Any]:
    return {
        "start_s": round(section.start_s, 6),
        "end_s": round(section.end_s, 6),
        "label": section.label,
        "repeat": section.repeat,
        "energy": round(section.energy, 3),
    }


def _section(data: Mapping[str, Any]) -> SectionTruth:
    return SectionTruth(
        start_s=float(data["start_s"]),
        end_s=float(data["end_s"]),
        label=str(data["label"]),
        repeat=str(data["repeat"]),
        energy=float(data["energy"]),
    )
