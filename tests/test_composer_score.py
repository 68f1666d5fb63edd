"""What is written: names and who may draw them, harmony, clocks, forms, tunes, scores."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.composer.arrange import arranged
from beatomizer.composer.banks import BANKS as BAND_OF
from beatomizer.composer.banks import ROLES
from beatomizer.composer.clock import METERS, Clock, phrasing, ticks
from beatomizer.composer.compose import written
from beatomizer.composer.desk import FADERS_DB
from beatomizer.composer.drums.effects import EFFECTS
from beatomizer.composer.drums.kits import BASE, COLOURS, KITS
from beatomizer.composer.forms import LONGEST_S, SHORTEST_S, laid_out
from beatomizer.composer.generators import BANKS, FORMS, STYLES, Generator, choose
from beatomizer.composer.grooves import GROOVES
from beatomizer.composer.melody import phrase, pushed
from beatomizer.composer.patterns import ARPS, BASS, COMP
from beatomizer.composer.players import halved, placed, spelled
from beatomizer.composer.score import Score
from beatomizer.composer.styles import STYLES as RECIPES
from beatomizer.composer.theory import MODES, Chord, Key, chord, progression, voiced, voicings
from beatomizer.composer.timbres import TIMBRES
from beatomizer.composer.tones.table import FAMILIES
from beatomizer.composer.truth import CLASSES
from beatomizer.errors import UsageError

SEEDS = st.integers(-(2**40), 2**63)


# --- who may be drawn ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [STYLES, FORMS, BANKS])
def test_about_a_fifth_is_held_out(table: dict[str, Generator]) -> None:
    share = np.mean([one.held_out for one in table.values()])
    assert 0.17 <= share <= 0.27


def drawn(
    seed: int, generators: str, style: str | None = None, form: str | None = None
) -> tuple[bool, bool, bool]:
    one = choose(np.random.default_rng(abs(seed)), style, form, None, generators)
    return STYLES[one.style].held_out, FORMS[one.form].held_out, BANKS[one.bank].held_out


@given(SEEDS)
def test_training_never_draws_what_is_held_out(seed: int) -> None:
    assert drawn(seed, generators="train") == (False, False, False)


@given(SEEDS)
def test_held_out_songs_are_new_in_bank_and_in_style_or_form(seed: int) -> None:
    style, form, bank = drawn(seed, generators="held-out")
    assert bank
    assert style or form


@given(SEEDS, st.sampled_from(list(STYLES)), st.sampled_from(list(FORMS)))
def test_a_wish_within_held_out_is_completed_or_refused(seed: int, style: str, form: str) -> None:
    assert any(drawn(seed, generators="held-out", style=style)[:2])
    assert any(drawn(seed, generators="held-out", form=form)[:2])
    if STYLES[style].held_out or FORMS[form].held_out:
        assert drawn(seed, generators="held-out", style=style, form=form)[2]
    else:
        with pytest.raises(UsageError, match="held out"):
            drawn(seed, generators="held-out", style=style, form=form)


def test_every_name_is_reachable() -> None:
    rng = np.random.default_rng(0)
    for mode, tables in (("all", (STYLES, FORMS, BANKS)),):
        found = [choose(rng, generators=mode) for _ in range(900)]
        for names, table in zip(
            zip(*((c.style, c.form, c.bank) for c in found), strict=True), tables, strict=True
        ):
            assert set(names) == set(table)
    trained = {choose(rng, generators="train").style for _ in range(400)}
    assert trained == {name for name, one in STYLES.items() if not one.held_out}


@pytest.mark.parametrize(
    ("wishes", "hint"),
    [
        ({"style": "gabber"}, "waltz"),
        ({"form": "sonata"}, "rondo"),
        ({"bank": "kazoo"}, "808"),
        ({"generators": "some"}, "held-out"),
        ({"style": "reggae", "generators": "train"}, "house"),
        ({"bank": "808", "generators": "held-out"}, "chip"),
    ],
)
def test_wishes_that_cannot_be_met(wishes: dict[str, str], hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        choose(np.random.default_rng(0), **wishes)


# --- the tables hold together ----------------------------------------------------------------------------------


def test_tables_name_only_what_exists() -> None:
    groups = {"kick", "snare", "hat", "perc"}
    for style in RECIPES.values():
        assert set(style.forms) <= set(FORMS)
        assert set(style.banks) <= set(BANKS)
        assert set(style.meters) <= set(METERS)
        assert set(style.players) <= groups | set(ROLES)
        assert set(style.bass) <= set(BASS)
        assert set(style.comp) <= set(COMP)
        assert set(style.arps) <= set(ARPS)
        for meter in style.meters:
            assert any(one.meter == meter for family in style.grooves for one in GROOVES[family])
        for mode, lines in style.harmony.items():
            assert all(progression(Key(0, mode), line) for line in lines)
        assert any(not BANKS[bank].held_out for bank in style.banks)
        assert any(not FORMS[form].held_out for form in style.forms)
    for bank in BAND_OF.values():
        assert all(set(getattr(bank, role)) <= set(TIMBRES) for role in ROLES)
    assert {recipe.family for recipe in TIMBRES.values()} == set(FAMILIES)
    assert set(KITS) == set(BAND_OF)
    assert set(COLOURS) <= set(KITS)
    assert all(set(kit) <= set(BASE) for kit in KITS.values())
    assert set(FADERS_DB) == set(BASE) | set(EFFECTS) | set(ROLES)
    assert {drum for drums in CLASSES.values() for drum in drums} == set(BASE)


@pytest.mark.parametrize("family", GROOVES)
def test_groove_rows_fill_bars_evenly(family: str) -> None:
    for groove in GROOVES[family]:
        meter = METERS[groove.meter]
        for drum, row in groove.rows.items():
            assert drum in BASE
            assert set(row) <= set("Xxo.|")
            assert all(len(line) % meter.beats == 0 for line in row.split("|"))


@pytest.mark.parametrize("table", [BASS, COMP, ARPS])
def test_pattern_rows_fill_bars_evenly(table: dict[str, dict[str, tuple[str, ...]]]) -> None:
    for lines in table.values():
        for meter, variants in lines.items():
            for row in variants:
                for line in row.split("|"):
                    assert len(line) in (
                        4 * METERS[meter].beats,
                        3 * METERS[meter].beats,
                        6 * METERS[meter].beats,
                        8 * METERS[meter].beats,
                    )
                sounding = list(spelled(row, 0, METERS[meter]))
                assert sounding
                assert all(length > 0 for _, length, _ in sounding)


def test_triplet_rows_become_swung_pairs() -> None:
    clock = Clock(tuple(float(beat) for beat in range(9)), swing=2 / 3)
    assert [placed(step, 12, METERS["4/4"]) for step in (0, 2, 3, 11)] == [0, 0.5, 1, 3.5]
    assert clock.time_s(placed(5, 12, METERS["4/4"])) == pytest.approx(1 + 2 / 3)
    assert clock.time_s(placed(1, 12, METERS["4/4"])) == pytest.approx(1 / 3)


# --- harmony ---------------------------------------------------------------------------------------------------


def test_roman_numerals() -> None:
    key = Key(9, "minor")
    names = [one.name for one in progression(key, "i bVI bVII V7 ii7 iim7b5 bIImaj7 i5 Vsus4")]
    assert names == ["Am", "F", "G", "E7", "Bm7", "Bm7b5", "A#maj7", "A5", "Esus4"]
    assert chord(Key(5, "major"), "IV").name == "Bb"
    assert chord(key, "i").classes == (9, 0, 4)
    assert key.name == "A minor"
    for wrong in ("x", "bix", "I42", ""):
        with pytest.raises(UsageError, match="chord"):
            chord(key, wrong)


@pytest.mark.parametrize("style", RECIPES)
def test_voices_lead_smoothly(style: str) -> None:
    for mode, lines in RECIPES[style].harmony.items():
        for line in lines:
            before: tuple[int, ...] = ()
            chords = progression(Key(4, mode), line)
            for one, now in zip(chords, voicings(chords, 52, 74), strict=True):
                assert sorted(pitch % 12 for pitch in now) == sorted(one.classes)
                assert 52 <= min(now) <= max(now) <= 74
                if before:
                    assert max(min(abs(pitch - old) for old in before) for pitch in now) <= 9
                before = now


@given(st.sampled_from(list(MODES)), st.integers(0, 11), SEEDS)
@settings(max_examples=40, deadline=None)
def test_accented_notes_of_a_tune_belong_to_the_chord(mode: str, tonic: int, seed: int) -> None:
    rng = np.random.default_rng(abs(seed))
    key = Key(tonic, mode)
    meter = METERS[str(rng.choice(list(METERS)))]
    chords = progression(key, "I V vi IV" if not key.minor else "i bVI bIII bVII")
    tune = phrase(key, chords, meter, 60, float(rng.uniform(0, 1)), rng)
    assert tune
    for start, length, pitch in tune:
        assert 0 <= start < 4 * meter.beats
        assert length > 0
        assert 57 <= pitch <= 78
        if start % 1 == 0:
            assert pitch % 12 in chords[int(start // meter.beats)].classes


def test_voicings_of_two_notes() -> None:
    assert voiced(Chord(9, (0, 7), "A5"), (), 45, 64) == voiced(Chord(9, (0, 7), "A5"), (), 45, 64)


# --- time ------------------------------------------------------------------------------------------------------


@given(SEEDS, st.floats(60, 180), st.floats(0, 0.05), st.integers(0, 8), st.floats(0.5, 0.67))
@settings(max_examples=60, deadline=None)
def test_clocks_run_forward(seed: int, bpm: float, drift: float, slowing: int, swing: float) -> None:
    made = ticks(np.ones(64), bpm, drift, slowing, np.random.default_rng(abs(seed)))
    clock = Clock(made, swing)
    at = np.arange(0, 64, 0.05)
    assert (np.diff(clock.times_s(at)) > 0).all()
    assert np.allclose(clock.times_s(np.arange(65.0)), made)
    assert 60 / clock.bpm == pytest.approx(60 / bpm, rel=3.2 * drift + 1e-9)
    if drift == 0 and slowing == 0:
        assert np.allclose(np.diff(made), 60 / bpm)
    if slowing > 1 and drift == 0:
        periods = np.diff(made)[-slowing:]
        assert (np.diff(periods) > 0).all()
        assert periods[-1] == pytest.approx(1.7 * 60 / bpm)


def test_swing_moves_only_what_is_between() -> None:
    clock = Clock(tuple(0.5 * beat for beat in range(9)), swing=0.6, pair=0.5)
    assert clock.times_s(np.array([0, 0.25, 0.5, 0.75, 1.0])) == pytest.approx([0, 0.15, 0.25, 0.4, 0.5])
    assert clock.time_s(10.0) == pytest.approx(5.0)


@given(st.sampled_from(list(FORMS)), st.floats(0.9, 4.0), SEEDS)
@settings(max_examples=80, deadline=None)
def test_forms_are_as_long_as_songs(form: str, bar_s: float, seed: int) -> None:
    sections = laid_out(form, bar_s, np.random.default_rng(abs(seed)))
    length_s = sum(section.bars * bar_s / section.tempo for section in sections)
    assert 0.9 * SHORTEST_S <= length_s <= 1.25 * LONGEST_S
    for section in sections:
        assert section.bars == int(section.bars) >= 1
        assert 0 <= min(section.energy, section.energy_end) <= max(section.energy, section.energy_end) <= 1
        assert section.rest < 4
    letters = Counter(section.repeat for section in sections)
    if form == "through-composed":
        assert max(letters.values()) == 1
    elif form in ("aaba", "rondo", "strophic", "verse-chorus", "blues"):
        assert max(letters.values()) >= 2
    if form == "build-drop":
        labels = [section.label for section in sections]
        assert labels[labels.index("drop") - 1] == "build"


# --- whole scores ----------------------------------------------------------------------------------------------


SCORES: list[Score] = []


def scores() -> list[Score]:
    """Two songs of every style, and some more."""
    if not SCORES:
        SCORES.extend(written(seed, style=style)[0] for style in RECIPES for seed in (1, 2))
        SCORES.extend(written(seed)[0] for seed in range(100, 112))
    return SCORES


def test_every_score_is_sound() -> None:
    for score in scores():
        beats = score.clock.beats
        assert 48 <= score.clock.bpm <= 218
        assert 44 <= score.end_s <= 155
        assert score.bars * score.meter.beats == beats
        assert score.parts[0].start == 0
        assert score.parts[-1].end == beats
        assert all(one.end == two.start for one, two in zip(score.parts, score.parts[1:], strict=False))
        for event in (*score.notes, *score.strokes):
            assert 0 <= event.start < beats
            assert 0 < event.velocity <= 1
            assert abs(event.late_s) < 0.05
            assert not any(start <= event.start < end for start, end in score.rests)
        assert all(24 <= note.pitch <= 110 for note in score.notes)
        assert {note.voice for note in score.notes} <= set(ROLES)
        assert {stroke.drum for stroke in score.strokes} <= set(BASE) | set(EFFECTS)
        assert len(score.notes) + len(score.strokes) > 40
        energies = score.energies()
        assert len(energies) == beats
        assert energies.min() >= 0
        assert energies.max() <= 1


def test_songs_differ() -> None:
    found = scores()
    assert {score.meter.name for score in found} == {"4/4", "3/4", "6/8"}
    bpm = [score.clock.bpm for score in found]
    assert min(bpm) < 70
    assert max(bpm) > 185
    assert np.std(bpm) > 20
    assert len({score.key for score in found}) >= 20
    assert len({score.title for score in found}) >= 30
    assert len({tuple(part.label for part in score.parts) for score in found}) >= 20
    assert any(score.clock.swing > 0.57 for score in found)
    assert any(score.rests for score in found)
    assert any(score.fade for score in found)
    assert any(not score.strokes for score in found) or min(len(score.strokes) for score in found) < 30
    assert any(score.drops for score in found)
    labels = {part.label for score in found for part in score.parts}
    assert {"intro", "verse", "chorus", "build", "drop", "break", "outro"} <= labels
    drums = {stroke.drum for score in found for stroke in score.strokes}
    assert {"riser", "impact", "reverse", "tom_low", "ride", "rim", "bass_drum", "crash"} <= drums


def test_enough_training_songs_are_fast_or_slow() -> None:
    bpm = np.array([written(seed, generators="train")[0].clock.bpm for seed in range(160)])
    assert np.mean(bpm > 150) >= 0.2
    assert np.mean(bpm > 170) >= 0.1
    assert np.mean(bpm < 70) >= 0.04


def test_drums_at_half_the_pace_lie_on_the_same_beats() -> None:
    row, meter = "X.....x.Xo..x...", METERS["4/4"]
    halves = [(4 * bar + at, letter) for bar in (0, 1) for at, _, letter in halved(row, bar, meter)]
    assert halves == [(2 * at, letter) for at, _, letter in spelled(row, 0, meter)]
    two = "X.......x.......|o.......X......."
    assert "".join(letter for bar in range(5) for *_, letter in halved(two, bar, meter)) == "XxoXX"


def test_some_choruses_go_half_as_fast() -> None:
    """Where they do, the backbeat comes half as often, over the same beats and to the same notes."""
    songs = (written(seed, style="punk", form="verse-chorus", bank="garage")[1] for seed in range(60))
    song = next(one for one in songs if one.material["B"].half and "snare" in one.players)
    assert not song.material["A"].half
    plain = {**song.material, "B": replace(song.material["B"], half=False)}
    half, full = (arranged(one, np.random.default_rng(3)) for one in (song, replace(song, material=plain)))
    assert half.parts == full.parts
    assert len(half.beats) == len(full.beats)

    def accents(score: Score, label: str) -> int:
        spans = [(part.start, part.end - 4) for part in score.parts if part.label == label]
        loud = [one.start for one in score.strokes if one.drum == "snare" and one.velocity > 0.6]
        return sum(start <= at < end for at in loud for start, end in spans)

    assert 0.35 < accents(half, "chorus") / accents(full, "chorus") < 0.7
    assert accents(half, "verse") == pytest.approx(accents(full, "verse"), rel=0.3)


@given(SEEDS, st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_pushed_notes_are_half_a_beat_early(seed: int, share: float) -> None:
    rng = np.random.default_rng(abs(seed))
    key, meter = Key(2, "major"), METERS["4/4"]
    tune = phrase(key, progression(key, "I V vi IV"), meter, 60, 0.6, rng)
    early = pushed(tune, 16.0, share, rng)
    assert early == tuple(sorted(early))
    for (start, length, _), after in zip(early, (*early[1:], (16.0, 0.0, 0)), strict=True):
        assert length > 0
        assert start + length <= after[0] + 1e-9
    written_at = {(start, pitch) for start, _, pitch in tune}
    assert all(
        (start, pitch) in written_at or ((start + 0.5) % 16, pitch) in written_at for start, _, pitch in early
    )
    assert pushed(tune, 16.0, 0.0, rng) == tune


def test_phrases_breathe() -> None:
    plain, deep = phrasing(32, 16, 0.0), phrasing(32, 16, 0.06)
    assert (plain == 1).all()
    assert deep[8] > deep[0] > deep[15] > deep[31]
    assert 0.8 < deep.min() < 0.95 < 1.02 < deep.max() < 1.06
    times = [written(seed, style="chamber", form="aaba")[0].clock.ticks_s for seed in range(6)]
    spread = [np.ptp(np.log(np.diff(one)[:-12])) for one in times]
    assert max(spread) > 0.15


def test_what_comes_early_belongs_to_the_next_bar() -> None:
    """A bass that anticipates plays the root of the bar to come, and is not there on its first beat."""
    score, _ = written(1, style="latin", form="strophic", bank="horns")
    roots = {one.start: one.name for one in score.harmony}
    basses = [note for note in score.notes if note.voice == "bass" and note.start % 4 == 3.5]
    assert len(basses) > 20
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    flats = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
    for note in basses:
        name = roots.get(note.start + 0.5)
        if name is not None and not any(part.start == note.start + 0.5 for part in score.parts):
            root = name[:2] if name[1:2] in ("#", "b") else name[:1]
            assert names[note.pitch % 12] == flats.get(root, root)


def test_machines_keep_time_and_people_drift() -> None:
    machine = np.diff(written(1, style="techno", form="layers")[0].clock.ticks_s)
    band = np.diff(written(1, style="waltz", form="aaba")[0].clock.ticks_s)
    assert np.ptp(machine) < 1e-9
    assert np.ptp(band) / np.median(band) > 0.02
    assert not any(stroke.late_s for stroke in written(1, style="techno")[0].strokes)
    assert np.std([stroke.late_s for stroke in written(1, style="rock")[0].strokes]) > 0.002


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_the_same_seed_writes_the_same_score(seed: int) -> None:
    assert written(seed)[0] == written(seed)[0]
