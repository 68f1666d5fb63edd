"""Hands on the light: master, blackout, the idle look; keys; offsets; what goes between the processes."""

import itertools
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.cli.play import _session
from beatomizer.color import LINEAR_OF_RGB8, luminance
from beatomizer.cues.cuelist import Beat, Cue, CueList, Section
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.outputs.lights.record import RecordingLight
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.player import calibration
from beatomizer.player.board import Board, Wishes
from beatomizer.player.clock import Anchor, SteadyTransport
from beatomizer.player.facts import SongNotes
from beatomizer.player.fader import Fader
from beatomizer.player.group import Desk, Group
from beatomizer.player.hands import Hands
from beatomizer.player.idle import Idle
from beatomizer.player.keys import names_of
from beatomizer.player.plan import Plan
from beatomizer.player.prepare import Prepared, Request, prepare
from beatomizer.player.ring import PLACES, FrameRing, Timed
from beatomizer.player.session import Session
from beatomizer.player.stagehand import Signs, Stagehand
from beatomizer.safety.judge import judge
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import PROFILES
from tests.lamps import cue_list
from tests.safety_oracle import violations


def test_a_blackout_takes_a_third_of_a_second_and_the_way_back_is_slower() -> None:
    fader, full = Fader(), np.full((2, 3), 255, np.uint8)
    down = [int(fader.step(full, 1.0, True)[0, 0]) for _ in range(20)]
    assert down[18] == down[19] == 0
    assert all(a >= b for a, b in itertools.pairwise(down))
    up = [int(fader.step(full, 1.0, False)[0, 0]) for _ in range(60)]
    assert up[-1] == 255
    assert up[30] < 200


def test_the_master_moves_slowly() -> None:
    fader, full = Fader(), np.full((1, 3), 255, np.uint8)
    values = [int(fader.step(full, 0.0, False)[0, 0]) for _ in range(121)]
    assert values[60] > 100
    assert values[-1] == 0


def test_idle_breathes_below_every_threshold_and_hands_back() -> None:
    idle, limiter = Idle(2), Limiter(2, "strict")
    shown = np.tile(np.array([[200, 30, 10], [10, 30, 200]], np.uint8), (1, 1))
    for _ in range(30):
        idle.step(shown, False)
    breaths = np.stack([idle.step(shown, True) for _ in range(60 * 40)])
    resting = breaths[120:]
    assert luminance(LINEAR_OF_RGB8[resting]).max() < 0.065
    assert np.ptp(resting[:, 0, 0].astype(int)) > 5  # it moves
    assert limiter.accepts(resting)
    back = np.stack([idle.step(shown, False) for _ in range(60)])
    assert np.array_equal(back[-1], shown)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"q", ["q"]),
        (b"B ", ["b", "space"]),
        (b"\x1b[A\x1b[D\x1bOC", ["up", "left", "right"]),
        (b"\x1b[5~x\t", ["x", "tab"]),
        (b"\xff\x00[", ["["]),
    ],
)
def test_keys_have_names(data: bytes, names: list[str]) -> None:
    assert names_of(data) == names


@given(st.binary(max_size=40))
def test_any_bytes_of_a_terminal_are_survived(data: bytes) -> None:
    names_of(data)


def test_hands_move_within_bounds() -> None:
    hands = Hands(("ddp://a", "ddp://b"), [0.0, 0.0])
    for _ in range(30):
        assert hands.take("down")
    assert hands.master == 0.0
    for key in ("tab", "[", "[", "b"):
        hands.take(key)
    assert hands.offsets_s == [0.0, -0.01]
    assert hands.blackout
    assert not hands.take("space")


def test_offsets_are_saved_and_found_by_url(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path))
    assert calibration.read_offsets_ms() == {}
    odd = 'osc://host:9000/?a="b"\\'
    calibration.save_offsets_ms({"wled://a": -35.0})
    path = calibration.save_offsets_ms({odd: 12.5})
    assert path.parent == tmp_path
    saved = calibration.read_offsets_ms()
    assert saved == {"wled://a": -35.0, odd: 12.5}
    assert calibration.offsets_of(("wled://a", odd, "ddp://c"), ["2=-5"], saved) == [-0.035, -0.005, 0.0]
    assert calibration.offsets_of(("ddp://x?a=1",), ["ddp://x?a=1=7"], {}) == [0.007]
    path.write_text('["a"]\noffset_ms = "x"\n')
    with pytest.raises(UnreadableInputError, match="mend it"):
        calibration.read_offsets_ms()


