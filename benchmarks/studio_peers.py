"""What a web interface weighs and how it answers keys, a phone and axe-core: for the table in docs/studio-peers.md.

``python benchmarks/studio_peers.py URL [--pages /#/Home …] [--axe axe.min.js] [--chromium PATH]``

Looks at a page that already runs (LedFx, or the studio) and changes nothing on it but what its keys do. axe-core
(MPL-2.0) is no part of the project: ``pip download --no-deps axe-playwright-python`` has its one file.
"""

import argparse
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

SIZES = ((1440, 900), (390, 844))
KEYS = ("Space", "b", "Escape", "Control+z")
LEDFX = ("/#/Home", "/#/Devices", "/#/Scenes", "/#/Settings")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SMALLEST_PX = 24
"""WCAG 2.2, success criterion 2.5.8."""

CONTROLS = """[...document.querySelectorAll('button,a[href],input,select,[role=button],[role=slider]')]
    .filter((e) => e.offsetParent)"""
SMALL = f"""() => {{
    const boxes = {CONTROLS}.map((e) => e.getBoundingClientRect());
    return [boxes.length, boxes.filter((b) => b.width < {SMALLEST_PX} || b.height < {SMALLEST_PX}).length];
}}"""
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
PAINT = (
    "performance.getEntriesByName('first-contentful-paint').map((e) => Math.round(e.startTime))[0] ?? null"
)


def _loaded(context: BrowserContext, url: str, wait_ms: int) -> tuple[Page, dict[str, Any]]:
    """Open the page with an empty cache; what came over the wire."""
    page = context.new_page()
    wire: dict[str, Any] = {"requests": 0, "bytes": 0, "elsewhere": set()}
    session = context.new_cdp_session(page)
    session.send("Network.enable")

    def asked(event: dict[str, Any]) -> None:
        address = event["request"]["url"]
        wire["requests"] += 1
        if not address.startswith((url, "data:", "blob:")):
            wire["elsewhere"].add(address)

    def came(event: dict[str, Any]) -> None:
        wire["bytes"] += int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", came)
    page.goto(url)
    page.wait_for_timeout(wait_ms)
    return page, wire


def _dismiss(page: Page, greeting: str) -> None:
    """Press the button of a greeting, if one is seen."""
    button = page.get_by_text(greeting, exact=True).first
    if button.is_visible():
        button.click()
        page.wait_for_timeout(700)


def _changed_by_keys(page: Page) -> list[str]:
    """Keys after which the page's text or address is another one."""
    found = []
    for key in KEYS:
        before = (page.url, page.inner_text("body"))
        page.keyboard.press(key)
        page.wait_for_timeout(500)
        if (page.url, page.inner_text("body")) != before:
            found.append(key)
    return found


def _axe(page: Page, script: str) -> list[str]:
    page.evaluate(script)
    found = page.evaluate("(rules) => axe.run(document, { runOnly: rules }).then((r) => r.violations)", RULES)
    return [f"{one['impact']} {one['id']} ×{len(one['nodes'])}" for one in found]


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--pages", nargs="*", default=LEDFX, help="of the same address (default: LedFx's)")
    parser.add_argument("--axe", type=Path, help="axe.min.js")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--dismiss", default="Skip", help="button of a greeting that is in the way")
    chosen = parser.parse_args()
    url = chosen.url.rstrip("/")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chosen.chromium, args=["--no-sandbox"])
        for width, height in SIZES:
            context = browser.new_context(viewport={"width": width, "height": height})
            page, wire = _loaded(context, url, 5000)
            print(f"{width}×{height}: {wire['bytes']} bytes in {wire['requests']} requests,", end=" ")
            print(
                f"first paint {page.evaluate(PAINT)} ms, asks elsewhere: {sorted(wire['elsewhere']) or 'nobody'}"
            )
            _dismiss(page, chosen.dismiss)
            print(f"  keys that change something: {_changed_by_keys(page) or 'none of ' + ' '.join(KEYS)}")
            for name in chosen.pages:
                page.goto(url + name)
                page.reload()  # a page may read what stands behind the # only once
                page.wait_for_timeout(2500)
                _dismiss(page, chosen.dismiss)
                controls, small = page.evaluate(SMALL)
                print(f"  {name}: {controls} controls, {small} under {SMALLEST_PX} px,", end=" ")
                print("scrolls sideways" if page.evaluate(SIDEWAYS) else "fits", end="")
                print(f", axe: {_axe(page, chosen.axe.read_text()) or 'nothing'}" if chosen.axe else "")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
