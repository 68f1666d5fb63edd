"""The ideas of a song: everything that is chosen before a note is written."""

from dataclasses import dataclass, replace

import numpy as np

from beatomizer.composer.clock import METERS, Meter
from beatomizer.composer.forms import Section, laid_out
from beatomizer.composer.generators import Choice
from beatomizer.composer.grooves import GROOVES
from beatomizer.composer.melody import Tune, phrase, pushed, varied
from beatomizer.composer.patterns import ARPS, BASS, COMP, rows
from beatomizer.composer.style import Style
from beatomizer.composer.styles import STYLES
from beatomizer.composer.theory import Chord, Key, progression, voicings

_FIRST_WORDS = [
    "Neon",
    "Velvet",
    "Paper",
    "Amber",
    "Silver",
    "Midnight",
    "Glass",
    "Coral",
    "Electric",
    "Northern",
    "Hollow",
    "Golden",
    "Distant",
    "Slow",
    "Copper",
    "Burning",
    "Quiet",
    "Second",
    "Winter",
    "Crooked",
]
_SECOND_WORDS = [
    "Harbour",
    "Parade",
    "Satellites",
    "Garden",
    "Motorway",
    "Lanterns",
    "Rivers",
    "Skyline",
    "Tides",
    "Letters",
    "Engines",
    "Orchard",
    "Mirrors",
    "Weather",
    "Avenue",
    "Thunder",
    "Carousel",
    "Signals",
    "Stairs",
    "Meadow",
]

_BLUES = {
    True: "i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7",
    False: "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
}


@dataclass(frozen=True)
class Material:
    """What the letter of a section stands for.

    Attributes:
        chords, voicings: one a bar, over and over.
        tune, second, solo: the melody, its variation, and an improvisation over it.
        groove: drum → row of steps.
        bass, comp, arp: rows of steps.
        half: whether the drums go half as fast over the same beats.
    """

    chords: tuple[Chord, ...]
    voicings: tuple[tuple[int, ...], ...]
    tune: Tune
    second: Tune
    solo: Tune
    groove: dict[str, str]
    bass: str
    comp: str
    arp: str
    half: bool = False


@dataclass(frozen=True)
class Ideas:
    """All choices from which a song is written.

    Attributes:
        title, choice, style, key, meter, bpm: what they say.
        swing: place of the middle of a swung pair.
        sections: the form.
        material: letter → what it stands for.
        players: role or group of drums → the energy from which it plays.
        rubato: how far phrases breathe.
        fading: whether the song fades instead of ending.
        slowing: beats of ritardando.
        looseness: how far strokes stray, in seconds.
        laid_back_s: how late the snare comes.
    """

    title: str
    choice: Choice
    style: Style
    key: Key
    meter: Meter
    bpm: float
    swing: float
    sections: tuple[Section, ...]
    material: dict[str, Material]
    players: dict[str, float]
    rubato: float
    fading: bool
    slowing: int
    looseness: float
    laid_back_s: float

    @property
    def electronic(self) -> bool:
        """Whether machines play: risers, hard silences, no drift."""
        return self.style.drift == 0


def ideas(choice: Choice, rng: np.random.Generator) -> Ideas:
    """Choose everything that makes one song differ from another."""
    style = STYLES[choice.style]
    blues = choice.form == "blues"
    meter = METERS["4/4" if blues else str(rng.choice(style.meters))]
    bpm = float(rng.uniform(*style.bpm))
    if meter.name == "6/8":
        # A dotted beat holds three steps, not two; slower than 52 people count the steps instead.
        bpm = min(132.0, 52.0 + abs(bpm * 0.75 - 52.0))
    mode = str(rng.choice(list(style.harmony)))
    key = Key(int(rng.integers(12)), "mixolydian" if blues and mode == "major" else mode)
    swing = float(rng.uniform(*style.swing)) if meter.steps == 4 else 0.5
    shuffled = blues and style.pair == 1.0 and style.swing[1] < 0.6
    if shuffled:
        swing = float(rng.uniform(0.6, 0.67))
    sections = laid_out(choice.form, meter.beats * 60 / bpm, rng)
    slowest, fastest = min(1.0, 46 / bpm), max(1.0, 216 / bpm)
    if style.drift == 0:
        slowest = fastest = 1.0
    sections = tuple(replace(one, tempo=float(np.clip(one.tempo, slowest, fastest))) for one in sections)
    writer = _Writer(style, key, mode, meter, blues, shuffled, swing, rng)
    letters = dict.fromkeys(section.repeat for section in sections)
    material = {letter: writer.material(letter) for letter in letters}
    ending = rng.random()
    return Ideas(
        title=f"{rng.choice(_FIRST_WORDS)} {rng.choice(_SECOND_WORDS)}",
        choice=choice,
        style=style,
        key=key,
        meter=meter,
        bpm=bpm,
        swing=swing,
        sections=sections,
        material=material,
        players=_players(style, rng),
        rubato=float(rng.uniform(*style.rubato)),
        fading=bool(ending < style.fading),
        slowing=int(rng.choice([1, 2]) * meter.beats) if ending > 1 - style.slowing else 0,
        looseness=style.jitter_ms / 1000 * float(rng.uniform(0.5, 1.3)),
        laid_back_s=float(rng.uniform(0, 1.2)) * style.jitter_ms / 1000,
    )


