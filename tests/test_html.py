"""The page as a file: what is in it, what is not, and that strangers' text stays text."""

import base64
import hashlib
import html.parser
import json
import re
import zlib
from importlib.resources import files
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.color import format_hex, luminance, parse_hex, rgb8_to_linear
from beatomizer.cues.cuelist import CueList, Section
from beatomizer.outputs.files import html as page
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.page import light
from beatomizer.outputs.files.page.sound import SAMPLE_RATE, sound_bytes
from beatomizer.progress import silent
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.safety.safe_show import SafeShow
from beatomizer.show.show import Show
from beatomizer.timebase import FPS
from tests.made_shows import made_cues, made_show, write_click_song

HOSTILE = "</script></style><img src=x onerror=alert(1)>\u202e\x00{{script}}\"'&"


class Elements(html.parser.HTMLParser):
    """Every start tag with its attributes, and the text inside each element that has an id."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._inside.append(dict(attributes).get("id") or tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.text[self._inside[-1]] = self.text.get(self._inside[-1], "") + data


def written(show: SafeShow, folder: Path) -> str:
    path = folder / "show.html"
    page.write(show, path, FileOptions(), silent)
    return path.read_text(encoding="utf-8")


def block(text: str, name: str) -> bytes:
    found = re.search(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', text)
    assert found is not None
    return base64.b64decode(found[1], validate=True)


def test_the_page_carries_the_light_of_every_frame(tmp_path: Path) -> None:
    show = made_show(3.0, 5)
    text = written(show, tmp_path)
    planes = np.frombuffer(zlib.decompress(block(text, "light")), dtype=np.uint8).reshape(15, show.frames)
    back = np.cumsum(planes, axis=1, dtype=np.uint8)
    np.testing.assert_array_equal(back.reshape(5, 3, -1).transpose(2, 0, 1), show.rgb8)


@given(st.integers(1, 50), st.integers(1, 4), st.integers(0, 99))
def test_packing_loses_nothing(frames: int, zones: int, seed: int) -> None:
    rgb8 = np.random.default_rng(seed).integers(0, 256, (frames, zones, 3), dtype=np.uint8)
    before = rgb8.copy()
    planes = np.frombuffer(zlib.decompress(light.packed(rgb8)), dtype=np.uint8).reshape(zones * 3, frames)
    back = np.cumsum(planes, axis=1, dtype=np.uint8).reshape(zones, 3, frames).transpose(2, 0, 1)
    np.testing.assert_array_equal(back, before)
    np.testing.assert_array_equal(rgb8, before)


def test_calm_light_has_no_flash_and_no_haste() -> None:
    t = np.arange(FPS * 20)
    wild = np.where((t // 3 % 2)[:, None, None] > 0, 255, 0) * np.ones((1, 3, 3))
    wild[600:, 1] = 0
    slow = light.calm(wild.astype(np.uint8)).astype(np.float64)
    at = np.arange(len(wild)) / light.CALM_STEP
    left = at.astype(int)
    share = (at - left)[:, None, None]
    frames = np.round(slow[left] * (1 - share) + slow[left + 1] * share).astype(np.uint8)
    assert judge(frames, "calm").ok
    bright = luminance(rgb8_to_linear(frames))
    assert bright.max() > 0.3, "calm is not dark"
    assert np.abs(bright[FPS:] - bright[:-FPS]).max() < 0.25, "from dark to full takes seconds"


def test_nothing_is_asked_of_the_network(tmp_path: Path) -> None:
    text = written(made_show(1.0, 2, made_cues(1.0)), tmp_path)
    elements = Elements(text)
    linked = [
        value
        for _, attributes in elements.tags
        for name in ("src", "href")
        if (value := attributes.get(name))
    ]
    assert linked == ["data:,"]
    code = "".join(page._asset(name) for name in (*page.SCRIPTS, "page.css", "page.html"))
    assert not re.search(r"https?:|//\w+\.\w|@import|url\(|XMLHttpRequest|WebSocket|\bfetch\(|import\(", code)


def test_only_this_script_and_this_style_may_run(tmp_path: Path) -> None:
    text = written(made_show(1.0, 2), tmp_path)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inside is not None
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy[1]
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    cues = CueList(1.0, sections=(Section(0.0, 1.0, HOSTILE, HOSTILE),), title=HOSTILE, artist=HOSTILE)
    tame = [tag for tag, _ in Elements(written(made_show(1.0, 2, made_cues(1.0)), tmp_path)).tags]
    elements = Elements(written(made_show(1.0, 2, cues), tmp_path))
    assert [tag for tag, _ in elements.tags] == tame, "no element more or less than with a tame title"
    for _, attributes in elements.tags:
        assert not any(name.startswith("on") for name in attributes)
    facts = json.loads(elements.text["facts"])
    assert facts["sections"][0]["kind"].startswith("</script>")
    assert "<img" in elements.text["bdi"]
    assert "\u202e" not in elements.text["bdi"]


def test_the_page_without_sound_and_light_is_small(tmp_path: Path) -> None:
    text = written(made_show(60.0, 8, made_cues(60.0)), tmp_path)
    shell = len(text.encode()) - sum(
        len(base64.b64encode(block(text, name))) for name in ("light", "calm", "sound")
    )
    assert shell < 60_000


def test_the_same_show_gives_the_same_bytes(tmp_path: Path) -> None:
    show = made_show(1.0, 3, made_cues(1.0), write_click_song(tmp_path / "song.wav", 1.0))
    assert written(show, tmp_path) == written(show, tmp_path)


def test_the_sound_keeps_its_place_and_its_length(tmp_path: Path) -> None:
    song = write_click_song(tmp_path / "song.wav", 5.0)
    packets = sound_bytes(song, 5 * FPS, silent)
    copy = tmp_path / "song.mp4"
    copy.write_bytes(packets)
    with av.open(str(copy)) as container:
        decoded = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert np.abs(decoded[: SAMPLE_RATE // 100]).max() > 0.2, "the first click is there"
    for at in (SAMPLE_RATE, 2 * SAMPLE_RATE, 4 * SAMPLE_RATE):
        found = int(np.argmax(np.abs(decoded[at - 2400 : at + 2400]) > 0.3)) - 2400
        assert abs(found) <= 12, f"the click at sample {at} is {found} samples off"
    assert 0 <= len(decoded) - 5 * SAMPLE_RATE < 1500
    assert len(packets) < 5 * 128_000 / 8 * 1.3


def test_sound_longer_than_the_show_is_cut(tmp_path: Path) -> None:
    song = write_click_song(tmp_path / "song.wav", 5.0)
    assert len(sound_bytes(song, FPS, silent)) < len(sound_bytes(song, 5 * FPS, silent)) / 3


@pytest.mark.parametrize(("frames", "zones"), [(0, 1), (1, 1), (30, 512)])
def test_odd_shows_have_a_page(tmp_path: Path, frames: int, zones: int) -> None:
    show = limit(Show(np.zeros((frames, zones, 3), dtype=np.uint8)))
    facts = json.loads(Elements(written(show, tmp_path)).text["facts"])
    assert facts["frames"] == max(1, frames)
    assert facts["zones"] == zones
    assert facts["sound"] == ""


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), max_size=5))
def test_the_accent_can_be_read(palette: list[tuple[int, int, int]]) -> None:
    cues = CueList(1.0, palette=tuple(format_hex(color) for color in palette))
    color = parse_hex(page.accent(Show(np.zeros((1, 1, 3), dtype=np.uint8), cues)))
    bright = float(luminance(rgb8_to_linear(np.array(color, dtype=np.uint8))))
    dark = float(luminance(rgb8_to_linear(np.array((15, 17, 22), dtype=np.uint8))))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_the_assets_travel_with_the_package() -> None:
    folder = files("beatomizer.outputs.files.page")
    assert all((folder / name).is_file() for name in (*page.SCRIPTS, "page.html", "page.css"))
