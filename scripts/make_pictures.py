"""Make the pictures of README and docs: all of them are drawn by the program from the composed demo song.

    python scripts/make_pictures.py [--page]

``--page`` also photographs the page (needs playwright and a Chromium at /usr/bin/chromium).
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.composer.compose import compose
from beatomizer.composer.song_file import write_song
from beatomizer.line import render_song
from beatomizer.outputs.files.save import save
from beatomizer.outputs.stage.still import draw_still
from beatomizer.safety.safe_show import SafeShow

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"


def brightest_frame(show: SafeShow, start_s: float, end_s: float) -> int:
    """The frame with the most light on the stage between two times."""
    first, last = round(start_s * 60), round(end_s * 60)
    light = luminance(rgb8_to_linear(show.rgb8[first:last])).sum(axis=1)
    return first + int(np.argmax(light))


def photograph(page: Path, folder: Path) -> None:
    """The page as it opens, on a desktop and on a phone."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, size in {"page": (1280, 800), "page-phone": (390, 844)}.items():
            view = browser.new_page(viewport={"width": size[0], "height": size[1]})
            view.goto(page.as_uri())
            view.wait_for_timeout(1500)
            view.screenshot(path=str(folder / f"{name}.png"))
        browser.close()


def main() -> None:
    """Compose, render, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true")
    arguments = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_song(compose(0), folder / "demo.flac")
        show = render_song(folder / "demo.flac").show
        still = Image.fromarray(draw_still(show, brightest_frame(show, 48.0, 56.0), (1280, 720)))
        still.save(PICTURES / "stage.jpg", quality=90)
        save(show, folder / "timeline.png")
        timeline = (
            Image.open(folder / "timeline.png").convert("RGB").resize((1600, 900), Image.Resampling.LANCZOS)
        )
        timeline.save(PICTURES / "timeline.png", optimize=True)
        if arguments.page:
            save(show, folder / "demo.html")
            photograph(folder / "demo.html", PICTURES)
    for picture in sorted(PICTURES.iterdir()):
        print(f"{picture}  {picture.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
