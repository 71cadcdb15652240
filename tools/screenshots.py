"""Take the pictures of the page that docs/screenshots shows: `.venv/bin/python tools/screenshots.py`."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from prefill.app import create_app
from prefill.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-lcd-text", "--lang=fr-FR",
]  # fmt: skip
ORDINARY, RCS_DOWN, UNKNOWN = "00000100800010", "00001300300017", "00001600600017"
SIZES = {"desktop": {"width": 1120, "height": 760}, "phone": {"width": 390, "height": 844}}


def fill(siret: str, state: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.fill("#siret", siret)
        page.wait_for_selector(f'[data-prefill-state="{state}"]')
        page.evaluate("document.getElementById('form').scrollIntoView({behavior: 'instant'})")

    return act


STATES: dict[str, Callable[[Page], None]] = {
    "empty": lambda _: None,
    "filled": fill(ORDINARY, "done"),
    "partial": fill(RCS_DOWN, "partial"),
    "error": fill(UNKNOWN, "error"),
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = make_server("127.0.0.1", 0, create_app(Settings(log="json")), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, env={"LANGUAGE": "fr_FR", "LANG": "fr_FR.UTF-8"}
        )
        for size, viewport in SIZES.items():
            for scheme in ("light", "dark"):
                for state, act in STATES.items():
                    if scheme == "dark" and state != "filled":
                        continue
                    page = browser.new_page(
                        viewport=viewport, color_scheme=scheme, reduced_motion="reduce", locale="fr-FR"
                    )
                    page.goto(f"http://127.0.0.1:{server.server_port}/")
                    act(page)
                    name = f"{state}-{size}{'-dark' if scheme == 'dark' else ''}.png"
                    page.screenshot(path=str(FOLDER / name))
                    page.close()
                    sys.stdout.write(f"{name}: {(FOLDER / name).stat().st_size} bytes\n")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
