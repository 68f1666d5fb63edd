"""Rigs: fixtures, patch, mixing, the file, definitions of others, and zones on any of them."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import U8
from beatomizer.color import linear_to_rgb8, luminance, rgb8_to_linear
from beatomizer.errors import BeatomizerError, UnreadableInputError, UsageError
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.outputs.lights.response import Response
from beatomizer.rig.fixture import KINDS, ROLES, Calibration, Fixture, Slot, slots_of_order
from beatomizer.rig.mixing import light_of_slots, slot_bytes
from beatomizer.rig.open_fixture_library import read_ofl
from beatomizer.rig.patch import DmxPatch, check_overlaps, places_of, plain_fixtures
from beatomizer.rig.pixels import PixelPatch, plain_strip
from beatomizer.rig.rig import Rig
from beatomizer.rig.rig_file import read_rig, write_rig
from beatomizer.rig.seen import Seen
from beatomizer.rig.zone_map import STAGE, zones_of_lamps
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import profile_named

RIG = """
name = "Cellar"
[outputs]
dmx = "sacn://192.168.1.20"
sofa = "wled://wled-sofa.local"

[[fixture]]
name = "Par left"
kind = "rgbw"
output = "dmx"
address = 1
position = -2
[[fixture]]
name = "Par right"
kind = "rgba"
output = "dmx"
address = 5
position = 2.0
gamma = 2.2
white = "#ffeedd"
maximum = 0.8
[[fixture]]
name = "Washer"
slots = ["dimmer", "dimmer fine", "red", "green", "blue", "fixed 255"]
output = "dmx"
universe = 2
address = 507
role = "background"
[[fixture]]
name = "Sofa"
kind = "matrix"
output = "sofa"
pixels = 12
columns = 4
snake = true
order = "GRB"
"""


def colors(*rows: tuple[int, int, int]) -> U8:
    return np.array(rows, dtype=np.uint8)


def linear(*rows: tuple[int, int, int]) -> np.ndarray:
    return rgb8_to_linear(colors(*rows))


# --- the file ----------------------------------------------------------------------------------------------------


def test_a_rig_file_says_what_it_means(tmp_path: Path) -> None:
    path = tmp_path / "cellar.toml"
    path.write_text(RIG)
    rig = read_rig(path)
    left, right, washer, sofa = rig.fixtures
    assert (left.kind, left.address, left.position, left.calibration.gamma) == ("rgbw", 1, -2.0, 1.0)
    assert right.calibration.maximum == 0.8
    assert right.calibration.white[0] == 1.0
    assert washer.slots[-1] == Slot("fixed", 255)
    assert washer.slots[1] == Slot("dimmer", fine=True)
    assert (sofa.columns, sofa.snake, sofa.slots[0].meaning, sofa.calibration.gamma) == (
        4,
        True,
        "green",
        1.0,
    )
    assert [f.name for f in rig.behind("wled://wled-sofa.local").fixtures] == ["Sofa"]
    assert rig.behind("screen://") == rig


def test_a_written_rig_is_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(RIG)
    rig = read_rig(tmp_path / "one.toml")
    write_rig(rig, tmp_path / "two.toml", ("found today",))
    assert read_rig(tmp_path / "two.toml") == rig


@given(st.text(max_size=40), st.floats(-50, 50), st.sampled_from(ROLES), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_any_name_survives_the_file(name: str, position: float, role: str, maximum: float) -> None:
    import tempfile

    rig = Rig(
        (Fixture(name, position=position, role=role, calibration=Calibration(1.0, maximum=maximum)),),
        {},
        name,
    )
    with tempfile.TemporaryDirectory() as folder:
        write_rig(rig, Path(folder) / "rig.toml")
        assert read_rig(Path(folder) / "rig.toml") == rig


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("address = 5", "address = 4"), "'Par left' and 'Par right' both use address 4 of universe 1"),
        (("address = 507", "address = 508"), "'Washer' takes addresses 508 to 513 of universe 2"),
        (("address = 507", "address = 0"), "'Washer' is at address 0"),
        (('"rgbw"', '"rgbx"'), "'Par left' is of the kind 'rgbx'"),
        (('"Par right"', '"Par left"'), "two fixtures are called 'Par left'"),
        (('output = "sofa"', 'output = "bed"'), "'Sofa' hangs on 'bed'"),
        (('"background"', '"backdrop"'), "'Washer' has the role 'backdrop'"),
        (("gamma = 2.2", "gama = 2.2"), "'Par right' has an entry 'gama'"),
        (("gamma = 2.2", "gamma = 9"), "'Par right': a lamp's gamma cannot be 9"),
        (("maximum = 0.8", "maximum = 1.5"), "'Par right': white and maximum can only turn a lamp down"),
        (("columns = 4", "columns = 5"), "'Sofa' has 12 pixels in rows of 5"),
        (('"GRB"', '"GRR"'), "'Sofa': 'GRR' is not an order of colours"),
        (('"fixed 255"', '"fixed 300"'), "'Washer': a fixed slot cannot hold 300"),
        (("pixels = 12", "pixels = 1.5"), "'Sofa': pixels must be a whole number"),
    ],
)
def test_mistakes_are_named_with_their_fixture(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    path = tmp_path / "rig.toml"
    assert change[0] in RIG
    path.write_text(RIG.replace(*change))
    with pytest.raises(UsageError) as caught:
        read_rig(path)
    assert says in str(caught.value)
    assert caught.value.hint


def test_what_is_not_a_rig_file_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_bytes(b"\xff\x00[[[")
    for path in (tmp_path / "rig.toml", tmp_path / "none.toml", tmp_path):
        with pytest.raises(UnreadableInputError):
            read_rig(path)


# --- the patch ---------------------------------------------------------------------------------------------------


def test_overlap_of_a_long_strip_reaches_into_the_next_universe() -> None:
    strip = Fixture("Strip", "strip", pixels=200, universe=3)
    places = places_of(strip, 1, 63999)
    assert (places[169].universe, places[169].address) == (3, 508)
    assert (places[170].universe, places[170].address) == (4, 1)
    with pytest.raises(UsageError, match="'Strip' and 'Lamp' both use address 90 of universe 4"):
        check_overlaps((strip, Fixture("Lamp", universe=4, address=90)))


@pytest.mark.parametrize(("universe", "lowest"), [(0, 1), (64000, 1), (32768, 0)])
def test_universes_out_of_range_name_the_fixture(universe: int, lowest: int) -> None:
    highest = 63999 if lowest else 32767
    with pytest.raises(UsageError, match=f"'Lamp' lies in universe {universe}"):
        DmxPatch((Fixture("Lamp", universe=universe),), 1, lowest, highest)


def test_plain_zones_are_linear_light() -> None:
    """Golden bytes: sRGB's half is 55 of 255 in linear light, and 188 is half the light (IEC 61966-2-1)."""
    rgb8 = colors((0, 6, 7), (13, 64, 128), (188, 232, 255))
    patch = DmxPatch(plain_fixtures(3, 1), 3, 1, 63999)
    assert patch.render(rgb8)[0, :9].tolist() == [0, 0, 1, 1, 13, 55, 128, 206, 255]
    assert PixelPatch(plain_strip(3), 3).render(rgb8).ravel().tolist() == [0, 0, 1, 1, 13, 55, 128, 206, 255]


