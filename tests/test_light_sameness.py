"""Two URLs that lead to one light are noticed, and two lights that only look alike are not."""

import time

import pytest

from beatomizer.cli import main
from beatomizer.outputs.lights.sameness import same_after_asking, same_lights
from beatomizer.rig.fixture import Fixture
from beatomizer.rig.rig import Rig
from tests.lamps import cue_list


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ddp://10.0.0.7", "ddp://10.0.0.7:4048"),
        ("ddp://10.0.0.7?pixels=9", "DDP://10.0.0.7/?fps=30"),
        ("ddp://sofa.local", "ddp://SOFA.local."),
        ("ddp://localhost", "ddp://127.0.0.1"),
        ("ddp://[::1]", "ddp://[0:0:0:0:0:0:0:1]"),
        ("wled://10.0.0.7", "ddp://10.0.0.7"),
        ("wled://10.0.0.7", "wled://10.0.0.7?protocol=udp"),
        ("sacn://10.0.0.7", "sacn://10.0.0.7:5568?universe=1"),
        ("sacn://multicast?universe=2", "sacn://multicast?universe=2&name=x"),
        ("artnet://10.0.0.7", "artnet://10.0.0.7?universe=0&address=100"),
        ("osc://10.0.0.7:9000", "osc://10.0.0.7:9000?prefix=x"),
        ("mqtt://10.0.0.7", "mqtt://me:secret@10.0.0.7:1883"),
        ("hue://10.0.0.2?area=TV", "hue://10.0.0.2:2100?area=TV"),
        ("enttec:///dev/ttyUSB0", "enttec:///dev/ttyUSB0?fps=30"),
        ("record://a.npz", "record://./a.npz"),
        ("screen://", "screen://?fps=10"),
    ],
)
def test_one_light_in_two_spellings(one: str, other: str) -> None:
    assert same_lights((one, other)) == (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ddp://10.0.0.7", "ddp://10.0.0.8"),
        ("ddp://127.0.0.1:4001", "ddp://127.0.0.1:4002"),
        ("wled://127.0.0.1:4001?pixels=3", "wled://127.0.0.1:4002?pixels=3"),
        ("sacn://10.0.0.7", "sacn://10.0.0.7?universe=2"),
        ("sacn://10.0.0.7", "artnet://10.0.0.7?universe=1"),
        ("hue://10.0.0.2?area=TV", "hue://10.0.0.2?area=Kitchen"),
        ("wledsync://", "wled://10.0.0.7"),
    ],
)
def test_two_lights(one: str, other: str) -> None:
    assert same_lights((one, other)) is None


def test_many_zones_reach_into_the_next_universe() -> None:
    urls = ("sacn://10.0.0.7", "sacn://10.0.0.7?universe=2")
    assert same_lights(urls, 170) is None
    assert same_lights(urls, 171) == urls


def test_a_rig_says_which_universes_an_output_sends() -> None:
    urls = ("sacn://10.0.0.7", "sacn://10.0.0.7?priority=90")
    lamps = tuple(Fixture(name, output=name, universe=number) for number, name in enumerate("ab", 1))
    assert same_lights(urls, 8, Rig(lamps, dict(zip("ab", urls)))) is None
    assert same_lights(urls, 8) == urls


def test_names_are_asked_for_only_where_they_matter() -> None:
    asked = []

    def look_up(name: str) -> str:
        asked.append(name)
        return {"sofa.local": "10.0.0.7"}.get(name, name)

    pair = ("wled://sofa.local", "wled://10.0.0.7")
    assert same_lights(pair) is None
    assert same_after_asking((*pair, "osc://tv.local:9000"), look_up=look_up) == pair
    assert "tv.local" not in asked
    assert same_after_asking(("wled://sofa.local", "wled://10.0.0.8"), look_up=look_up) is None


def test_play_refuses_a_light_in_two_spellings(tmp_path, capfd) -> None:
    words = ["--no-audio", "--to", "ddp://127.0.0.1", "--to", "ddp://localhost:4048"]
    assert main(["play", str(cue_list(tmp_path / "a.json")), *words]) == 2
    errors = capfd.readouterr().err
    assert "named twice as ddp://127.0.0.1 and ddp://localhost:4048" in errors
    assert errors.count("\n") == 1


@pytest.mark.realtime
def test_play_warns_of_names_that_meet_and_of_outputs_far_apart(tmp_path, capfd, monkeypatch) -> None:
    monkeypatch.setattr(
        "beatomizer.outputs.lights.sameness.same_after_asking.__defaults__",
        (None, None, lambda name: "127.0.0.1"),
    )
    lights = ["--to", "ddp://127.0.0.1:4999", "--to", "ddp://127.0.0.2:4999"]
    words = ["play", str(cue_list(tmp_path / "a.json", 0.3)), "--no-audio", *lights]
    assert main([*words, "--offset", "1=-150", "--offset", "2=100"]) == 0
    time.sleep(0.1)
    errors = capfd.readouterr().err
    assert "outputs are 250 ms apart" in errors
    assert "ddp://127.0.0.1:4999 and ddp://127.0.0.2:4999 are the same light" in errors
    assert main([*words, "--quiet", "--offset", "1=-150", "--offset", "2=100"]) == 0
    assert "apart" not in capfd.readouterr().err
