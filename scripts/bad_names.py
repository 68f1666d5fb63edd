"""Traps: texts that name other files, names and tags with a meaning for somebody, and things that are no files."""

import contextlib
import os
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path

from scripts.bad_material import id3
from scripts.healthy_files import FINE, SILENT, UNREADABLE, Entry, good


def texts() -> Iterator[Entry]:
    """Playlists and the like: they make careless decoders open other files and addresses."""
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
    refused = {UNREADABLE}
    lists = {
        "hls.mp3": hls.format("whole_song.aac"),
        "hls.m3u8": hls.format("whole_song.aac"),
        "hls_net.mp4": hls.format("http://127.0.0.1:9/x.ts"),
        "hls_etc.wav": hls.format("file:///etc/passwd"),
        "list.m3u": "#EXTM3U\nwhole_song.mp3\n",
        "list.pls": "[playlist]\nFile1=whole_song.mp3\nNumberOfEntries=1\n",
        "concat.mp3": "ffconcat version 1.0\nfile whole_song.mp3\n",
        "concat_bare.mp3": "file 'whole_song.mp3'\nfile '/etc/passwd'\n",
        "session.mp3": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "dash.mp4": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'></MPD>",
        "list.asx": "<asx version='3.0'><entry><ref href='http://127.0.0.1:9/'/></entry></asx>",
        "page.mp3": "<!doctype html><title>404</title><p>Not found: the download failed.",
        "words.flac": "La la la. " * 500,
        "image_list.mp3": "image2\n/etc/%03d.png\n",
    }
    for name, text in lists.items():
        yield name, "a text that names something else, or nothing", refused, text.encode()
    yield "hls_16.mp3", "a playlist in UTF-16", refused, hls.format("whole_song.aac").encode("utf-16")
    yield (
        "hls_bom.mp3",
        "a playlist behind a byte-order mark",
        refused,
        b"\xef\xbb\xbf" + hls.format("x").encode(),
    )
    yield "hls_nul.mp3", "a playlist with a zero byte in it", refused, hls.format("whole_song.aac\0").encode()
    hidden = id3({"TIT2": b"\0x"}) + hls.format("whole_song.aac").encode()
    yield "hls_in_id3.mp3", "a playlist behind a tag", {UNREADABLE, SILENT}, hidden


def names() -> Iterator[Entry]:
    """Healthy songs with difficult names. ``/`` and NUL are all that a name cannot hold."""
    difficult = (
        "-rf.mp3",
        "--help",
        "$(touch pwned).mp3",
        "`touch pwned`; touch pwned & .mp3",
        "a b\tc\nd.mp3",
        "\x1b[31mred\x1b[0m.mp3",
        "concat:whole_song.mp3|whole_song.mp3",
        "http:song.mp3",
        "pipe:0",
        "subfile,,start,0,end,9,,:song.mp3",
        "song%03d.mp3",
        "ünïcödé 歌 🎵.mp3",
        "\u202egnos.mp3",
        "'quoted\" \\ <b>.mp3",
        "n" * 242 + ".mp3",
        ".hidden",
    )
    for name in difficult:
        yield name, "a name with a meaning for somebody", {FINE}, good("song.mp3")
    yield os.fsdecode(b"latin-\xe9.mp3"), "a name that is not UTF-8", {FINE}, good("song.mp3")


def tags() -> Iterator[Entry]:
    """Healthy songs whose tags attack whoever shows them."""
    attacks = {
        "html": "<script>alert(1)</script><img src=x onerror=alert(2)>",
        "escape": "\x1b]0;owned\x07\x1b[2J red\r\n\x00 end",
        "long": "A" * 1_000_000,
        "direction": "\u202e\u2066 backwards \ud83c\udfb5".encode("utf-16", "surrogatepass").decode("utf-16"),
        "quotes": '"},"cues":[],"x":{"y":"',
    }
    for name, text in attacks.items():
        frames = {frame: b"\x01" + text.encode("utf-16") for frame in ("TIT2", "TPE1", "TALB")}
        yield f"tag_{name}.mp3", "a hostile title", {FINE}, id3(frames) + good("song.mp3")
    broken = id3({"TIT2": b"\x03\xff\xfe\xc3\x28", "TPE1": b"\x01\xff\xfe\x00\xd8"})
    yield "tag_not_utf8.mp3", "a title in no encoding", {FINE}, broken + good("song.mp3")
    lying = b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + good("song.mp3")
    yield "tag_256mb.mp3", "a tag that claims 256 MB", {FINE, UNREADABLE, SILENT}, lying
    packed = b"ID3\x03\0\x80" + bytes([0, 0, 4, 0]) + zlib.compress(bytes(400_000))[:512].ljust(512, b"\0")
    yield "tag_packed.mp3", "a tag in a compressed form", {FINE, UNREADABLE}, packed + good("song.mp3")


def traps() -> Iterator[Entry]:
    """Things in a folder that are not files, or not there."""
    refused = {UNREADABLE}

    def socket_at(path: Path) -> None:
        short = os.path.relpath(path)
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX) as end,
        ):  # too long a path for a socket
            end.bind(min(short, str(path), key=len))

    def unreadable_at(path: Path) -> None:
        path.write_bytes(good("song.mp3"))
        path.chmod(0)

    def sparse_at(path: Path) -> None:
        with path.open("wb") as file:
            file.write(good("song.mp3")[:400])
            file.truncate(4 << 30)

    yield "folder.mp3", "a folder", refused, Path.mkdir
    yield "loop.mp3", "a link to itself", refused, lambda path: path.symlink_to(path.name)
    yield "fifo.mp3", "a pipe nobody writes to", refused, os.mkfifo
    yield "zero.wav", "a link to a device without an end", refused, lambda path: path.symlink_to("/dev/zero")
    yield "random.wav", "a link to another one", refused, lambda path: path.symlink_to("/dev/urandom")
    yield "terminal.wav", "a link to the terminal", refused, lambda path: path.symlink_to("/dev/tty")
    yield (
        "self.wav",
        "a link to a file that the kernel makes up",
        refused,
        lambda path: path.symlink_to("/proc/self/environ"),
    )
    yield "dangling.mp3", "a link to nothing", refused, lambda path: path.symlink_to("nothing.mp3")
    yield "link.mp3", "a link to a healthy song", {FINE}, lambda path: path.symlink_to("whole_song.mp3")
    yield "socket.mp3", "a socket", refused, socket_at
    yield "missing.mp3", "nothing of that name", refused, lambda path: None
    yield "whole_song.mp3/inside.mp3", "a path through a file", refused, lambda path: None
    yield "no_folder/song.mp3", "a path through nothing", refused, lambda path: None
    yield "unreadable.mp3", "nobody may read it (root may)", {FINE, UNREADABLE}, unreadable_at
    yield "sparse_4gib.mp3", "four gigabytes of holes", {UNREADABLE, SILENT}, sparse_at
