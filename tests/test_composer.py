"""The composer: its songs are as long, as loud, as clean and as truthful to their score as they should be."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.composer.arrange import arranged, ideas
from beatomizer.composer.compose import Composition, compose
from beatomizer.composer.drums import DRUMS
from beatomizer.composer.effects import convolved, ducking, echoes, limited, loudness_lufs
from beatomizer.composer.mix import CEILING, CHANNELS, TARGET_LUFS
from beatomizer.composer.score import Score
from beatomizer.composer.song_file import write_song
from beatomizer.composer.synth import RATE, filtered, hertz, oscillator, wavetables
from beatomizer.composer.theory import PROGRESSIONS, Key, progression, voiced
from beatomizer.composer.voices import VOICES
from beatomizer.errors import UsageError


@pytest.fixture(scope="module")
def song() -> Composition:
    return compose(0)


@pytest.fixture(scope="module")
def other_song() -> Composition:
    return compose(1)


def written(seed: int) -> Score:
    return arranged(ideas(np.random.default_rng(seed)))


def part_of(song: Composition, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The sound of one section, ``[2, n]``."""
    part = next(part for part in song.score.parts if part.name == name)
    return song.samples[round(part.start_s * RATE) : round(part.end_s * RATE)].T


# --- the sound -------------------------------------------------------------------------------------------------


def test_shape_and_length(song: Composition) -> None:
    assert song.sample_rate == 48_000
    assert song.samples.dtype == np.float32
    assert song.samples.ndim == 2
    assert song.samples.shape[1] == 2
    assert 55 <= len(song.samples) / RATE <= 70


def test_same_seed_same_bytes(song: Composition) -> None:
    again = compose(0)
    assert again.score == song.score
    assert again.samples.tobytes() == song.samples.tobytes()


def test_other_seed_other_song(song: Composition, other_song: Composition) -> None:
    one, other = song.score, other_song.score
    assert (one.bpm, one.key, one.harmony) != (other.bpm, other.key, other.harmony)
    count = min(len(song.samples), len(other_song.samples))
    likeness = np.corrcoef(song.samples[:count, 0], other_song.samples[:count, 0])[0, 1]
    assert abs(likeness) < 0.3


