"""The explorer as a process, and a browser that visits it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # ms, for what compiles first


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Start ``remodel explore`` and return its address once it is warm."""
    command = [sys.executable, "-m", "remodel.cli.main", "explore", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    complaints: list[str] = []
    reader = threading.Thread(target=lambda: complaints.extend(process.stderr), daemon=True)
    reader.start()
    try:
        found = ""
        for line in process.stdout:
            match = re.search(r"http://\S+", line)
            found = match[0] if match else found
            if line.startswith("Ready"):
                break
        assert found, "".join(complaints)
        yield found
        assert process.poll() is None, "the server has died: " + "".join(complaints)
    finally:
        process.terminate()
        process.wait(timeout=20)
        reader.join(timeout=5)
        process.stdout.close()
        process.stderr.close()
    assert not complaints, "the server complained: " + "".join(complaints)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Debian's Chromium where it is, or that of Playwright."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = os.environ.get("REMODEL_CHROMIUM") or shutil.which("chromium")
    with playwright.sync_playwright() as tools:
        if path is None and not Path(tools.chromium.executable_path).exists():
            pytest.skip("there is no Chromium here; run: playwright install chromium")
        browser = tools.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


class Visit:
    """A window on the page that remembers what went wrong and what was asked elsewhere."""

    def __init__(self, context: Any, address: str) -> None:
        self.page = context.new_page()
        self.address = address
        self.failures: list[str] = []
        self.elsewhere: list[str] = []
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("dialog", lambda dialog: (self.failures.append("dialog"), dialog.dismiss()))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.failures.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.elsewhere.append(request.url)

    def open(self, fragment: str = "") -> Any:
        """Open the page and wait until curves and bands are drawn."""
        self.page.goto(self.address + fragment)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until curves, bands, trials and risks belong to what stands on the page."""
        self.page.wait_for_timeout(30)
        self.page.locator("#figure:not(.busy) path.curve").first.wait_for()
        self.page.locator("#status", has_text=re.compile("after|simulated|Not")).wait_for()

    def open_all(self) -> None:
        """Open every part of the page."""
        self.page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Return a function that opens a window; no window may have failed or asked elsewhere."""
    contexts, visits = [], []

    def make(width: int = 1280, height: int = 900, **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        visits.append(Visit(context, address))
        return visits[-1]

    yield make
    for context in contexts:
        context.close()
    for each in visits:
        assert not each.failures
        assert not each.elsewhere