def test_plain_zones_for_receivers_of_srgb_are_the_bytes_themselves() -> None:
    rgb8 = np.random.default_rng(0).integers(0, 256, (200, 3), dtype=np.uint8)
    patch = DmxPatch(Response(True, None).of(plain_fixtures(200, 7)), 200, 1, 63999)
    assert patch.universes == (7, 8)
    universes = patch.render(rgb8)
    assert np.array_equal(universes[0, :510], rgb8[:170].ravel())
    assert np.array_equal(universes[1, :90], rgb8[170:].ravel())
    assert not universes[0, 510:].any()
    assert not universes[1, 90:].any()
    assert patch.slots_used == (510, 90)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_gather_equals_the_slow_way(zones: int, seed: int) -> None:
    """The patch as one would write it first: lamp by lamp."""
    rng = np.random.default_rng(seed)
    fixtures, address = [], 1
    for number in range(8):
        kind = str(rng.choice(["rgb", "rgbw", "rgba", "drgb", "cct", "dimmer", "strip"]))
        pixels = int(rng.integers(1, 9)) if kind == "strip" else 1
        calibration = Calibration(float(rng.choice([1.0, 2.2])), (1.0, 0.5, 0.9), float(rng.uniform(0, 1)))
        if rng.random() < 0.3:
            calibration = Calibration(gamma=None)
        role, position = str(rng.choice(ROLES)), float(rng.uniform(-3, 3))
        fixture = Fixture(
            f"{number}",
            kind,
            KINDS[kind],
            "",
            1,
            address,
            pixels,
            position=position,
            role=role,
            calibration=calibration,
        )
        fixtures.append(fixture)
        address += fixture.footprint
    rgb8 = rng.integers(0, 256, (zones, 3), dtype=np.uint8)
    (universe,) = DmxPatch(tuple(fixtures), zones, 1, 1).render(rgb8)
    light = rgb8_to_linear(rgb8)
    for fixture, chosen in zip(fixtures, zones_of_lamps(tuple(fixtures), zones)):
        for pixel, zone in enumerate(chosen):
            color = light.mean(axis=0) if zone == STAGE else light[zone]
            color = np.full(3, luminance(color)) if fixture.role == "strobe" else color
            (wanted,) = slot_bytes(color[None], fixture.slots, fixture.calibration)
            start = fixture.address - 1 + pixel * len(fixture.slots)
            shown = universe[start : start + len(fixture.slots)]
            assert np.abs(shown.astype(int) - wanted).max() <= 1  # sums in another order