def _players(style: Style, rng: np.random.Generator) -> dict[str, float]:
    players = {name: float(from_energy + rng.normal(0, 0.07)) for name, from_energy in style.players.items()}
    if rng.random() < style.drumless:
        players = {
            name: level for name, level in players.items() if name not in ("kick", "snare", "hat", "perc")
        }
    for name in ("arp", "keys", "comp", "lead"):
        if name in players and rng.random() < 0.12:
            del players[name]
    return players


class _Writer:
    """Writes the material of one song, letter by letter."""

    def __init__(
        self,
        style: Style,
        key: Key,
        mode: str,
        meter: Meter,
        blues: bool,
        shuffled: bool,
        swing: float,
        rng: np.random.Generator,
    ) -> None:
        self.triplets = style.triplets if swing == 0.5 and meter.steps == 4 else 0.0
        self.half_time = style.half_time if swing < 0.58 and meter.name == "4/4" else 0.0
        self.style, self.key, self.meter, self.blues, self.rng = style, key, meter, blues, rng
        self.numerals = list(rng.permutation(style.harmony[mode]))
        families = ("shuffle",) if shuffled else style.grooves
        found = [groove for family in families for groove in GROOVES[family] if groove.meter == meter.name]
        self.grooves = [_altered(dict(groove.rows), rng) for groove in found]
        self.bass = rows(BASS, ("shuffle", "walk") if shuffled else style.bass, meter.name)
        self.comp = rows(COMP, ("charleston",) if shuffled else style.comp, meter.name)
        self.arps = rows(ARPS, style.arps, meter.name)
        self.low = 60 + int(rng.integers(-3, 5))
        self.home = int(rng.integers(len(self.grooves)))

    def material(self, letter: str) -> Material:
        """What one letter stands for; ``A``, the intro and the outro share the song's first chords and groove."""
        home = letter in "AIO"
        numerals = self.numerals[0 if home else ord(letter) % len(self.numerals)]
        if self.blues:
            numerals = _BLUES[self.key.minor]
        chords = progression(self.key, numerals)
        bars = [chords[bar % len(chords)] for bar in range(max(4, len(chords)))]
        rng, density = self.rng, self.style.tune + float(self.rng.normal(0, 0.12))
        triplets = bool(rng.random() < self.triplets)
        tune = self._tune(bars, self.low + (0 if home else 2), density, triplets)
        groove = self.grooves[
            self.home if home or rng.random() < 0.5 else int(rng.integers(len(self.grooves)))
        ]
        return Material(
            chords=chords,
            voicings=voicings(chords, 52, 74),
            tune=tune,
            second=varied(tune, rng),
            solo=self._tune(bars, self.low + 5, density + 0.35, triplets),
            groove=groove,
            bass=str(rng.choice(self.bass)),
            comp=str(rng.choice(self.comp)),
            arp=str(rng.choice(self.arps)),
            half=bool(not home and rng.random() < self.half_time),
        )

    def _tune(self, bars: list[Chord], low: int, density: float, triplets: bool) -> Tune:
        """A phrase over some bars; where beats are halved, some of its notes lead into the beat."""
        tune = phrase(self.key, bars, self.meter, low, density, self.rng, triplets)
        if self.meter.steps != 4 or triplets:
            return tune
        return pushed(tune, float(len(bars) * self.meter.beats), self.style.push, self.rng)


def _altered(groove: dict[str, str], rng: np.random.Generator) -> dict[str, str]:
    """A groove as one drummer plays it: some soft strokes more or less, some kicks and some rows left out."""
    out = {}
    for drum, row in groove.items():
        if len(groove) > 3 and drum not in ("kick", "snare", "ride") and rng.random() < 0.15:
            continue
        letters = list(row)
        for at, letter in enumerate(letters):
            if letter == "." and at % 4 and drum in ("kick", "snare") and rng.random() < 0.04:
                letters[at] = "o"
            elif rng.random() < (0.25 if letter == "o" else 0.03 if drum == "kick" and letter in "xX" else 0):
                letters[at] = "."
        out[drum] = "".join(letters)
    return out
