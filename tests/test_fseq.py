"""The .fseq format: golden bytes from the specification, the round trip, files of others, and hostile files."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import U8
from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.outputs.files import fseq
from beatomizer.outputs.files.fseq_reader import decode
from beatomizer.outputs.files.options import FSEQ_STEPS_MS, FileOptions
from beatomizer.outputs.files.save import save
from beatomizer.outputs.files.steps import picked_frames, step_count, stepped, watched
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show


def a_show(rgb8: U8, source: Path | None = None) -> SafeShow:
    return sealed(Show(rgb8, None, source), SafetyReport("broadcast"))


def noise(steps: int, channels: int, seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (steps, channels), dtype=np.uint8)


# --- the bytes -------------------------------------------------------------------------------------------------


def test_bytes_are_those_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field at the offset that the Falcon Player's format document gives, written out by hand."""
    monkeypatch.setattr(fseq, "version", lambda _: "1.2.3")
    channels = np.array([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], dtype=np.uint8)
    data = fseq.encode(channels, 25, media="a.mp3")
    variables = bytes.fromhex("0a00 6d66") + b"a.mp3\0" + bytes.fromhex("1500 7370") + b"Beatomizer 1.2.3\0"
    assert len(variables) == 31
    assert data[:24] == bytes.fromhex(
        "50534551"  # PSEQ
        "4000"  # channel data at 64 = 32 + 31 + 1 of padding
        "00 02"  # version 2.0
        "2000"  # variable headers at 32
        "06000000"  # six channels
        "02000000"  # two frames
        "19"  # 25 ms
        "00"  # flags
        "00"  # not compressed
        "00"  # no blocks
        "00"  # no sparse ranges
        "00"  # flags
    )
    assert data[24:32] != bytes(8)
    assert data[32:64] == variables + b"\0"
    assert data[64:] == bytes(range(1, 13))