def test_pixels_of_one_receiver_may_differ_in_gamma() -> None:
    strips = tuple(
        Fixture(f"{gamma}", "strip", pixels=1, calibration=Calibration(gamma)) for gamma in (1.0, 2.2, None)
    )
    (linear_one, bent, srgb) = PixelPatch(strips, 1).render(colors((128, 0, 0)))[:, 0].tolist()
    assert (linear_one, bent, srgb) == (55, 127, 128)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from([None, 1.0, 2.2]), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_slow_fade_never_turns_back(kind: str, gamma: float | None, seed: int) -> None:
    """Of any colour, in any lamp, also with fine slots: the light of each slot only falls, as the fade does."""
    color = np.random.default_rng(seed).uniform(0, 1, 3)
    slots = KINDS[kind]
    for wide in (slots, tuple(Slot(s.meaning, fine=f) for s in slots for f in (False, True))):
        fade = slot_bytes(np.linspace(1, 0, 3000)[:, None] * color, wide, Calibration(gamma)).astype(int)
        if "dimmer" in kind or kind.startswith("d"):
            fade = fade[:, :1] if wide is slots else fade[:, :2]  # the colours of a dimmed lamp stand still
        values = fade if wide is slots else fade[:, ::2] * 256 + fade[:, 1::2]
        assert (np.diff(values, axis=0) <= 0).all()


