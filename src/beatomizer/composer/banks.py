"""Timbre banks: a drum kit of the same name and, for every role of a band, the instruments that may play it."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from beatomizer.composer.tones.recipe import Recipe

R = Recipe

TIMBRES: dict[str, Recipe] = {
    # basses
    "saw bass": R("wave", "saw", bright=-0.05, sweep=0.3, sweep_s=0.12, decay_s=2.0, drive=0.5),
    "square bass": R("wave", "square", bright=-0.1, sweep=0.25, decay_s=2.0),
    "acid bass": R(
        "wave", "saw", bright=-0.2, sweep=0.55, sweep_s=0.09, ring=3.5, decay_s=1.2, sustain=0.4, drive=1.0,
    ),
    "reese": R("wave", "saw", copies=2, detune=22, bright=-0.05, sweep=0.1, sweep_s=0.5, sustain=0.95, drive=1.5),
    "sub bass": R("sub", drive=0.3, decay_s=4.0, sustain=0.8, attack_s=0.008),
    "808 bass": R("sub", drive=1.5, decay_s=2.2, sustain=0.0, sweep=1.2, ring_s=1.5),
    "fm bass": R("fm", ratio=1.0, index=2.4, sweep_s=0.06, decay_s=2.0, sustain=0.5),
    "hard fm bass": R("fm", ratio=2.0, index=4.0, sweep_s=0.1, decay_s=2.0, sustain=0.7, drive=2.0),
    "finger bass": R("string", decay_s=3.0, sustain=1.0, bright=-0.15, ring=0.05, release_s=0.06),
    "pick bass": R("string", decay_s=4.0, sustain=1.0, bright=0.15, ring=0.25, drive=0.6, release_s=0.05),
    "upright bass": R("string", decay_s=1.6, sustain=1.0, bright=-0.3, ring=0.02, release_s=0.12),
    "low strings": R("wide", "bowed", attack_s=0.05, sustain=1.0, bright=-0.05, detune=9, release_s=0.2),
    "tuba": R("wave", "brass", attack_s=0.03, bright=-0.05, sweep=-0.25, sweep_s=0.05, sustain=0.8),
    "organ bass": R("wave", "pipes", attack_s=0.02, sustain=1.0, bright=0.0),
    "pulse bass": R("wave", "pulse25", sustain=1.0, sweep=0.0, bright=0.2),
    "triangle bass": R("wave", "triangle", sustain=1.0, sweep=0.0, bright=0.1),
    # pads
    "saw pad": R("wide", "saw", attack_s=0.12, sustain=1.0, detune=12, release_s=0.5),
    "slow pad": R("wide", "hollow", attack_s=0.7, sustain=1.0, detune=9, release_s=1.2, bright=0.05),
    "strings": R("wide", "bowed", attack_s=0.14, sustain=1.0, detune=13, release_s=0.4, bright=0.05),
    "choir": R("wide", "choir a", attack_s=0.18, sustain=1.0, detune=16, release_s=0.5, bright=0.2),
    "dark choir": R("wide", "choir u", attack_s=0.3, sustain=1.0, detune=14, release_s=0.7, bright=0.2),
    "glass pad": R("wide", "soft", octave=1, attack_s=0.5, sustain=1.0, detune=6, release_s=1.0),
    "organ": R("wave", "full organ", attack_s=0.01, sustain=1.0, bright=0.2, tremolo=0.15, copies=3, detune=3),
    "jazz organ": R("wave", "jazz organ", attack_s=0.008, sustain=1.0, bright=0.2, tremolo=0.3, drive=0.8),
    "pipe organ": R("wave", "pipes", attack_s=0.04, sustain=1.0, bright=0.3, copies=3, detune=2, release_s=0.3),
    "brass section": R("wide", "brass", attack_s=0.06, sustain=0.9, detune=8, bright=0.1, release_s=0.15),
    "accordion": R("wave", "reed", attack_s=0.03, sustain=1.0, copies=3, detune=11, bright=0.3),
    # chords
    "saw stab": R("wave", "saw", copies=3, decay_s=0.9, sustain=0.2, sweep=0.2, sweep_s=0.1, detune=10),
    "supersaw": R("wide", "saw", attack_s=0.005, decay_s=2.5, sustain=0.5, detune=24, bright=0.15, release_s=0.15),
    "hollow stab": R("wave", "hollow", copies=3, decay_s=0.7, sustain=0.1, sweep=0.3, sweep_s=0.08),
    "e-piano": R("fm", ratio=1.0, index=1.4, sweep_s=0.25, decay_s=3.0, sustain=0.1, tremolo=0.2, release_s=0.2),
    "tine piano": R("fm", ratio=14.0, index=0.5, sweep_s=0.06, decay_s=3.0, sustain=0.1, release_s=0.2),
    "piano": R(
        "wave", "hammer", copies=3, detune=1.5, decay_s=4.0, sustain=0.0, sweep=0.2, sweep_s=0.35, bright=0.1,
        release_s=0.2,
    ),
    "felt piano": R(
        "wave", "hammer", copies=2, detune=1.2, attack_s=0.012, decay_s=3.0, sustain=0.0, bright=-0.15,
        sweep=0.1, release_s=0.3,
    ),
    "clean guitar": R("string", decay_s=3.0, sustain=1.0, bright=0.1, ring=0.4, release_s=0.08),
    "steel guitar": R("string", decay_s=5.0, sustain=1.0, bright=0.3, ring=1.0, release_s=0.2),
    "nylon guitar": R("string", decay_s=2.2, sustain=1.0, bright=-0.1, ring=0.25, release_s=0.15),
    "driven guitar": R("string", octave=0, decay_s=5.0, sustain=1.0, bright=0.1, ring=0.4, drive=9.0, release_s=0.05),
    "clavinet": R("string", decay_s=1.0, sustain=1.0, bright=0.4, ring=0.8, drive=1.0, release_s=0.03),
    "harp": R("string", octave=1, decay_s=3.0, sustain=1.0, bright=-0.05, ring=0.3, ring_s=1.2),
    "chip chord": R("wave", "pulse25", decay_s=0.8, sustain=0.3, sweep=0.0, bright=0.3),
    # plucks, bells and arpeggios
    "square pluck": R("wave", "square", decay_s=0.7, sustain=0.0, ring_s=0.5, sweep=0.4, sweep_s=0.08, bright=-0.05),
    "saw pluck": R(
        "wave", "saw", decay_s=0.8, sustain=0.0, ring_s=0.55, sweep=0.45, sweep_s=0.06, ring=1.5, bright=-0.1,
    ),
    "fm bell": R("fm", ratio=3.5, index=1.8, sweep_s=0.12, decay_s=1.6, sustain=0.0, ring_s=1.3),
    "fm pluck": R("fm", ratio=2.0, index=2.2, sweep_s=0.04, decay_s=0.9, sustain=0.0, ring_s=0.7),
    "marimba": R("bar", "marimba", decay_s=0.9, sustain=1.0, ring_s=0.7),
    "vibraphone": R("bar", "vibraphone", decay_s=4.0, sustain=1.0, ring_s=1.6, tremolo=0.35),
    "kalimba": R("bar", "kalimba", decay_s=1.2, sustain=1.0, ring_s=0.9),
    "glockenspiel": R("bar", "glockenspiel", octave=1, decay_s=2.0, sustain=1.0, ring_s=1.2),
    "bells": R("bar", "bell", decay_s=4.0, sustain=1.0, ring_s=2.0),
    "gamelan": R("bar", "gamelan", decay_s=2.5, sustain=1.0, ring_s=1.4),
    "glass": R("bar", "glass", octave=1, decay_s=2.0, sustain=1.0, ring_s=1.2),
    "pizzicato": R("string", decay_s=0.5, sustain=1.0, bright=-0.15, ring=0.1, ring_s=0.45),
    "chip arp": R("wave", "pulse12", decay_s=0.5, sustain=0.0, ring_s=0.3, sweep=0.0, bright=0.4),
    # leads
    "saw lead": R("wave", "saw", copies=3, detune=6, vibrato=0.3, attack_s=0.01, sustain=0.8, sweep=0.15),
    "square lead": R("wave", "square", vibrato=0.25, attack_s=0.008, sustain=0.9, sweep=0.1),
    "hard lead": R("wide", "saw", attack_s=0.006, detune=20, sustain=0.85, bright=0.25, drive=1.5, release_s=0.12),
    "singer": R("voice", vibrato=0.45, attack_s=0.04, sustain=0.85, breath=0.5, release_s=0.12),
    "low singer": R("voice", octave=-1, vibrato=0.35, attack_s=0.05, sustain=0.9, breath=0.7, release_s=0.12),
    "trumpet": R("wave", "brass", vibrato=0.25, attack_s=0.025, sweep=-0.3, sweep_s=0.05, sustain=0.85, bright=0.2),
    "muted trumpet": R("wave", "pulse12", vibrato=0.3, attack_s=0.02, sweep=-0.1, sustain=0.8, bright=0.0, ring=2.0),
    "saxophone": R(
        "wave", "reed", octave=-1, vibrato=0.35, attack_s=0.03, sweep=-0.15, sustain=0.9, drive=0.7,
        bright=0.25,
    ),
    "flute": R("breath", "soft", vibrato=0.25, attack_s=0.05, sustain=0.95, breath=0.05, bright=0.3),
    "whistle": R("breath", "sine", octave=1, vibrato=0.35, attack_s=0.03, sustain=0.95, breath=0.04, bright=0.3),
    "violin": R("wave", "bowed", copies=3, detune=4, vibrato=0.4, attack_s=0.06, sustain=1.0, bright=0.25),
    "oboe": R("wave", "reed", vibrato=0.25, attack_s=0.03, sustain=1.0, bright=0.2),
    "driven lead": R("string", octave=0, decay_s=8.0, sustain=1.0, bright=0.3, ring=0.8, drive=12.0, release_s=0.06),
    "fm lead": R("fm", ratio=2.0, index=1.5, vibrato=0.3, sweep_s=0.3, sustain=0.8, attack_s=0.01),
    "chip lead": R("wave", "square", vibrato=0.4, attack_s=0.002, sustain=0.8, sweep=0.0, bright=0.5, release_s=0.02),
}  # fmt: skip
"""Every instrument by name."""

ROLES = ("bass", "pad", "comp", "arp", "lead", "keys")
"""Who plays in a band; ``keys`` answers the lead."""


@dataclass(frozen=True)
class Bank:
    """The instruments of a bank.

    Attributes:
        about: what it sounds like.
        bass, pad, comp, arp, lead, keys: names in ``TIMBRES``, one is drawn a song.
        hiss: level of the noise under everything, as of tape and vinyl, 0..1.
    """

    about: str
    bass: tuple[str, ...]
    pad: tuple[str, ...]
    comp: tuple[str, ...]
    arp: tuple[str, ...]
    lead: tuple[str, ...]
    keys: tuple[str, ...]
    hiss: float = 0.0

    def drawn(self, rng: np.random.Generator) -> dict[str, Recipe]:
        """One song's band: an instrument for each role, each set up a little differently."""
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
