"""A song's file → ``Audio``: every format, exact length, exact level, one timeline for light and sound."""

import math
import shutil
import subprocess
import sys
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.audio.audio import Audio
from beatomizer.audio.blocks import Findings
from beatomizer.audio.load import load_audio, mono_blocks
from beatomizer.audio.stereo import stereo_blocks
from beatomizer.errors import NoUsableAudioError, ResourceLimitError, UnreadableInputError
from beatomizer.timebase import SAMPLE_RATE
from scripts.bad_material import Sound, caf, encoded, float_wav, id3, pcm, tone, wav
from scripts.healthy_files import RECIPES, good

MUSIC = Path(__file__).parents[2] / "shared" / "music"


def saved(folder: Path, data: bytes, name: str = "song.wav") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def stereo_of(path: Path, sample_rate: int = 48_000) -> np.ndarray:
    return np.concatenate(list(stereo_blocks(path, sample_rate)))


def reference(sound: Sound, rate: int) -> np.ndarray:
    """The plain way: mean of the channels, resampled in one piece."""
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE))


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    n = min(len(one), len(other))
    return float(one[:n] @ other[:n] / np.sqrt((one[:n] @ one[:n]) * (other[:n] @ other[:n])))


# Coders whose container has no word for the silence they put around the song: (before, after) in seconds at most.
UNTRIMMED = {"song.aac", "song.ac3", "film.ts", "film.flv", "film.avi", "song_pieces.m4a"}
VORBIS_TAIL_S = 0.003


@pytest.mark.parametrize("name", RECIPES)
def test_every_format_keeps_length_and_wave(name: str, tmp_path: Path) -> None:
    audio = load_audio(saved(tmp_path, good(name), name))
    rate = RECIPES[name][2].get("rate", 44_100)
    expected = reference(tone(2.0, rate), rate)
    assert audio.samples.dtype == np.float32
    assert audio.warnings == ()
    if name in UNTRIMMED:
        assert 0 <= audio.duration_s - 2.0 <= 0.05
    elif name == "song.ogg":
        assert 0 <= audio.duration_s - 2.0 <= VORBIS_TAIL_S
    else:
        assert len(audio.samples) == 2 * SAMPLE_RATE
        assert similarity(audio.samples, expected) > 0.98


@pytest.mark.parametrize("kind", ["u1", "i2", "i3", "i4", "f4", "f8"])
def test_every_sample_type_has_the_same_level(kind: str, tmp_path: Path) -> None:
    bits = 8 * int(kind[1])
    tag = 3 if kind[0] == "f" else 1
    audio = load_audio(saved(tmp_path, wav(pcm(tone(), kind), tag=tag, bits=bits)))
    assert np.abs(audio.samples - reference(tone(), 44_100)).max() < (0.01 if kind == "u1" else 1e-4)