@given(
    st.sampled_from(sorted(set(KINDS) - {"matrix"})),
    st.sampled_from([None, 1.0, 2.2]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_what_is_seen_is_the_light_that_the_slots_give(kind: str, gamma: float | None, seed: int) -> None:
    """Of one lamp for each zone; where that is the frame itself, nothing is said."""
    rng = np.random.default_rng(seed)
    rgb8 = rng.integers(0, 256, (3, 3), dtype=np.uint8) // np.uint8(rng.choice([1, 6, 20]))
    calibration = Calibration(gamma, maximum=float(rng.choice([1.0, 0.7])))
    slots, size = KINDS[kind], len(KINDS[kind])
    lamps = tuple(
        Fixture(f"{n}", kind, slots, address=1 + size * n, calibration=calibration) for n in range(3)
    )
    patch = DmxPatch(lamps, 3, 1, 1)
    given = patch.render(rgb8)[0, : 3 * size].reshape(3, size)
    seen = patch.seen(rgb8)
    shown = linear_to_rgb8(light_of_slots(given, slots, gamma))
    assert np.array_equal(rgb8 if seen is None else seen, shown)


def test_fine_slots_and_srgb_receivers_show_the_frame_itself() -> None:
    fine = tuple(Slot(color, fine=f) for color in ("red", "green", "blue") for f in (False, True))
    rgb8 = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    for lamp in (Fixture("f", slots=fine), Fixture("s", calibration=Calibration(None))):
        seen = Seen([(zone, (lamp.slots, lamp.calibration, False)) for zone in range(256)], 256)
        assert seen(rgb8) is None


def test_a_lamp_alone_shows_the_stage_and_its_steps() -> None:
    patch = DmxPatch((Fixture("par"),), 2, 1, 1)
    seen = patch.seen(colors((20, 0, 0), (6, 0, 0)))
    assert seen is not None
    assert seen.tolist() == [[13, 0, 0]] * 2  # their mean is 1.12 of 255 in linear light, shown as 1


# --- mixing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "color", "wanted"),
    [
        ("rgb", (255, 0, 128), [255, 0, 55]),  # a linear lamp: 0.2158 of 255
        ("rgbw", (255, 255, 255), [0, 0, 0, 255]),
        ("rgbw", (255, 0, 0), [255, 0, 0, 0]),
        ("rgba", (255, 188, 0), [1, 0, 0, 254]),  # green 0.5: all amber but rounding
        ("drgb", (0, 128, 0), [55, 0, 255, 0]),
        ("drgb", (0, 0, 0), [0, 0, 0, 0]),
        ("dimmer", (0, 255, 0), [182]),  # luminance .7152
        ("cct", (255, 0, 0), [54, 0]),  # .2126, all warm
        ("cct", (0, 0, 255), [0, 18]),
        ("cct", (255, 255, 255), [128, 128]),
    ],
)
def test_mixing(kind: str, color: tuple[int, int, int], wanted: list[int]) -> None:
    (out,) = slot_bytes(linear(color), KINDS[kind], Calibration(1.0))
    assert np.abs(out.astype(int) - wanted).max() <= 1, out


def test_sixteen_bits_and_fixed_slots() -> None:
    slots = (Slot("red"), Slot("red", fine=True), Slot("green"), Slot("blue"), Slot("fixed", 9))
    (out,) = slot_bytes(np.array([[0.5, 0.25, 0.0]]), slots, Calibration(1.0))
    assert out.tolist() == [0x80, 0x00, 64, 0, 9]


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2**32 - 1), st.sampled_from([None, 1.0, 2.2]))
def test_no_lamp_gives_more_light_than_the_colour(kind: str, seed: int, gamma: float | None) -> None:
    """Light that leaves, worked out from the slots with the lamp's own response, never exceeds what was wanted."""
    light = np.random.default_rng(seed).uniform(0, 1, (50, 3))
    slots = KINDS[kind]
    out = slot_bytes(light, slots, Calibration(gamma)) / 255.0
    response = (
        (lambda v: v**gamma) if gamma else (lambda v: rgb8_to_linear(np.round(v * 255).astype(np.uint8)))
    )
    share = {slot.meaning: response(out[:, column]) for column, slot in enumerate(slots)}
    white = share.get("white", 0) + share.get("warm", 0) + share.get("cool", 0)
    amber = share.get("amber", 0)
    if "red" in share:
        mixed = np.stack([share["red"], share["green"], share["blue"]], axis=1)
        mixed = mixed + np.reshape(white, (-1, 1)) + np.reshape(amber, (-1, 1)) * np.array([1.0, 0.5, 0.0])
        mixed = mixed * np.reshape(share.get("dimmer", 1.0), (-1, 1))
        assert np.abs(mixed - light).max() < 0.02
    else:
        assert np.abs(white + share.get("dimmer", 0) - luminance(light)).max() < 0.01


def test_calibration_only_turns_down() -> None:
    with pytest.raises(UsageError):
        Calibration(1.0, (1.1, 1, 1))
    with pytest.raises(UsageError):
        Calibration(float("nan"))
    (out,) = slot_bytes(np.ones((1, 3)), KINDS["rgb"], Calibration(1.0, (1.0, 0.5, 0.25), 0.5))
    assert out.tolist() == [128, 64, 32]


def test_orders() -> None:
    assert [slot.meaning for slot in slots_of_order("GRBW")] == ["green", "red", "blue", "white"]


# --- zones on any rig --------------------------------------------------------------------------------------------


def test_lamps_show_the_zone_at_their_place() -> None:
    lamps = tuple(Fixture(f"{x}", position=x) for x in (3.0, -3.0, 1.0, -1.0))
    assert [int(zone[0]) for zone in zones_of_lamps(lamps, 8)] == [7, 0, 5, 2]


