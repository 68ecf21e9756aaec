"""What tests in a real Chromium share."""

import os
import re
import shutil
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = Path(os.environ.get("MPP_PICTURES", "build/pictures"))
IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: install it, or name it in CHROMIUM"),
]
SCREENS = [*IN_CHROMIUM, pytest.mark.screens]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def picture(page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def seen(page, selector: str, text: str | re.Pattern) -> None:
    found = page.locator(selector)
    playwright.expect(found).to_be_visible(timeout=10_000)
    playwright.expect(found).to_contain_text(text, timeout=10_000)
