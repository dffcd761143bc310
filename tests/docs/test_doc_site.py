"""The site: built strictly, the same bytes each time, and nothing in it is fetched from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from code_blocks import DOCS, PROJECT, pages

pytest.importorskip("material", reason="needs the extra `docs`: pip install '.[docs]'")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PICTURE = re.compile(r'<img src="([^"]+)"')
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Hosts that pages link to; no test asks them.
HOSTS = {"kislyuk.github.io"}


def build(folder: Path) -> Path:
    """Build the site, a warning (a link that leads nowhere, a page outside the navigation) being an error."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("site"))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_pages_give_the_same_bytes(site, tmp_path):
    first, second = files(site), files(build(tmp_path))
    assert [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)] == []


def test_nothing_is_fetched_from_elsewhere(site):
    fetched = re.compile(
        r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["']?(?:https?:)?//|@import\s|url\(["']?(?:https?:)?//"""
    )
    texts = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert [path.relative_to(site).as_posix() for path in texts if fetched.search(path.read_text())] == []


def test_every_page_of_the_navigation_is_there():
    named = re.findall(r": ([\w/-]+\.md)$", (PROJECT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert len(named) > 20
    assert [page for page in named if not (DOCS / page).is_file()] == []


def test_every_page_is_made(site):
    assert [
        path for path in DOCS.rglob("*.md") if not (site / path.relative_to(DOCS)).with_suffix(".html").is_file()
    ] == []


@pytest.mark.parametrize(
    "path",
    [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "examples" / "README.md"],
    ids=lambda path: path.name,
)
def test_a_page_outside_the_site_links_to_what_is_there(path):
    text = path.read_text()
    links = [link.partition("#")[0] for link in LINK.findall(text) if not link.startswith("https://")]
    links += PICTURE.findall(text)
    assert [link for link in links if link and not (path.parent / link).exists()] == []


def test_hosts_that_pages_link_to_are_listed():
    links = [link for path in pages() for link in LINK.findall(path.read_text()) if "://" in link]
    assert {link.split("/")[2] for link in links} <= HOSTS


@pytest.mark.skipif(BROWSER is None, reason="needs a Chromium")
def test_search_finds_a_word_where_a_browser_opens_the_file(site, tmp_path):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", f"--user-data-dir={tmp_path}"]
    address = f"{(site / 'index.html').as_uri()}?q=tolerance"
    done = subprocess.run(
        [BROWSER, *flags, "--dump-dom", address], capture_output=True, text=True, timeout=120, check=True
    )
    assert re.search(r"md-search-result__meta\">\d+ matching documents", done.stdout)