def test_each_role_is_spread_over_the_whole_stage() -> None:
    lamps = (
        Fixture("w1", position=-9.0),
        Fixture("w2", position=9.0),
        Fixture("a1", position=-1.0, role="accent"),
        Fixture("a2", position=1.0, role="accent"),
        Fixture("b", position=0.0, role="background"),
        Fixture("s", position=0.0, role="strobe"),
    )
    assert [int(zone[0]) for zone in zones_of_lamps(lamps, 8)] == [0, 7, 0, 7, STAGE, STAGE]


def test_a_matrix_is_laid_out_by_columns_and_snakes() -> None:
    straight = Fixture("m", "matrix", pixels=12, columns=4)
    assert zones_of_lamps((straight,), 4)[0].tolist() == [0, 1, 2, 3] * 3
    snake = Fixture("m", "matrix", pixels=12, columns=4, snake=True)
    assert zones_of_lamps((snake,), 4)[0].tolist() == [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3]


@given(st.integers(1, 40), st.integers(1, 500))
def test_a_strip_shows_every_zone_in_order(zones: int, pixels: int) -> None:
    (chosen,) = zones_of_lamps(plain_strip(pixels), zones)
    if pixels == 1:
        assert chosen.tolist() == [STAGE]
        return
    assert (np.diff(chosen) >= 0).all()
    if pixels >= zones:
        assert set(chosen.tolist()) == set(range(zones))


def test_a_strip_can_hang_backwards() -> None:
    strip = Fixture("s", "strip", pixels=4, position=2.0, end=-2.0)
    assert zones_of_lamps((strip,), 4)[0].tolist() == [3, 2, 1, 0]


def test_pixels_for_receivers_of_srgb_stay_as_they_are() -> None:
    rgb8 = colors((1, 2, 3), (200, 100, 50))
    assert PixelPatch(Response(True, None).of(plain_strip(4)), 2).render(rgb8).tolist() == [
        [1, 2, 3],
        [1, 2, 3],
        [200, 100, 50],
        [200, 100, 50],
    ]
    half = Fixture("s", "strip", pixels=2, calibration=Calibration(None, maximum=0.5))
    assert PixelPatch((half,), 1).render(colors((255, 0, 0))).tolist() == [[188, 0, 0]] * 2


# --- the Open Fixture Library --------------------------------------------------------------------------------------

DEFINITION = {
    "name": "Test PAR",
    "availableChannels": {
        "Dimmer": {"fineChannelAliases": ["Dimmer fine"], "capability": {"type": "Intensity"}},
        "Red": {"capability": {"type": "ColorIntensity", "color": "Red"}},
        "Green": {"capability": {"type": "ColorIntensity", "color": "Green"}},
        "Blue": {"capability": {"type": "ColorIntensity", "color": "Blue"}},
        "UV": {"capability": {"type": "ColorIntensity", "color": "UV"}},
        "Strobe": {
            "capabilities": [
                {"dmxRange": [0, 9], "type": "ShutterStrobe", "shutterEffect": "Closed"},
                {"dmxRange": [10, 249], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
                {"dmxRange": [250, 255], "type": "ShutterStrobe", "shutterEffect": "Open"},
            ]
        },
        "Program": {
            "capabilities": [
                {"dmxRange": [0, 7], "type": "NoFunction"},
                {"dmxRange": [8, 255], "type": "Effect"},
            ]
        },
        "Tilt": {"defaultValue": "50%", "capability": {"type": "Tilt", "angle": "180deg"}},
    },
    "matrix": {"pixelKeys": [[["L", "R"]]]},
    "templateChannels": {
        "Red $pixelKey": {"capability": {"type": "ColorIntensity", "color": "Red"}},
        "White $pixelKey": {"capability": {"type": "ColorIntensity", "color": "White"}},
    },
    "modes": [
        {
            "name": "8-channel",
            "shortName": "8ch",
            "channels": ["Dimmer", "Dimmer fine", "Red", "UV", "Strobe", "Program", "Tilt", None],
        },
        {
            "name": "cells",
            "channels": [
                "Dimmer fine",
                {
                    "insert": "matrixChannels",
                    "repeatFor": "eachPixelABC",
                    "channelOrder": "perPixel",
                    "templateChannels": ["Red $pixelKey", "White $pixelKey"],
                },
            ],
        },
    ],
}


def test_definitions_become_slots(tmp_path: Path) -> None:
    path = tmp_path / "par.json"
    path.write_text(json.dumps(DEFINITION))
    words = [(slot.meaning, slot.value, slot.fine) for slot in read_ofl(path, "8ch")]
    assert words == [
        ("dimmer", 0, False),
        ("dimmer", 0, True),
        ("red", 0, False),
        ("fixed", 0, False),  # UV stays dark
        ("fixed", 250, False),  # the shutter is open
        ("fixed", 0, False),  # no program
        ("fixed", 128, False),
        ("fixed", 0, False),
    ]
    assert [slot.meaning for slot in read_ofl(path, "cells")] == ["fixed", "red", "white", "red", "white"]
    with pytest.raises(UsageError, match="8ch, cells"):
        read_ofl(path)
    rig = tmp_path / "rig.toml"
    rig.write_text('[[fixture]]\nname = "Par"\nofl = "par.json"\nmode = "8ch"\naddress = 100\n')
    assert read_rig(rig).fixtures[0].footprint == 8


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "modes",
                        "name",
                        "channels",
                        "availableChannels",
                        "capability",
                        "type",
                        "repeatFor",
                        "templateChannels",
                    ]
                ),
                x,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_json_is_slots_or_one_of_our_errors(told: object) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_text(json.dumps(told))
        with contextlib.suppress(BeatomizerError):
            assert read_ofl(path)