@pytest.mark.parametrize("name", ["song", "other_song"])
class TestMaster:
    """What a listener would complain about."""

    @pytest.fixture
    def heard(self, name: str, request: pytest.FixtureRequest) -> Composition:
        composition: Composition = request.getfixturevalue(name)
        return composition

    def test_finite_and_unclipped(self, heard: Composition) -> None:
        assert np.isfinite(heard.samples).all()
        assert 0.5 < np.abs(heard.samples).max() <= CEILING + 1e-4
        assert np.abs(heard.samples.mean(axis=0)).max() < 0.003

    def test_loudness(self, heard: Composition) -> None:
        assert loudness_lufs(heard.samples.T) == pytest.approx(TARGET_LUFS, abs=0.5)

    def test_drop_rises_above_the_break(self, heard: Composition) -> None:
        assert loudness_lufs(part_of(heard, "drop")) - loudness_lufs(part_of(heard, "break")) >= 4
        assert loudness_lufs(part_of(heard, "drop")) - loudness_lufs(part_of(heard, "groove")) >= 1

    def test_gap_is_a_hole(self, heard: Composition) -> None:
        score = heard.score
        start, end = (round(score.time_s(beat) * RATE) for beat in score.gap)
        inside = np.sqrt((heard.samples[start + RATE // 20 : end - 100] ** 2).mean())
        before = np.sqrt((heard.samples[start - RATE // 2 : start] ** 2).mean())
        after = np.sqrt((heard.samples[end : end + RATE // 2] ** 2).mean())
        assert inside < 0.1 * min(before, after)

    def test_no_silence_at_either_end_and_no_cut(self, heard: Composition) -> None:
        loud = np.flatnonzero(np.abs(heard.samples).max(axis=1) > 0.003)
        assert loud[0] < RATE
        assert len(heard.samples) - loud[-1] < RATE
        assert np.abs(heard.samples[-50:]).max() < 1e-3

    def test_stereo_but_whole_in_mono(self, heard: Composition) -> None:
        likeness = np.corrcoef(heard.samples.T)[0, 1]
        assert 0.5 < likeness < 0.97

    def test_spectrum_falls_as_music_does(self, heard: Composition) -> None:
        """No octave from 44 Hz to 11 kHz dominates or is missing; bands of real dance tracks lie within these."""
        middle = heard.samples[: 1 << 21].mean(axis=1)
        power = (np.abs(np.fft.rfft(middle)) ** 2).astype(np.float64)
        hz = np.fft.rfftfreq(len(middle), 1 / RATE)
        shares = [
            10 * np.log10(power[(hz >= low) & (hz < 2 * low)].sum() / power.sum())
            for low in (31, 62, 125, 250, 500, 1000, 2000, 4000, 8000)
        ]
        lowest = (-12, -10, -16, -18, -19, -24, -27, -27, -28)
        highest = (-1, -2, -5, -6, -6, -11, -15, -15, -15)
        wrong = [
            share
            for low, share, high in zip(lowest, shares, highest, strict=True)
            if not low <= share <= high
        ]
        assert not wrong

    def test_kicks_sound_where_the_score_says(self, heard: Composition) -> None:
        """The bottom octaves swell within 80 ms after the kicks of the groove, not before."""
        low = np.abs(filtered(heard.samples.mean(axis=1), 0.0, 110.0, order=4))
        groove = next(part for part in heard.score.parts if part.name == "groove")
        for stroke in heard.score.strokes:
            at_s = heard.score.time_s(stroke.start)
            if stroke.drum == "kick" and groove.start_s < at_s < groove.end_s and stroke.start % 1 == 0:
                at = round(at_s * RATE)
                assert low[at : at + 3840].max() > 0.25
        beats = np.array(heard.score.beats)
        inside = np.round(beats[(beats > groove.start_s) & (beats < groove.end_s)] * RATE).astype(int)
        after = np.mean([low[at : at + 2400].mean() for at in inside])
        before = np.mean([low[at - 2400 : at].mean() for at in inside])
        assert after > 1.5 * before

    def test_no_clicks_where_nothing_strikes(self, heard: Composition) -> None:
        """Between the crash and the riser the break has only soft voices: no jump from sample to sample."""
        part = next(part for part in heard.score.parts if part.name == "break")
        bar = heard.score.time_s(4)
        start, end = (round(s * RATE) for s in (part.start_s + 1.5 * bar, part.end_s - 0.6 * bar))
        assert np.abs(np.diff(heard.samples[start:end], axis=0)).max() < 0.15


# --- the score -------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**63))
@settings(max_examples=40, deadline=None)
def test_every_score_is_sound(seed: int) -> None:
    score = written(seed)
    assert 118 <= score.bpm <= 126
    assert np.allclose(np.diff(score.beats), 60 / score.bpm, atol=1e-9)
    assert score.beats[0] == 0
    assert score.downbeats == score.beats[::4]
    assert [part.name for part in score.parts] == ["intro", "groove", "break", "build", "drop", "outro"]
    assert score.parts[0].start_s == 0
    assert all(one.end_s == two.start_s for one, two in zip(score.parts, score.parts[1:], strict=False))
    assert score.parts[-1].end_s == pytest.approx(score.time_s(4 * score.bars))
    assert 55 <= score.parts[-1].end_s <= 70
    assert score.drop_s == score.parts[4].start_s == score.time_s(score.gap[1])
    assert min(abs(score.drop_s - beat) for beat in score.downbeats) < 1e-9
    for event in (*score.notes, *score.strokes):
        assert 0 <= event.start < 4 * score.bars
        assert not score.gap[0] <= event.start < score.gap[1]
        assert 0 < event.velocity <= 1
    assert {note.voice for note in score.notes} == set(VOICES)
    assert {stroke.drum for stroke in score.strokes} == set(DRUMS)
    assert all(24 <= note.pitch <= 100 for note in score.notes)


@given(st.integers(0, 2**63))
@settings(max_examples=40, deadline=None)
def test_accented_notes_of_the_tune_belong_to_the_chord(seed: int) -> None:
    score = written(seed)
    sung = [note for note in score.notes if note.voice == "lead"]
    assert sung
    for note in sung:
        if note.start % 1 == 0:
            chord = next(c for c in score.harmony if c.start <= note.start < c.start + c.length)
            assert note.pitch % 12 in {pitch % 12 for pitch in chord.pitches}


def test_seeds_give_different_songs() -> None:
    scores = [written(seed) for seed in range(30)]
    assert len({score.key for score in scores}) >= 12
    assert len({score.bpm for score in scores}) >= 6
    assert len({tuple(chord.name for chord in score.harmony) for score in scores}) >= 20
    tunes = {
        tuple((note.start, note.pitch) for note in score.notes if note.voice == "lead") for score in scores
    }
    assert len(tunes) == 30


@pytest.mark.parametrize("minor", [True, False])
@pytest.mark.parametrize("tonic", range(12))
def test_voices_lead_smoothly(tonic: int, minor: bool) -> None:
    for degrees in PROGRESSIONS[minor]:
        before: tuple[int, ...] = ()
        for chord in progression(Key(tonic, minor), degrees):
            now = voiced(chord, before, 53, 74)
            assert sorted(pitch % 12 for pitch in now) == sorted(chord.classes)
            assert 53 <= min(now) < max(now) <= 74
            if before:
                assert max(abs(one - two) for one, two in zip(before, now, strict=True)) <= 7
            before = now


def test_chord_names() -> None:
    names = [chord.name for chord in progression(Key(9, True), range(7))]
    assert names == ["Am7", "Bdim7", "Cmaj7", "Dm7", "Em7", "Fmaj7", "Gadd9"]
    assert progression(Key(10, True), (2,))[0].name == "Dbmaj7"
    assert Key(8, True).name == "G# minor"


def test_every_voice_and_drum_has_a_strip() -> None:
    assert set(CHANNELS) == set(VOICES) | set(DRUMS)


# --- the materials ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["saw", "square", "triangle", "hollow"])
def test_oscillators_do_not_alias(shape: str) -> None:
    """Of a high note, all that is not a harmonic lies 60 dB below the note."""
    count, pitch = RATE, 93
    cycles = np.arange(count) * hertz(pitch) / RATE
    wave = oscillator(wavetables(shape, pitch), cycles, np.ones(count))
    power = np.abs(np.fft.rfft(wave * np.hanning(count))) ** 2
    harmonic = np.zeros(len(power), dtype=bool)
    for number in range(1, int(24_000 / hertz(pitch)) + 1):
        harmonic[int(number * hertz(pitch)) - 6 : int(number * hertz(pitch)) + 8] = True
    assert power[~harmonic].sum() < 1e-6 * power[harmonic].sum()


def test_brightness_opens_the_sound() -> None:
    cycles = np.arange(RATE // 4) * hertz(45) / RATE

    def high_share(brightness: float) -> float:
        wave = oscillator(wavetables("saw", 45), cycles, np.full(len(cycles), brightness))
        return float((filtered(wave, 2000, np.inf) ** 2).sum() / (wave**2).sum())

    shares = [high_share(brightness) for brightness in (0.0, 0.3, 0.6, 1.0)]
    assert shares == sorted(shares)
    assert shares[3] > 50 * shares[0]


@given(st.integers(0, 2**32), st.floats(0.1, 40.0), st.integers(1, 5000))
@settings(max_examples=50, deadline=None)
def test_limiter_never_lets_a_sample_past(seed: int, gain: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    wave = (rng.standard_normal((2, count)) * gain * (rng.random(count) < 0.05)).astype(np.float32)
    assert np.abs(limited(wave, 0.9)).max() <= 0.9 * (1 + 1e-5)


def test_limiter_leaves_quiet_sound_alone() -> None:
    wave = (np.random.default_rng(0).uniform(-0.8, 0.8, (2, 5000))).astype(np.float32)
    assert np.array_equal(limited(wave, 0.9), wave)


@pytest.mark.parametrize(("level", "lufs"), [(1.0, 0.0), (0.1, -20.0)])
def test_loudness_of_the_standard_sine(level: float, lufs: float) -> None:
    """BS.1770: a 997 Hz sine at full scale on one channel reads −3.01, on two 0.00."""
    sine = (level * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)).astype(np.float32)
    assert loudness_lufs(np.stack([sine, sine])) == pytest.approx(lufs, abs=0.05)
    assert loudness_lufs(np.stack([sine, 0 * sine])) == pytest.approx(lufs - 3.01, abs=0.05)


def test_loudness_gates_silence() -> None:
    sine = (0.1 * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)).astype(np.float32)
    padded = np.concatenate([sine, np.zeros(20 * RATE, dtype=np.float32)])
    assert loudness_lufs(np.stack([padded, padded])) == pytest.approx(-20.0, abs=0.4)
    assert loudness_lufs(np.zeros((2, RATE), dtype=np.float32)) == -70.0


def test_convolution_in_blocks_is_convolution() -> None:
    rng = np.random.default_rng(3)
    wave = rng.standard_normal(400_000).astype(np.float32)
    answer = np.zeros((2, 90_000), dtype=np.float32)
    answer[0, 7], answer[1, 89_999], answer[1, 0] = 1.0, 0.5, -1.0
    room = convolved(wave, answer)
    assert np.allclose(room[0, 7:], wave[:-7], atol=1e-4)
    expected = -wave
    expected[89_999:] += 0.5 * wave[:-89_999]
    assert np.allclose(room[1], expected, atol=1e-4)


def test_echoes_change_sides() -> None:
    wave = np.zeros((2, RATE), dtype=np.float32)
    wave[:, 0] = 1.0
    out = echoes(wave, 0.25, 0.5, 5)
    assert [tuple(out[:, round(0.25 * n * RATE)]) for n in range(4)] == [
        (0, 0),
        (0.5, 0),
        (0, 0.25),
        (0.125, 0),
    ]


def test_ducking_steps_aside_and_returns() -> None:
    gain = ducking(RATE, np.array([10_000.0]), depth=0.8, recovery_s=0.3)
    assert np.all(gain[:10_000] == 1)
    assert gain[10_300] == pytest.approx(0.2, abs=0.05)
    assert gain[10_000 + round(0.3 * RATE) + 10] == pytest.approx(1.0)
    assert np.abs(np.diff(gain)).max() < 0.02


# --- the file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".m4a"])
def test_song_file_is_tagged_and_whole(suffix: str, song: Composition, tmp_path: Path) -> None:
    short = Composition(song.samples[: 3 * RATE + 17], RATE, "Süße Lichter", song.score)
    path = tmp_path / f"song{suffix}"
    write_song(short, path)
    with av.open(str(path)) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate, channels = container.streams.audio[0].rate, container.streams.audio[0].channels
    assert (tags["title"], tags["artist"]) == ("Süße Lichter", "Beatomizer")
    assert (rate, channels) == (RATE, 2)
    if suffix == ".m4a":
        assert sum(block.shape[1] for block in blocks) == pytest.approx(len(short.samples), abs=2048)
        return
    decoded = np.concatenate([block.reshape(-1, 2) for block in blocks]) / 32767
    assert decoded.shape == short.samples.shape
    assert np.abs(decoded - short.samples).max() < 1e-4


def test_song_file_of_an_unknown_kind(song: Composition, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.flac"):
        write_song(song, tmp_path / "song.xyz")
    assert not list(tmp_path.iterdir())
