"""Timbre banks: a drum kit of the same name and, for every role of a band, the instruments that may play it."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from beatomizer.composer.timbres import TIMBRES
from beatomizer.composer.tones.recipe import Recipe

ROLES = ("bass", "pad", "comp", "arp", "lead", "keys")
"""Who plays in a band; ``keys`` answers the lead."""


@dataclass(frozen=True)
class Bank:
    """The instruments of a bank.

    Attributes:
        about: what it sounds like.
        bass, pad, comp, arp, lead, keys: names in ``TIMBRES``, one is drawn a song.
        hiss: level of the noise under everything, as of tape and vinyl, 0..1.
        alone: how probable it is that one instrument plays every role, as a pianist does.
    """

    about: str
    bass: tuple[str, ...]
    pad: tuple[str, ...]
    comp: tuple[str, ...]
    arp: tuple[str, ...]
    lead: tuple[str, ...]
    keys: tuple[str, ...]
    hiss: float = 0.0
    alone: float = 0.0

    def drawn(self, rng: np.random.Generator) -> dict[str, Recipe]:
        """One song's band: an instrument for each role, each set up a little differently."""
        if rng.random() < self.alone:
            return dict.fromkeys(ROLES, _set_up(TIMBRES[str(rng.choice(self.comp))], rng))
        return {role: _set_up(TIMBRES[str(rng.choice(getattr(self, role)))], rng) for role in ROLES}