@pytest.mark.parametrize("count", ["[100000, 100000, 100000]", "[1, 1, 1e999]", "[-1, -1, 1]"])
def test_a_matrix_of_any_size_is_refused_before_it_is_counted(tmp_path: Path, count: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(
        '{"matrix": {"pixelCount": COUNT}, "availableChannels": {}, "templateChannels": {"a $pixelKey": {}},'
        ' "modes": [{"name": "m", "channels": [{"repeatFor": "eachPixelXYZ", "templateChannels": ["a $pixelKey"],'
        ' "channelOrder": "perPixel"}]}]}'.replace("COUNT", count)
    )
    with pytest.raises(UnreadableInputError, match="not a definition"):
        read_ofl(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of POSIX")
def test_what_is_no_file_is_not_read() -> None:
    with pytest.raises(UnreadableInputError, match="no file"):
        read_rig("/dev/zero")
    with pytest.raises(UnreadableInputError, match="no file"):
        read_ofl(Path("/dev/zero"))


def test_every_kind_of_lamp_that_shows_a_zone_is_judged() -> None:
    """Two lamps on one zone round in their own ways: a change that is too small to count on the one counts on the
    other. So each has a row of its own, and what leaves is within the limits on both.
    """
    limits = profile_named("broadcast").for_rooms()
    plain, curved = Calibration(), Calibration(gamma=2.8)
    lamps = [Fixture(name, "strip", pixels=1, calibration=c) for name, c in (("a", plain), ("b", curved))]
    patch = PixelPatch(tuple(lamps), 1)
    low, high = (np.full((1, 3), value, np.uint8) for value in (8, 37))
    frames = [low] * 200 + [high, high, low, low] * 8
    alone = Seen([(0, (KINDS["rgb"], curved, False))], 1)
    assert patch.seen(low).shape == (2, 3)
    assert np.array_equal(patch.seen(high)[1:], alone(high))
    resampler = Resampler(1, 60, limits, patch.seen)
    sent = [resampler.push(LightFrame(rgb8)) for rgb8 in frames]
    for lamp in (Seen([(0, (KINDS["rgb"], plain, False))], 1), alone):
        judge = Limiter(1, limits)
        for frame in sent:
            shown = lamp(frame.rgb8)
            assert np.array_equal(judge.step(shown), shown)
    judge = Limiter(1, limits)  # as they were wished for, the second would have broken them
    assert not all(np.array_equal(judge.step(alone(rgb8)), alone(rgb8)) for rgb8 in frames)


def test_the_whole_stage_is_judged_where_every_zone_has_a_lamp_of_its_own() -> None:
    kinds = [(0, (KINDS["rgb"], Calibration(), False)), (STAGE, (KINDS["rgb"], Calibration(), False))]
    shown = Seen(kinds, 1)(np.full((1, 3), 200, np.uint8))
    assert shown.shape == (2, 3)
    assert np.array_equal(shown[0], shown[1])
