"""Beats from DJ programs: bytes of MIDI clock, JSON of OS2L over a real socket, and a follower that obeys."""

import contextlib
import json
import socket
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.errors import DeviceError, UsageError
from beatomizer.live.follower import LiveFollower
from beatomizer.player import os2l
from beatomizer.player.midi_clock import MidiClock, listen_midi
from beatomizer.player.os2l import Os2lStream, listen_os2l
from beatomizer.player.sync import BeatGrid, SyncedEngine, open_sync
from beatomizer.timebase import HOP
from tests.live_listeners import FluxEngine


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def ticked(bpm, seconds, clock, jitter_s=0.0, before=b"\xfa"):
    grid = BeatGrid(clock)
    midi, rng = MidiClock(grid), np.random.default_rng(1)
    midi.feed(before, clock.now)
    start, tick = clock.now, 0
    while clock.now < start + seconds:
        clock.now = start + tick * 60.0 / bpm / 24
        midi.feed(b"\xf8", clock.now + jitter_s * rng.standard_normal())
        tick += 1
    return grid, midi, start


def test_midi_clock_gives_tempo_phase_and_bars() -> None:
    clock = Clock()
    grid, _, start = ticked(126.0, 20.0, clock, jitter_s=0.002)
    phase, period_s, count = grid.phase(clock.now)
    assert 60.0 / period_s == pytest.approx(126.0, rel=0.01)
    beats = (clock.now - start) * 126.0 / 60.0
    assert count + phase == pytest.approx(beats, abs=0.03)


def test_song_position_counts_sixteenths_and_stop_is_obeyed() -> None:
    clock = Clock()
    grid, midi, _ = ticked(120.0, 4.0, clock, before=bytes([0xF2, 8, 0, 0xFB]))
    assert grid.phase(clock.now)[2] == 2 + 8
    midi.feed(b"\xfc", clock.now)
    assert grid.phase(clock.now) is None


def test_a_sender_that_falls_silent_is_forgotten() -> None:
    clock = Clock()
    grid, _, _ = ticked(120.0, 4.0, clock)
    clock.now += 2.5
    assert grid.phase(clock.now) is None


@given(st.binary(max_size=300))
def test_any_bytes_of_midi_are_survived(data: bytes) -> None:
    MidiClock(BeatGrid()).feed(data, 0.0)


def test_os2l_in_pieces_and_back_to_back() -> None:
    clock = Clock()
    grid = BeatGrid(clock)
    stream = Os2lStream(grid)
    text = "".join(
        json.dumps({"evt": "beat", "change": False, "pos": n, "bpm": 128.0, "strength": 0.5})
        for n in range(4)
    )
    for letter in text:
        stream.feed(letter.encode(), clock.now)
    stream.feed(b'{"evt":"btn","name":"x","state":"on"} {"evt":"beat","bpm":"?"}', clock.now)
    assert 60.0 / grid.phase(clock.now)[1] == pytest.approx(128.0)
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"{" * 70_000):
        with pytest.raises(ValueError, match="OS2L"):
            Os2lStream(grid).feed(nonsense, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        b'{"evt":' * 9_000,
        b'{"evt":"beat","bpm":1' + b"0" * 400 + b"}",
        b'{"evt":"beat","pos":1e999,"bpm":-Infinity}',
        b'{"evt":"beat","pos":NaN,"bpm":NaN}',
    ],
)
def test_numbers_and_depths_of_os2l_that_no_deck_sends_are_survived(text: bytes) -> None:
    grid = BeatGrid()
    with contextlib.suppress(ValueError):
        Os2lStream(grid).feed(text, 0.0)
    period_s = (grid.phase(0.0) or (0.0, 0.5, 0))[1]
    assert 0.2 <= period_s <= 2.0


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b'{"evt":"beat","bpm":', b"1", b"}", b'"'])))
def test_any_bytes_of_os2l_are_survived(parts: list[bytes]) -> None:
    stream = Os2lStream(BeatGrid())
    with contextlib.suppress(ValueError):
        for part in parts:
            stream.feed(part, 0.0)