@pytest.mark.parametrize("text", ["1", "3=5", "ddp://no=5", "1=x", "1=99999", "0=1", "=1"])
def test_offsets_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        calibration.offsets_of(("ddp://a", "ddp://b"), [text], {})


def test_the_board_gives_back_what_was_wished(tmp_path) -> None:
    wishes = Wishes(Anchor(1.5, 2.5, 0.5), 0.03, 7.0, 3, 0.25, True, False, False, (0.1, -0.2))
    board = Board.make(tmp_path / "board", wishes)
    assert Board(tmp_path / "board").read() == wishes
    board.write(replace(wishes, song=4))
    reader = Board(tmp_path / "board")
    assert reader.read().song == 4
    torn = bytearray(wishes.packed())
    torn[20] ^= 1
    assert Wishes.unpacked(bytes(torn)) is None
    board._map[:] = bytes(torn)  # somebody is writing: the last whole wishes count
    assert reader.read().song == 4


def test_the_ring_keeps_the_newest_and_forgets_the_oldest(tmp_path) -> None:
    writer = FrameRing.make(tmp_path / "ring", 2)
    reader = FrameRing(tmp_path / "ring", 2)
    assert reader.newest == -1
    assert reader.read(0) is None
    for number in range(PLACES + 5):
        rgb8 = np.full((2, 3), number % 256, np.uint8)
        frame = LightFrame(
            rgb8, number / 60, beat=number, palette=("#ff0000",), spectrum=(0.5,), section="é" * 9
        )
        writer.write(Timed(number, 5.0 + number, frame))
    assert reader.newest == PLACES + 4
    assert reader.read(4) is None
    found = reader.read(PLACES + 4)
    assert found is not None
    assert (found.frame.beat, found.frame.palette, found.due_s) == (PLACES + 4, ("#ff0000",), PLACES + 9.0)
    assert found.frame.rgb8[0, 0] == (PLACES + 4) % 256


def test_notes_tell_what_a_song_is_doing() -> None:
    cues = CueList(
        4.0,
        beats=tuple(Beat(0.5 * n, n % 4 + 1) for n in range(8)),
        sections=(Section(0.0, 2.0, "A", name="verse"), Section(2.0, 4.0, "B", kind="drop")),
        palette=("#ff0000", "#00ff00"),
        cues=(Cue(0.0, "hold", ("#ff0000",), 0.5), Cue(2.0, "pulse", ("#00ff00",), 0.9)),
    )
    frame = SongNotes(cues).frame(2.1, np.zeros((1, 3), np.uint8))
    assert (frame.beat, frame.position, frame.look, frame.section) == (5, 1, "pulse", "drop")
    assert frame.tempo_bpm == pytest.approx(120.0)
    assert SongNotes(None).frame(1.0, np.zeros((1, 3), np.uint8)).beat == 0


def test_what_leaves_keeps_the_limits_of_rooms_and_beats_are_still_seen(tmp_path) -> None:
    """Dim pulses, four a second, that no screen counts: where white is 1,000 cd/m² they are flashes."""
    room = PROFILES["broadcast"].for_rooms()
    song = np.zeros((600, 2, 3), np.uint8)
    song[np.arange(600) % 15 < 5] = 70
    assert judge(song, "broadcast").ok
    assert not judge(song, room).ok
    (tmp_path / "song-0").mkdir()
    np.save(tmp_path / "song-0" / "show.npy", song)
    light, fast, slow = (
        RecordingLight(),
        Wishes(Anchor(0.0, 0.0), beat_s=0.0, song=0),
        RecordingLight(max_fps=40.0),
    )
    plan, board = (
        Plan(("record://a.npz", "record://b.npz"), 2, "broadcast"),
        Board.make(tmp_path / "board", fast),
    )
    hand = Stagehand(plan, tmp_path, [light, slow], board, Signs(), lambda told: None)
    (group,) = hand._groups
    for number in range(600):
        now_s = number / 60
        group.show(now_s, replace(fast, beat_s=now_s), False)
    assert judge(light.rgb8, room).ok
    assert judge(_held(slow.rgb8, 40), room).ok
    seen = [light.rgb8[at : at + 6].max() - int(light.rgb8[at - 1].max()) for at in range(15, 600, 15)]
    assert np.mean(np.array(seen) >= 20) > 0.95  # L* from 1 to 12 or more


