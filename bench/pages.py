"""What a page weighs when it is opened for the first time, as the browser received it."""

import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from local.auth import PASSWORD
from tests.running import RunningStack

PAGES = {"/client/": "alice@client.example", "/hub/": "mikl@foxeo.example"}
# What is not ours to make lighter, and what is no part of a page.
APART = ("/vendor/supabase.js",)
DATA = ("/functions/", "/auth/", "/realtime/", "/config.json")


def weights() -> dict[str, Any]:
    """For each page: kB as they came, requests, and the heaviest files."""
    installed = shutil.which("chromium") or shutil.which("chromium-browser")
    home = Path(tempfile.mkdtemp(prefix="visio-bench-", dir="/var/tmp"))
    home.chmod(0o755)
    stack = RunningStack(home)
    try:
        stack.until_healthy()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
            return {path: _weight(browser, stack.origin, path, who) for path, who in PAGES.items()}
    finally:
        stack.interrupt()
        shutil.rmtree(home)


def _weight(browser: Browser, origin: str, path: str, email: str) -> dict[str, Any]:
    """One page, signed in and drawn, in a browser that has never seen it."""
    context = browser.new_context(locale="fr-FR")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on(
        "Network.responseReceived",
        lambda event: urls.update({event["requestId"]: event["response"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}),
    )
    page.goto(origin + path)
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#sign-in button").click()
    page.locator("visio-agenda p, visio-agenda article").first.wait_for()
    page.wait_for_timeout(1_000)
    ours: dict[str, int] = {}
    apart: dict[str, int] = {}
    for request, size in sizes.items():
        name = urlsplit(urls.get(request, "")).path
        if not name.startswith(DATA):
            (apart if name in APART else ours)[name] = size
    context.close()
    heaviest = sorted(ours.items(), key=lambda one: -one[1])[:5]
    return {
        "kB": round(sum(ours.values()) / 1000, 1),
        "requests": len(ours),
        "heaviest": {name: round(size / 1000, 1) for name, size in heaviest},
        "supabaseJsKB": round(sum(apart.values()) / 1000, 1),
    }