def test_a_crowd_at_the_os2l_port_is_sent_away() -> None:
    sender = listen_os2l("0")
    try:
        decks = [socket.create_connection(("127.0.0.1", sender.port)) for _ in range(9)]
        decks[-1].settimeout(5.0)
        assert decks[-1].recv(1) == b""
        decks[0].sendall(b'{"evt":"beat","bpm":100}')
        until = time.monotonic() + 10
        while sender.grid.phase(time.monotonic()) is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        for deck in decks:
            deck.close()
    finally:
        sender.close()


def test_os2l_over_a_socket() -> None:
    sender = listen_os2l("0")
    try:
        with socket.create_connection(("127.0.0.1", sender.port)) as deck:
            for number in range(4):
                deck.sendall(json.dumps({"evt": "beat", "pos": number, "bpm": 100.0}).encode())
                time.sleep(0.05)
            until = time.monotonic() + 10
            while sender.grid.phase(time.monotonic()) is None:
                assert time.monotonic() < until
                time.sleep(0.02)
            assert 60.0 / sender.grid.phase(time.monotonic())[1] == pytest.approx(100.0)
    finally:
        sender.close()


def test_a_follower_obeys_the_grid_where_the_sound_says_nothing() -> None:
    """Noise without a beat, a deck that says 117 BPM: the beats told are the deck's."""
    clock = Clock()
    grid = BeatGrid(clock)
    follower = LiveFollower(SyncedEngine(FluxEngine(), grid, clock))
    rng, period_s, told = np.random.default_rng(0), 60.0 / 117.0, 0
    for frame in range(60 * 20):
        clock.now = 100.0 + (frame + 1) / 60
        while 100.0 + told * period_s <= clock.now:
            grid.beat(100.0 + told * period_s, bpm=117.0, count=told)
            told += 1
        follower.push((0.1 * rng.standard_normal(HOP)).astype(np.float32))
    beats = np.array([beat.time_s for beat in follower.cues.beats if beat.time_s > 8.0])
    assert len(beats) == pytest.approx(12.0 / period_s, abs=2)
    error = (beats / period_s + 0.5) % 1.0 - 0.5
    assert np.median(np.abs(error)) * period_s < 0.035


def test_nonsense_is_refused() -> None:
    for text in ("", "link", "os2l:x"):
        with pytest.raises(UsageError):
            open_sync(text)
    with pytest.raises(DeviceError, match="cannot be opened"):
        listen_midi("/dev/not-there")


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("", ("127.0.0.1", 9996)),
        ("9997", ("127.0.0.1", 9997)),
        ("all", ("all", 9996)),
        ("all:9997", ("all", 9997)),
        ("192.168.1.5", ("192.168.1.5", 9996)),
        ("192.168.1.5:1", ("192.168.1.5", 1)),
    ],
)
def test_where_os2l_is_served(where: str, place: tuple[str, int]) -> None:
    assert os2l._place(where) == place


@pytest.mark.parametrize("where", [":9996", "all:x", "1.2.3.4:123456", "x", "deck.local:9996"])
def test_where_os2l_cannot_be_served(where: str) -> None:
    with pytest.raises(UsageError, match="os2l:all"):
        listen_os2l(where)


def test_os2l_listens_to_this_computer_only_unless_told_otherwise() -> None:
    """Another address of the same machine stands for another computer: nobody answers there."""
    sender = listen_os2l("0")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", sender.port), timeout=2)
    socket.create_connection(("127.0.0.1", sender.port), timeout=2).close()
    sender.close()
    everywhere = listen_os2l("all:0")
    socket.create_connection(("127.0.0.2", everywhere.port), timeout=2).close()
    everywhere.close()