def _held(rgb8: np.ndarray, fps: int) -> np.ndarray:
    """Each picture until the next, sixty times a second."""
    return rgb8[np.arange(len(rgb8) * 60 // fps) * fps // 60]


def test_master_and_blackout_reach_lights_that_make_their_own_light_of_sound(tmp_path) -> None:
    class Loud:
        def frame(self, now_s: float, wishes: Wishes, offset_s: float) -> LightFrame:
            return LightFrame(np.full((1, 3), 200, np.uint8), level=0.8, spectrum=(0.5,) * 16)

        def is_stale(self, now_s: float, wishes: Wishes) -> bool:
            return False

    light = RecordingLight()
    desk = Desk(0, light, Resampler(1, 60.0))
    group = Group(0.0, [desk], Loud(), Fader(0.5), Idle(1), Limiter(1))
    for number in range(60):
        group.show(number / 60, Wishes(Anchor(0.0, 0.0), master=0.5, blackout=number >= 30), False)
    half, dark = light.frames[20], light.frames[-1]
    assert (half.level, half.spectrum[0]) == (pytest.approx(0.2), pytest.approx(0.125))
    assert (dark.level, dark.spectrum[0]) == (0.0, 0.0)


def test_a_long_evening_does_not_fill_the_disk(tmp_path) -> None:
    output = Wished()
    output.folder, output.lights = tmp_path, []
    session = Session(
        [Request(f"{n}") for n in range(5)], output, SteadyTransport(), Hands(("ddp://a",), [0.0])
    )
    session.keys, kept = lambda: ["n"], []
    for number in range(5):
        home = tmp_path / f"song-{number}"
        home.mkdir()
        session._prepared[number] = Prepared(home, "", "", 9.0, 0.0, "", 0)
    session.show = kept.append
    session.run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song-4"]


def test_an_attempt_that_failed_is_not_in_the_way_of_the_next(tmp_path) -> None:
    (tmp_path / "song-0.new").mkdir()
    song = prepare(Request(str(cue_list(tmp_path / "a.json", 1.0))), tmp_path / "song-0")
    assert song.duration_s == 1.0


def test_keys_are_obeyed_while_a_song_is_not_ready_yet() -> None:
    class Slow:
        """A preparation that never ends."""

        def poll(self) -> None:
            """It goes on."""

        def kill(self) -> None:
            """It would be over."""

        def communicate(self) -> None:
            """Nothing is said."""

    typed = iter([["b"], [], ["q"]])
    session = Session(
        [Request("a.mp3")], Wished(), None, Hands(("ddp://a",), [0.0]), keys=lambda: next(typed)
    )
    session._coming = Slow()
    session.run()
    assert session.output.wishes.blackout


class Wished:
    """An output that only remembers what was wished."""

    def wish(self, wishes: Wishes) -> None:
        self.wishes = wishes

    def check(self) -> None:
        """It lives."""


def test_only_drawn_shows_are_taken_to_run_early() -> None:
    """The flashes of ``calibrate`` fall with their clicks; a lead there would be saved as an offset."""
    output, line = Wished(), Anchor(0.0, 0.0, 1.0)
    flashes = Session([Request("calibration")], output, None, Hands(("ddp://a",), [0.0]))
    flashes._wish(line, 0)
    assert output.wishes.lead_s == 0.0
    words = Namespace(lights_first=None, no_audio=False, start=0.0, loop=False)
    drawn = _session(words, [Request("a.json")], output, flashes.hands)
    drawn._wish(line, 0)
    assert output.wishes.lead_s == pytest.approx(0.030 - 1.0 / 60)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_no_hand_makes_a_flash(seed: int) -> None:
    """Blackouts, masters, seeks and pauses at random over a bright show: what leaves is within the limits."""
    rng = np.random.default_rng(seed)
    safe = Limiter(2).run(rng.choice([0, 255], (600, 2, 3)).astype(np.uint8))
    fader, idle, limiter = Fader(), Idle(2), Limiter(2)
    at, master, blackout, stale, sent = 0, 1.0, False, False, []
    for _ in range(900):
        if rng.random() < 0.05:
            at = int(rng.integers(0, 600))
        if rng.random() < 0.05:
            master, blackout, stale = float(rng.random()), bool(rng.random() < 0.5), bool(rng.random() < 0.3)
        at = (at + 1) % 600
        sent.append(limiter.step(fader.step(idle.step(safe[at], stale), master, blackout)))
    assert not violations(np.stack(sent))
