"""Write more than a hundred bad or odd files into a folder, to see that none of them hurts.

    python scripts/make_bad_files.py DIR

Every file has a reason and the exit codes that ``beatomizer render`` may give for it: 0 done, 3 unreadable input,
4 no usable audio, 5 over a resource limit. Nothing is downloaded and nothing is random: the same files every time.
"""

import argparse
import gzip
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bad_material import encoded, flipped, huge_png, id3, patched, plain_wav
from scripts.bad_names import names, tags, texts, traps
from scripts.bad_sounds import bad_numbers, lying_headers, odd_but_valid
from scripts.healthy_files import FINE, LIMIT, RECIPES, SILENT, UNREADABLE, Content, Entry, good, later


@dataclass(frozen=True)
class BadFile:
    """One file: its name in the folder, why it is there, the exit codes that are right, and what is in it.

    ``content`` is the bytes, or a function that makes something else than a regular file at a path.
    """

    name: str
    reason: str
    codes: frozenset[int]
    content: Content


def bad_files() -> Iterator[BadFile]:
    """All of them, class by class."""
    for kind in (
        not_media,
        damaged,
        lying_headers,
        odd_but_valid,
        bad_numbers,
        videos,
        texts,
        names,
        tags,
        traps,
    ):
        for name, reason, codes, content in kind():
            yield BadFile(name, reason, frozenset(codes), content)


def not_media() -> Iterator[Entry]:
    """Files of other kinds with the names of songs."""
    noise = np.random.default_rng(1).integers(0, 256, 60_000).astype(np.uint8).tobytes()
    bomb = gzip.compress(bytes(10_000_000), mtime=0)
    no_song = {UNREADABLE, SILENT}
    yield "empty.mp3", "no bytes at all", {UNREADABLE}, b""
    yield "one_byte.wav", "a single byte", {UNREADABLE}, b"R"
    yield "noise.mp3", "random bytes", no_song, noise
    yield "noise.wav", "random bytes", no_song, noise[::-1]
    yield "noise", "random bytes without an ending", no_song, noise[1:]
    yield "zeros.mp3", "nothing but zeros", no_song, bytes(100_000)
    yield "ones.flac", "nothing but ones: sync words for ever", no_song, b"\xff" * 100_000
    yield "picture.mp3", "a JPEG's first bytes", {UNREADABLE}, b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise[:2000]
    yield "picture.ogg", "a huge PNG named like a song", {UNREADABLE}, huge_png(2_000)
    yield "paper.wav", "a PDF", {UNREADABLE}, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise[:2000]
    yield "archive.m4a", "a ZIP", {UNREADABLE}, b"PK\x03\x04\x14\0\0\0" + noise[:2000]
    yield "program.mp3", "an ELF program", {UNREADABLE}, b"\x7fELF\x02\x01\x01" + bytes(9) + noise[:3000]
    yield (
        "notes.mp3",
        "a MIDI file: notes, no sound",
        {UNREADABLE},
        b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk" + bytes(40),
    )
    yield "packed.mp3", "a gzipped song", {UNREADABLE}, gzip.compress(plain_wav(), mtime=0)
    yield "bomb.wav", "a gzip bomb: 10 kB that unpack to 10 MB", {UNREADABLE}, bomb
    yield "bomb_in_bomb.ogg", "a gzip bomb in another", {UNREADABLE}, gzip.compress(bomb, mtime=0)
    yield "only_a_tag.mp3", "an ID3 tag with nothing behind it", no_song, id3({"TIT2": b"\0Nothing"})


def damaged() -> Iterator[Entry]:
    """Each healthy kind: whole, broken off early and in the middle, without its head, with changed bits."""
    any_end = {FINE, UNREADABLE, SILENT, LIMIT}
    for number, name in enumerate(["song.wav", *RECIPES]):
        yield f"whole_{name}", "healthy: it must work", {FINE}, later(good, name)
        yield (
            f"cut_early_{name}",
            "a download that broke off at a tenth",
            any_end - {LIMIT},
            later(_part, name, 0.0, 0.1),
        )
        yield (
            f"cut_half_{name}",
            "a download that broke off in the middle",
            any_end - {LIMIT},
            later(_part, name, 0.0, 0.5),
        )
        yield f"headless_{name}", "the first kilobyte is lost", any_end, later(_headless, name)
        yield (
            f"flipped_{name}",
            "one bit in a thousand bytes is wrong",
            any_end,
            later(_flipped, name, number),
        )
    body = good("song.mp3")
    yield "hole.mp3", "20 kB of zeros in the middle", {FINE}, body[:16_000] + bytes(20_000) + body[16_000:]
    yield (
        "cut_twice.flac",
        "the middle third is missing",
        any_end,
        good("song.flac")[:9000] + good("song.flac")[20_000:],
    )


def _part(name: str, begin: float, end: float) -> bytes:
    data = good(name)
    return data[int(begin * len(data)) : int(end * len(data))]