def _set_up(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    changes: dict[str, Any] = {}
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if isinstance(value, float) and field.name not in ("ratio", "bright", "octave", "ring_s"):
            changes[field.name] = value * float(np.exp(np.clip(rng.normal(0, 0.15), -0.4, 0.4)))
    changes["sustain"] = min(1.0, changes["sustain"])
    return replace(recipe, bright=recipe.bright + float(rng.uniform(-0.08, 0.08)), **changes)


BANKS: dict[str, Bank] = {
    "909": Bank(
        "club: an analogue kit, saws and plucks",
        bass=("saw bass", "square bass", "acid bass", "sub bass"),
        pad=("saw pad", "strings", "slow pad"),
        comp=("saw stab", "hollow stab", "e-piano", "organ"),
        arp=("square pluck", "saw pluck", "fm bell"),
        lead=("saw lead", "square lead", "singer"),
        keys=("e-piano", "fm pluck", "vibraphone"),
    ),
    "808": Bank(
        "a long booming kick, metallic hats, bells, dark pads",
        bass=("808 bass", "sub bass"),
        pad=("slow pad", "dark choir", "glass pad"),
        comp=("e-piano", "felt piano", "supersaw"),
        arp=("fm bell", "glass", "square pluck", "bells"),
        lead=("singer", "low singer", "square lead", "whistle"),
        keys=("fm bell", "felt piano", "fm pluck"),
    ),
    "studio": Bank(
        "a band in a good room: guitars, piano, organ, a singer",
        bass=("finger bass", "pick bass"),
        pad=("organ", "strings", "choir"),
        comp=("clean guitar", "steel guitar", "piano"),
        arp=("clean guitar", "piano", "glockenspiel"),
        lead=("singer", "low singer", "saxophone", "violin"),
        keys=("piano", "e-piano", "jazz organ"),
    ),
    "garage": Bank(
        "a loud band in a small room: driven guitars",
        bass=("pick bass", "finger bass"),
        pad=("jazz organ", "organ"),
        comp=("driven guitar", "clean guitar"),
        arp=("clean guitar", "driven guitar"),
        lead=("driven lead", "low singer", "singer"),
        keys=("jazz organ", "piano"),
        hiss=0.3,
    ),
    "brushes": Bank(
        "a small jazz band",
        bass=("upright bass",),
        pad=("strings", "jazz organ"),
        comp=("piano", "nylon guitar", "vibraphone"),
        arp=("vibraphone", "piano", "nylon guitar"),
        lead=("trumpet", "muted trumpet", "saxophone", "flute"),
        keys=("piano", "vibraphone", "saxophone"),
    ),
    "lo-fi": Bank(
        "tape and dust: worn drums, electric pianos",
        bass=("upright bass", "sub bass", "fm bass"),
        pad=("slow pad", "strings"),
        comp=("e-piano", "felt piano", "nylon guitar"),
        arp=("kalimba", "vibraphone", "e-piano"),
        lead=("low singer", "flute", "muted trumpet", "felt piano"),
        keys=("e-piano", "felt piano"),
        hiss=1.0,
    ),
    "orchestra": Bank(
        "strings, brass, woodwind, harp, drums of war",
        bass=("low strings", "tuba"),
        pad=("strings", "choir", "brass section"),
        comp=("strings", "brass section", "pizzicato"),
        arp=("pizzicato", "harp", "glockenspiel"),
        lead=("violin", "trumpet", "oboe", "flute"),
        keys=("harp", "oboe", "bells"),
    ),
    "glitch": Bank(
        "clicks and frequency modulation",
        bass=("hard fm bass", "fm bass", "reese"),
        pad=("glass pad", "dark choir", "saw pad"),
        comp=("fm pluck", "hollow stab", "tine piano"),
        arp=("fm pluck", "glass", "fm bell"),
        lead=("fm lead", "square lead", "whistle"),
        keys=("tine piano", "glass", "fm bell"),
    ),
    "festival": Bank(
        "big rooms: supersaws, hard leads, choirs",
        bass=("reese", "hard fm bass", "saw bass"),
        pad=("saw pad", "choir", "strings"),
        comp=("supersaw", "piano", "saw stab"),
        arp=("saw pluck", "square pluck", "fm bell"),
        lead=("hard lead", "saw lead", "singer"),
        keys=("piano", "saw pluck"),
    ),
    "industrial": Bank(
        "machines: distorted drums, acid, growls",
        bass=("acid bass", "reese", "hard fm bass"),
        pad=("dark choir", "saw pad"),
        comp=("hollow stab", "driven guitar", "saw stab"),
        arp=("saw pluck", "gamelan", "fm pluck"),
        lead=("hard lead", "driven lead", "fm lead"),
        keys=("bells", "gamelan"),
        hiss=0.4,
    ),
    "console": Bank(
        "a game console of the second generation: odd pulses, a stepped triangle, cheap frequency modulation",
        bass=("stair bass", "console fm bass"),
        pad=("console chord", "organ"),
        comp=("console chord", "console fm lead", "console bell"),
        arp=("console arp", "console bell", "console chord"),
        lead=("console lead", "console fm lead"),
        keys=("console bell", "console lead"),
        hiss=0.2,
    ),
    "stack": Bank(
        "walls of amplifiers: guitars far beyond their limit, a kick that clicks",
        bass=("grind bass", "pick bass"),
        pad=("choir", "dark choir", "strings"),
        comp=("high gain guitar", "high gain guitar", "driven guitar"),
        arp=("driven guitar", "clean guitar"),
        lead=("driven lead", "shouter", "low singer"),
        keys=("driven lead", "piano", "bells"),
        hiss=0.4,
    ),
    "horns": Bank(
        "a dance band: trumpets, trombones, saxophones, a piano",
        bass=("finger bass", "upright bass", "tuba"),
        pad=("jazz organ", "brass section", "accordion"),
        comp=("piano", "clean guitar", "horn stab", "grand piano"),
        arp=("clean guitar", "piano", "horn stab"),
        lead=("trumpet", "saxophone", "trombone", "singer", "clarinet"),
        keys=("trumpet", "trombone", "saxophone", "jazz organ"),
    ),
    "salon": Bank(
        "one pianist, or a few people with strings and wood",
        bass=("grand piano", "cello", "bowed bass"),
        pad=("quartet", "strings"),
        comp=("grand piano", "piano", "grand piano", "felt piano", "harpsichord", "quartet"),
        arp=("grand piano", "harpsichord", "harp", "celesta", "pizzicato"),
        lead=("grand piano", "violin", "flute", "clarinet", "cello"),
        keys=("grand piano", "celesta", "oboe"),
        alone=0.5,
    ),
    "gated": Bank(
        "the eighties: gated snares, digital bells, polyphonic brass",
        bass=("fm bass", "pulse bass", "saw bass"),
        pad=("brass section", "saw pad", "choir"),
        comp=("brass section", "tine piano", "supersaw"),
        arp=("saw pluck", "fm pluck", "bells"),
        lead=("saw lead", "saxophone", "trumpet"),
        keys=("tine piano", "bells"),
    ),
    "hands": Bank(
        "wood, skin and breath: hand drums, plucked strings, accordion",
        bass=("upright bass", "tuba", "organ bass"),
        pad=("accordion", "pipe organ", "dark choir"),
        comp=("nylon guitar", "steel guitar", "accordion"),
        arp=("kalimba", "marimba", "harp", "gamelan"),
        lead=("flute", "whistle", "violin", "oboe", "low singer"),
        keys=("marimba", "accordion", "kalimba"),
    ),
    "chip": Bank(
        "an old game console: pulses, triangles, noise",
        bass=("triangle bass", "pulse bass"),
        pad=("chip chord", "organ"),
        comp=("chip chord", "chip arp"),
        arp=("chip arp", "square pluck"),
        lead=("chip lead", "square lead"),
        keys=("chip arp", "chip lead"),
    ),
}
"""Every bank by name; its drums are ``drums.kits.KITS`` of the same name."""