@given(
    st.integers(1, 700),
    st.integers(1, 200),
    st.sampled_from(FSEQ_STEPS_MS),
    st.booleans(),
    st.text(max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_round_trip(steps: int, channels: int, step_ms: int, zstd: bool, media: str) -> None:
    wanted = np.repeat(noise(-(-steps // 7), channels), 7, axis=0)[:steps]
    data = fseq.encode(wanted, step_ms, media=media, zstd=zstd)
    read = decode(data)
    assert np.array_equal(read.channels, wanted)
    assert read.step_ms == step_ms
    assert read.media == media.encode("utf-8", "replace").replace(b"\0", b"").decode()
    assert read.producer.startswith("Beatomizer ")
    assert int.from_bytes(data[4:6], "little") % 4 == 0
    assert data == fseq.encode(wanted, step_ms, media=media, zstd=zstd)


def test_zstd_blocks_are_what_the_falcon_player_expects() -> None:
    wanted = np.repeat(noise(100, 96), 200, axis=0)
    data = fseq.encode(wanted, 25, zstd=True)
    assert len(data) < wanted.size / 20
    assert data[20] == 1
    blocks = [struct.unpack_from("<II", data, 32 + 8 * block) for block in range(data[21])]
    assert 2 < len(blocks) <= 255
    assert [first for first, _ in blocks][:2] == [0, 10]
    assert int.from_bytes(data[4:6], "little") + sum(length for _, length in blocks) == len(data)
    at = int.from_bytes(data[4:6], "little")
    for (first, length), end in zip(blocks, [first for first, _ in blocks[1:]] + [len(wanted)], strict=True):
        block = zstandard.ZstdDecompressor().decompress(data[at : at + length])
        assert block == wanted[first:end].tobytes()
        at += length


def test_many_steps_still_fit_255_blocks() -> None:
    wanted = np.zeros((400_000, 48), dtype=np.uint8)
    data = fseq.encode(wanted, 20, zstd=True)
    assert 200 < data[21] <= 255
    assert np.array_equal(decode(data).channels, wanted)


def test_a_show_that_zstd_would_enlarge_stays_plain() -> None:
    """The Falcon Player cuts a block that is longer than all the data it holds."""
    data = fseq.encode(noise(1, 3), 25, zstd=True)
    assert (data[20], data[21]) == (0, 0)


def test_saved_file_names_the_song_and_keeps_the_zones_in_order(tmp_path: Path) -> None:
    rgb8 = np.zeros((600, 4, 3), dtype=np.uint8)
    rgb8[:, 2] = (10, 20, 30)
    save(a_show(rgb8, tmp_path / "süß.mp3"), tmp_path / "show.fseq", options=FileOptions(fseq_step_ms=50))
    read = fseq.read_fseq(tmp_path / "show.fseq")
    assert read.media == "süß.mp3"
    assert read.channels.shape == (200, 12)
    assert read.channels[0].tolist() == [0] * 6 + [10, 20, 30] + [0] * 3
    assert read.duration_s == 10.0


def test_passes_the_published_rules_of_a_car(tmp_path: Path) -> None:
    """The checks of Tesla's public validator: magic, offset, frames, step, version, compression."""
    save(a_show(np.zeros((600, 16, 3), dtype=np.uint8)), tmp_path / "lightshow.fseq")
    data = (tmp_path / "lightshow.fseq").read_bytes()
    start, minor, major = struct.unpack("<HBB", data[4:8])
    channels, frames, step_ms = struct.unpack("<IIB", data[10:19])
    assert (data[:4], minor, major, data[20]) == (b"PSEQ", 0, 2, 0)
    assert start >= 24
    assert frames >= 1
    assert step_ms >= 15
    assert channels == 48
    assert len(data) == start + channels * frames


# --- files of others -------------------------------------------------------------------------------------------


def foreign(
    rows: U8,
    *,
    compression: int = 0,
    blocks: list[tuple[int, bytes]] | None = None,
    ranges: bytes = b"",
    variables: bytes = b"",
    **wrong: int,
) -> bytes:
    """A file as another program might write it; ``wrong`` replaces header fields by name."""
    blocks = blocks or []
    index = b"".join(struct.pack("<II", first, len(data)) for first, data in blocks)
    start = 32 + len(index) + len(ranges) + len(variables)
    fields = {
        "start": start,
        "minor": 0,
        "major": 2,
        "variables": start,
        "channels": rows.shape[1],
        "frames": rows.shape[0],
        "step_ms": 50,
        "flags": 0,
        "compression": compression | (len(blocks) >> 8) << 4,
        "blocks": len(blocks) & 255,
        "ranges": len(ranges) // 6,
        "flags2": 0,
        "id": 77,
    } | wrong
    head = b"PSEQ" + struct.pack("<HBBHIIBBBBBBQ", *fields.values())
    return head + index + ranges + variables + (b"".join(data for _, data in blocks) or rows.tobytes())


def test_reads_zlib_and_unused_index_entries() -> None:
    frames = noise(30, 5)
    parts = [(0, zlib.compress(frames[:10].tobytes())), (10, zlib.compress(frames[10:].tobytes())), (0, b"")]
    read = decode(foreign(frames, compression=2, blocks=parts))
    assert np.array_equal(read.channels, frames)
    assert read.compression == "zlib"


def test_reads_more_than_255_blocks() -> None:
    frames = noise(600, 2)
    parts = [(at, zstandard.compress(frames[at : at + 2].tobytes())) for at in range(0, 600, 2)]
    assert np.array_equal(decode(foreign(frames, compression=1, blocks=parts)).channels, frames)


def test_reads_zstd_written_as_a_stream_without_its_size() -> None:
    frames = noise(30, 5)
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    stream = packer.compress(frames.tobytes()) + packer.flush()
    assert np.array_equal(decode(foreign(frames, compression=1, blocks=[(0, stream)])).channels, frames)


def test_reads_sparse_ranges() -> None:
    frames = noise(4, 5)
    ranges = (100).to_bytes(3, "little") + (2).to_bytes(3, "little")
    ranges += (70000).to_bytes(3, "little") + (3).to_bytes(3, "little")
    read = decode(foreign(frames, ranges=ranges))
    assert read.ranges == ((100, 2), (70000, 3))
    assert np.array_equal(read.channels, frames)


def test_a_torn_variable_header_loses_the_text_not_the_light() -> None:
    frames = noise(4, 5)
    read = decode(foreign(frames, variables=struct.pack("<H2s", 900, b"mf") + b"x.mp3\0"))
    assert read.media == ""
    assert np.array_equal(read.channels, frames)


# --- hostile files ---------------------------------------------------------------------------------------------

BOMB = zstandard.compress(bytes(50_000_000))
HOSTILE = {
    "empty": b"",
    "short": b"PSEQ\0\0",
    "magic": b"FSEQ" + foreign(noise(2, 3))[4:],
    "version 1": foreign(noise(2, 3), major=1),
    "unknown compression": foreign(noise(2, 3), compression=7),
    "no frames": foreign(noise(2, 3), frames=0),
    "no channels": foreign(noise(2, 3), channels=0),
    "no step": foreign(noise(2, 3), step_ms=0),
    "cut off": foreign(noise(20, 30))[:-1],
    "data past the end": foreign(noise(2, 3), start=60000),
    "data inside the header": foreign(noise(2, 3), start=8),
    "blocks into the data": foreign(noise(2, 3), compression=1, blocks=[(0, b"abcd")], start=32),
    "ranges into the data": foreign(noise(2, 300), ranges=bytes(6), start=32),
    "ranges do not add up": foreign(noise(2, 3), ranges=bytes([1, 0, 0, 9, 0, 0])),
    "blocks without compression": foreign(noise(2, 3), blocks=[(0, b"abc")]),
    "no blocks": foreign(noise(2, 3), compression=1),
    "first block late": foreign(noise(9, 3), compression=1, blocks=[(1, zstandard.compress(bytes(24)))]),
    "blocks backwards": foreign(
        noise(9, 3),
        compression=1,
        blocks=[(0, zstandard.compress(bytes(12))), (4, zstandard.compress(bytes(3))), (3, b"abcd")],
    ),
    "block past the frames": foreign(
        noise(2, 3), compression=1, blocks=[(0, zstandard.compress(bytes(6))), (2, b"abcd")]
    ),
    "block of garbage": foreign(noise(9, 3), compression=1, blocks=[(0, b"garbage!")]),
    "zlib of garbage": foreign(noise(9, 3), compression=2, blocks=[(0, b"garbage!")]),
    "block too short": foreign(noise(9, 3), compression=1, blocks=[(0, zstandard.compress(bytes(26)))]),
    "bomb": foreign(noise(9, 3), compression=1, blocks=[(0, BOMB)]),
    "block cut off": foreign(noise(9, 3), compression=2, blocks=[(0, zlib.compress(bytes(27)))])[:-4],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.fseq"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(UnreadableInputError, match=r"hostile\.fseq"):
        fseq.read_fseq(file)


@pytest.mark.parametrize("compression", [0, 1])
def test_a_claim_of_terabytes_takes_no_memory(compression: int) -> None:
    blocks = [(0, BOMB)] if compression else None
    data = foreign(noise(2, 3), compression=compression, blocks=blocks, channels=2**31, frames=2**31)
    with pytest.raises(ResourceLimitError):
        decode(data)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.fseq", tmp_path):
        with pytest.raises(UnreadableInputError):
            fseq.read_fseq(path)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_gives_light_or_a_kind_error(data: st.DataObject) -> None:
    sound = bytearray(
        fseq.encode(np.repeat(noise(6, 6), 20, axis=0), 25, media="m", zstd=data.draw(st.booleans()))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode(bytes(sound[: data.draw(st.integers(0, len(sound)))]))
    except BeatomizerError:
        return
    assert read.channels.dtype == np.uint8


# --- the step grid ---------------------------------------------------------------------------------------------

GRIDS = pytest.mark.parametrize("step_ms", FSEQ_STEPS_MS)


@GRIDS
def test_three_minutes_end_where_they_should(step_ms: int) -> None:
    assert step_count(180 * 60, step_ms) * step_ms == 180_000


@GRIDS
@pytest.mark.parametrize("frames", [1, 2, 3, 7, 59, 60, 61, 1799])
def test_every_step_shows_a_frame_that_is_on_during_it(frames: int, step_ms: int) -> None:
    picked = picked_frames(noise(frames, 6).reshape(frames, 2, 3), step_ms)
    start_ms = np.arange(len(picked)) * step_ms
    assert (picked / 60 * 1000 < start_ms + step_ms - 1e-9).all()
    assert ((picked + 1) / 60 * 1000 > start_ms + 1e-9).all()
    assert (np.diff(picked) >= 0).all()
    assert len(picked) * step_ms >= frames * 1000 / 60 - 1e-9
    assert (len(picked) - 1) * step_ms < frames * 1000 / 60


@GRIDS
def test_a_pulse_of_one_frame_is_never_lost(step_ms: int) -> None:
    for at in range(60):
        rgb8 = np.full((60, 3, 3), 20, dtype=np.uint8)
        rgb8[at, 1] = 255
        assert (rgb8[picked_frames(rgb8, step_ms)][:, 1] == 255).any(), f"pulse at frame {at}"


def test_point_sampling_would_lose_it() -> None:
    """The test above can fail: the frames at the steps' beginnings miss every third one at 25 ms."""
    shown = (np.arange(40) * 25 * 60) // 1000
    assert 2 not in shown


@GRIDS
def test_a_steady_or_fading_stage_is_sampled_at_the_step_exactly(step_ms: int) -> None:
    fading = np.repeat(np.arange(240, 0, -1, dtype=np.uint8), 3).reshape(240, 1, 3)
    begins = (np.arange(step_count(240, step_ms)) * step_ms * 60) // 1000
    assert np.array_equal(picked_frames(fading, step_ms), begins)
    assert np.array_equal(picked_frames(np.zeros((240, 2, 3), dtype=np.uint8), step_ms), begins)


@given(st.integers(1, 400), st.sampled_from(FSEQ_STEPS_MS), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_changes_of_light_never_multiply(frames: int, step_ms: int, seed: int) -> None:
    """Turns of the light (rises followed by falls) in the steps are at most those in the frames."""
    levels = np.random.default_rng(seed).integers(0, 2, frames, dtype=np.uint8) * 200
    rgb8 = np.repeat(levels, 3).reshape(frames, 1, 3)
    shown = rgb8[picked_frames(rgb8, step_ms)][:, 0, 0].astype(int)
    assert np.count_nonzero(np.diff(shown)) <= np.count_nonzero(np.diff(levels.astype(int)))


@GRIDS
@pytest.mark.parametrize("seed", range(3))
def test_a_limited_show_stays_safe_on_the_grid(step_ms: int, seed: int) -> None:
    """Property P7: the steps, held as a lamp holds them and watched at 60 Hz, pass the judge that the show passed."""
    rng = np.random.default_rng(seed)
    held = rng.integers(1, 12, 400)
    wild = np.repeat(rng.choice([0, 30, 90, 255], (400, 3, 3)), held, axis=0)[:1200].astype(np.uint8)
    safe = limit(Show(wild))
    steps = stepped(safe, step_ms)
    assert len(steps) == step_count(1200, step_ms)
    assert judge(watched(steps, step_ms, 1200)).ok


def test_the_second_look_mends_what_it_finds() -> None:
    """A blink that no limiter ever saw: the grid alone would keep it, the second look does not."""
    blink = np.tile(np.array([0, 255], dtype=np.uint8).repeat(6), 50)
    show = a_show(np.repeat(blink, 3).reshape(600, 1, 3))
    assert not judge(watched(show.rgb8[picked_frames(show.rgb8, 25)], 25, 600)).ok
    assert judge(watched(stepped(show, 25), 25, 600)).ok


def test_calm_light_is_not_touched_by_the_second_look() -> None:
    rgb8 = np.repeat(np.arange(240, dtype=np.uint8), 5).reshape(1200, 1, 1)
    show = a_show(np.repeat(rgb8, 3, axis=2))
    assert np.array_equal(stepped(show, 25), show.rgb8[picked_frames(show.rgb8, 25)])


def test_light_that_stays_unsafe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limiter, "run", lambda self, rgb8, *_: rgb8)
    blink = np.tile(np.array([0, 255], dtype=np.uint8).repeat(4), 30)
    with pytest.raises(ResourceLimitError, match="flashes"):
        stepped(a_show(np.repeat(blink, 3).reshape(240, 1, 3)), 25)
