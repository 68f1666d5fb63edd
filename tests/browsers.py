"""The real Chromium that pages are tried in."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Any]:
    """A browser started with these arguments; where there is none, the test is skipped and says what it needs."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (the 'test' group)")
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        yield browser
        browser.close()