def test_full_scale_stereo_comes_back_at_one(tmp_path: Path) -> None:
    time_s = np.arange(48_000) / 48_000
    sine = np.repeat(np.sin(2 * np.pi * 300 * time_s)[:, None], 2, axis=1)
    audio = load_audio(saved(tmp_path, float_wav(sine)))  # its header says 44.1 kHz; a sine is a sine
    middle = audio.samples[2_000:-2_000]
    assert abs(middle).max() == pytest.approx(1.0, abs=1e-3)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(np.sqrt(0.5), abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(4_000, 30_000),
    rate=st.sampled_from([8_000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000]),
    channels=st.integers(1, 3),
)
def test_length_is_exact_for_mono_and_stereo(
    n: int, rate: int, channels: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sound = tone(n / rate, rate, channels)
    path = saved(tmp_path_factory.mktemp("n"), wav(pcm(sound, "i2"), rate=rate, channels=channels))
    expected = math.ceil(Fraction(n * SAMPLE_RATE, rate))
    if n < rate / 2:
        with pytest.raises(NoUsableAudioError, match="ms of sound"):
            load_audio(path)
        return
    assert len(load_audio(path).samples) == expected
    assert len(stereo_of(path, 48_000)) == 2 * expected
    assert len(stereo_of(path, 44_100)) == math.ceil(Fraction(expected * 44_100, SAMPLE_RATE))


def test_blocks_are_the_song_in_pieces(tmp_path: Path) -> None:
    path = saved(tmp_path, good("song.mp3"), "song.mp3")
    findings = Findings()
    blocks = list(mono_blocks(path, findings=findings))
    assert np.array_equal(np.concatenate(blocks), load_audio(path).samples)
    assert findings.title == "song"


def test_mono_is_the_mean_of_the_stereo(tmp_path: Path) -> None:
    sound = tone(1.0, 24_000, 2) * [1.0, -0.4]
    path = saved(tmp_path, wav(pcm(sound, "i2"), rate=24_000))
    stereo = stereo_of(path, 24_000)
    assert np.allclose(stereo, sound, atol=1e-4)
    assert np.allclose(stereo.mean(axis=1), load_audio(path).samples, atol=1e-6)


def test_mono_is_on_both_sides(tmp_path: Path) -> None:
    stereo = stereo_of(saved(tmp_path, wav(pcm(tone(channels=1), "i2"), channels=1)))
    assert np.array_equal(stereo[:, 0], stereo[:, 1])
    assert abs(stereo).max() > 0.4


def test_surround_keeps_its_sides_and_its_level(tmp_path: Path) -> None:
    left_only = tone(channels=6) * [1, 0, 0, 0, 1, 0]  # FL FR FC LFE BL BR
    stereo = stereo_of(saved(tmp_path, wav(pcm(left_only, "i2"), channels=6, mask=0x3F)))
    assert abs(stereo[:, 1]).max() < 1e-3
    assert 0.2 < abs(stereo[:, 0]).max() <= 0.5


def test_offset_and_level_are_mended_alike_in_mono_and_stereo(tmp_path: Path) -> None:
    path = saved(tmp_path, float_wav((tone() + 0.2) * 1000))
    audio, stereo = load_audio(path), stereo_of(path, SAMPLE_RATE)
    assert abs(audio.samples.mean()) < 0.01
    assert 0.5 < abs(audio.samples).max() <= 1.0
    assert np.allclose(stereo.mean(axis=1), audio.samples, atol=1e-5)
    assert len(audio.warnings) == 2


def test_one_rogue_sample_does_not_hide_the_song(tmp_path: Path) -> None:
    sound = tone()
    sound[7_000] = 1e30
    audio = load_audio(saved(tmp_path, float_wav(sound)))
    assert similarity(audio.samples, reference(tone(), 44_100)) > 0.99


def test_no_numbers_become_silence_and_are_told(tmp_path: Path) -> None:
    sound = tone()
    sound[10_000:11_000] = np.nan
    audio = load_audio(saved(tmp_path, float_wav(sound)))
    assert np.isfinite(audio.samples).all()
    assert "1000 samples" in audio.warnings[0]


def test_sides_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    audio = load_audio(saved(tmp_path, wav(pcm(tone() * [1, -1], "i2"))))
    assert abs(audio.samples).max() > 0.4
    assert "cancel" in audio.warnings[0]


def test_silence_is_a_song(tmp_path: Path) -> None:
    audio = load_audio(saved(tmp_path, wav(bytes(176_400))))
    assert not audio.samples.any()
    assert audio.warnings == ("the song is silent",)


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
@pytest.mark.parametrize("picture_codec", ["mpeg4", "libx264"])
def test_sound_that_starts_late_starts_late(container: str, picture_codec: str, tmp_path: Path) -> None:
    late = encoded(container, "aac", pictures_s=range(8), starts_s=(5.0,), picture_codec=picture_codec)
    path = saved(tmp_path, late, "film")
    audio = load_audio(path)
    begin_s = np.flatnonzero(abs(audio.samples) > 0.05)[0] / SAMPLE_RATE
    assert begin_s == pytest.approx(5.0, abs=0.03)  # MPEG-TS cannot say that AAC begins 23 ms early
    assert not audio.warnings
    assert len(stereo_of(path)) == 2 * len(audio.samples)


def test_pictures_that_start_late_do_not_move_the_sound(tmp_path: Path) -> None:
    audio = load_audio(saved(tmp_path, encoded("mp4", "aac", pictures_s=range(5, 8)), "film.mp4"))
    assert len(audio.samples) == 2 * SAMPLE_RATE
    assert np.flatnonzero(abs(audio.samples) > 0.05)[0] < 0.01 * SAMPLE_RATE


def test_a_hole_in_the_sound_is_silence(tmp_path: Path) -> None:
    audio = load_audio(saved(tmp_path, encoded("matroska", "pcm_s16le", starts_s=(0.0, 4.0)), "film.mkv"))
    assert audio.duration_s == pytest.approx(5.0, abs=0.002)
    assert not audio.samples[int(1.1 * SAMPLE_RATE) : int(3.9 * SAMPLE_RATE)].any()
    assert abs(audio.samples[int(4.0 * SAMPLE_RATE) :]).max() > 0.4
    assert audio.warnings == ("1 gap filled with silence",)


def test_the_default_track_is_heard(tmp_path: Path) -> None:
    out = BytesIO()
    with av.open(out, "w", format="matroska") as file:
        quiet, loud = (file.add_stream("pcm_s16le", rate=44_100, layout="mono") for _ in range(2))
        quiet.disposition, loud.disposition = av.stream.Disposition(0), av.stream.Disposition.default
        for stream, level in ((quiet, 0.1), (loud, 0.8)):
            samples = (tone(1.0, channels=1, level=level).T * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 44_100, 0
            file.mux(stream.encode(frame))
    audio = load_audio(saved(tmp_path, out.getvalue(), "film.mkv"))
    assert 0.7 < abs(audio.samples).max() <= 0.8


def test_a_file_broken_off_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    for name in ("song.mp3", "song.opus", "song.flac", "song_pieces.m4a", "song.aiff"):
        data = good(name)
        audio = load_audio(saved(tmp_path, data[: len(data) // 2], name))
        assert 0.5 < audio.duration_s < 1.2, name
        assert any("early" in line or "breaks off" in line for line in audio.warnings), name


def test_tags_name_the_song(tmp_path: Path) -> None:
    for container, codec, name in (
        ("flac", "flac", "a.flac"),
        ("mp4", "aac", "a.m4a"),
        ("ogg", "libopus", "a.opus"),
    ):
        rate = 48_000 if codec == "libopus" else 44_100
        data = encoded(container, codec, rate=rate, tags={"title": "Für Elise", "artist": "Ludwig 🎹"})
        audio = load_audio(saved(tmp_path, data, name))
        assert (audio.title, audio.artist) == ("Für Elise", "Ludwig 🎹"), name


def test_tags_are_one_short_line_and_the_name_stands_in(tmp_path: Path) -> None:
    hostile = id3({"TIT2": b"\x01" + ("\x1b[2J\r\nA" + "b" * 5_000).encode("utf-16")})
    title = load_audio(saved(tmp_path, hostile + good("song.mp3"), "x.mp3")).title
    assert title.isprintable()
    assert len(title) <= 120
    assert load_audio(saved(tmp_path, good("song.mp3"), "my song.mp3")).title == "my song"


def test_too_long_is_refused_by_what_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(ResourceLimitError, match="longer than 0:01"):
        load_audio(saved(tmp_path, good("song.mp3"), "song.mp3"), max_duration_s=1.0)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    load_audio(saved(tmp_path, good("song.flac")), progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert {stage for stage, _ in told} == {"audio"}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "-rf.mp3",
        "concat:a.mp3|b.mp3",
        "http:song.mp3",
        "pipe:0",
        "subfile,,start,0,end,9,,:x.mp3",
    ):
        Path(name).write_bytes(good("song.mp3"))
        assert load_audio(name).duration_s == 2.0


def test_channels_in_an_order_of_their_own_do_not_crash(tmp_path: Path) -> None:
    # PyAV 18.1 aborts the process on such a file ("double free"); so a process of its own.
    places = {"rl.caf": [2, 1], "ll.caf": [1, 1], "odd.caf": [1, 2, 400]}
    for name, labels in places.items():
        saved(tmp_path, caf(labels), name)
    code = "import sys; from beatomizer.audio.load import load_audio as load; "
    code += "print(*(load(name).duration_s for name in sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *places], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", ["1.0"] * 3)


def test_nothing_is_written_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_audio(saved(tmp_path, good("song.mp3")[:-200], "song.mp3"))
    with pytest.raises(UnreadableInputError):
        load_audio(saved(tmp_path, good("film.mp4")[500:], "film.mp4"))
    assert capfd.readouterr() == ("", "")


def ffmpeg_decode(path: Path) -> np.ndarray:
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:a:0",
        "-f",
        "f32le",
        "-c:a",
        "pcm_f32le",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2).astype(np.float64)


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")
@pytest.mark.parametrize(
    "name", ["song.mp3", "song.ogg", "song.opus", "song.flac", "song.m4a", "film.webm", "song.aiff"]
)
def test_length_and_wave_are_those_of_ffmpeg(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, good(name), name)
    audio, theirs = load_audio(path), ffmpeg_decode(path)
    rate = RECIPES[name][2].get("rate", 44_100)
    expected = reference(theirs, rate)
    longer = len(expected) - len(audio.samples)
    # ffmpeg leaves the padding behind the last AAC frame in; the container says where the song ends.
    assert -1 <= longer <= (1_024 if name == "song.m4a" else 1)
    n = min(len(audio.samples), len(expected)) - 100  # the filters differ where the padding is or is not
    assert np.abs(audio.samples[:n] - expected[:n]).max() < 2e-3


@pytest.mark.skipif(not MUSIC.is_dir(), reason="the real songs (../shared/music) are not here")
def test_real_songs_have_an_unbroken_clock() -> None:
    songs = sorted(MUSIC.glob("*.ogg"), key=lambda path: path.stat().st_size)[:4]
    assert songs
    for song in songs:
        audio = load_audio(song)
        assert isinstance(audio, Audio)
        assert not any("clock" in line or "gap" in line for line in audio.warnings), song.name
        with av.open(song) as file:
            promised_s = file.duration / av.time_base
        assert audio.duration_s == pytest.approx(promised_s, abs=0.05)
        assert 0.05 < abs(audio.samples).max() <= 1.0