def _headless(name: str) -> bytes:
    return good(name)[1000:]


def _flipped(name: str, seed: int) -> bytes:
    return flipped(good(name), seed)


def videos() -> Iterator[Entry]:
    """Films."""
    frames = {fps: tuple(np.arange(round(fps)) / fps) for fps in (23.976, 60, 240)}
    yield "no_sound.mp4", "pictures only", {SILENT}, later(encoded, "mp4", "", pictures_s=frames[60])
    yield "no_sound.mkv", "pictures only", {SILENT}, later(encoded, "matroska", "", pictures_s=frames[60])
    yield "no_pictures.mp4", "sound only", {FINE}, later(encoded, "mp4", "aac")
    yield (
        "fps_23_976.mp4",
        "23.976 pictures a second",
        {FINE},
        later(encoded, "mp4", "aac", pictures_s=frames[23.976]),
    )
    yield "fps_1.mp4", "one picture a second", {FINE}, later(encoded, "mp4", "aac", pictures_s=(0, 1, 2))
    yield "fps_240.mp4", "240 pictures a second", {FINE}, later(encoded, "mp4", "aac", pictures_s=frames[240])
    yield (
        "variable.mp4",
        "pictures when something happens",
        {FINE},
        later(encoded, "mp4", "aac", pictures_s=(0, 0.01, 0.02, 0.9, 0.93, 1.7)),
    )
    yield "size_2x2.mp4", "four points", {FINE}, later(encoded, "mp4", "aac", pictures_s=(0, 1), size=(2, 2))
    yield (
        "size_odd.mkv",
        "17 × 33 points",
        {FINE},
        later(encoded, "matroska", "aac", pictures_s=(0, 1), size=(17, 33)),
    )
    yield (
        "late_sound.mp4",
        "sound five seconds after the pictures",
        {FINE},
        later(
            encoded,
            "mp4",
            "aac",
            pictures_s=range(8),
            starts_s=(5.0,),
        ),
    )
    yield (
        "late_sound.mkv",
        "the same, with pictures that have to be decoded to know their order",
        {FINE},
        later(encoded, "matroska", "aac", pictures_s=range(8), starts_s=(5.0,), picture_codec="libx264"),
    )
    yield (
        "late_pictures.mp4",
        "pictures five seconds after the sound",
        {FINE},
        later(
            encoded,
            "mp4",
            "aac",
            pictures_s=range(5, 8),
        ),
    )
    yield (
        "late_sound.ts",
        "the same in a broadcast stream",
        {FINE},
        later(
            encoded,
            "mpegts",
            "aac",
            pictures_s=range(8),
            starts_s=(5.0,),
        ),
    )
    yield (
        "two_tracks.mkv",
        "two sound tracks",
        {FINE},
        later(encoded, "matroska", "aac", pictures_s=(0, 1), tracks=2),
    )
    yield (
        "gap.mp4",
        "three seconds without sound in the middle",
        {FINE},
        later(encoded, "mp4", "aac", starts_s=(0, 4.0)),
    )
    yield (
        "joined.ts",
        "two films in one file: the clock starts again",
        {FINE},
        later(lambda: 2 * good("film.ts")),
    )
    yield (
        "years_later.mkv",
        "the second half begins in 11 days",
        {FINE},
        later(encoded, "matroska", "pcm_s16le", starts_s=(0, 1e6)),
    )
    yield (
        "cover_16000.mp3",
        "cover art of 16000 × 16000 points",
        {FINE},
        later(lambda: id3({"APIC": b"\0image/png\0\x03\0" + huge_png()}) + good("song.mp3")),
    )
    mov = good("film.mov")
    large = struct.pack(">HH", 16_384, 16_384)
    yield "size_16384.mov", "claims pictures of 16384 × 16384", {FINE}, patched(mov, b"mp4v", 24, large)
    outside = patched(mov, b"url ", 0, bytes(4))
    yield "elsewhere.mov", "says its samples are in another file", {FINE, UNREADABLE, SILENT}, outside


def write_all(folder: Path, files: Iterable[BadFile]) -> list[BadFile]:
    """Write ``files`` into ``folder``; what the file system cannot hold is left out of the list that comes back."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for bad in files:
        path = folder / bad.name
        try:
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                path.unlink()
            if isinstance(bad.content, bytes):
                path.write_bytes(bad.content)
            elif not path.is_dir():
                bad.content(path)
        except (OSError, ValueError) as error:
            print(f"left out: {bad.name!a} ({error})", file=sys.stderr)
            continue
        written.append(bad)
    return written


def main() -> None:
    """Write the files and list them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write them")
    written = write_all(parser.parse_args().folder, bad_files())
    for bad in written:
        print(f"{','.join(map(str, sorted(bad.codes))):8} {bad.name!a}: {bad.reason}")
    print(f"{len(written)} files")


if __name__ == "__main__":
    main()
