"""Pages in a real Chromium: measured, drawn and printed. They lie in an iframe, as MLflow's artifact pane has them."""

import html
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from devtools import NAMES, QUIET_FLAGS

# Headless Chromium has no narrower window; an iframe may be as narrow as one likes.
NARROWEST_WINDOW = 520
# Rectangles of what a page draws, and whatever sticks out of it and lies in no box of its own that scrolls.
MEASURE = """
<script>addEventListener('load', () => {
  const measured = {};
  for (const frame of document.querySelectorAll('iframe')) {
    const page = frame.contentDocument, width = frame.clientWidth;
    const rect = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; };
    measured[frame.id] = {
      overflow: page.documentElement.scrollWidth - width,
      height: page.documentElement.scrollHeight,
      outside: [...page.querySelectorAll('body *')].filter(e => !e.closest('.box, .answers, caption, svg') && rect(e)[0] + rect(e)[2] > width + 1)
        .map(e => e.tagName + '.' + e.className).slice(0, 5),
      cut: [...page.querySelectorAll('table, dl, ol, .card, .answers, figure')].filter(e => !e.closest('#comparisons')
        && (e.scrollWidth > e.clientWidth + 1 || rect(e)[0] + rect(e)[2] > rect(e.parentElement)[0] + rect(e.parentElement)[2] + 1))
        .map(e => (e.closest('section') || page.body).id + ' ' + (e.getAttribute('aria-label') || e.tagName + '.' + e.className)).slice(0, 9),
      pictures: [...page.querySelectorAll('img')].map(rect),
      charts: [...page.querySelectorAll('svg.chart')].map(rect),
      verdict: rect(page.querySelector('.verdict')),
      folded: page.querySelectorAll('details:not([open])').length,
      heads: [...page.querySelectorAll('.cards-on-phone th[scope=col]')].filter(e => getComputedStyle(e.closest('thead')).position != 'absolute').length,
      broken: [...page.querySelectorAll('img')].filter(i => !i.naturalWidth).length,
    };
  }
  document.body.textContent = JSON.stringify(measured);
});</script>
"""


def find() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def run(*arguments: str) -> str:
    program = find()
    assert program
    with tempfile.TemporaryDirectory() as profile:
        command = [program, *QUIET_FLAGS, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def measure(pages: Mapping[str, tuple[str, int]], folder: Path) -> dict[str, dict]:
    """What each page of a width measures, by its name."""
    frames = "".join(
        f'<iframe id="{name}" style="border:0;width:{width}px;height:1000px" srcdoc="{html.escape(page)}"></iframe>'
        for name, (page, width) in pages.items()
    )
    harness = folder / "measure.html"
    harness.write_text(f'<!doctype html><meta charset="utf-8"><body>{frames}{MEASURE}', encoding="utf-8")
    drawn = run("--dump-dom", "--virtual-time-budget=5000", "--window-size=1400,1000", harness.as_uri())
    body = re.search(r"<body>(.*?)</body>", drawn, re.DOTALL)
    assert body
    return json.loads(html.unescape(body[1]))


def draw(page: str, width: int, height: int, folder: Path, *, dark: bool = False) -> np.ndarray:
    """A screenshot, [height, width, 3] bytes."""
    harness, picture = folder / "draw.html", folder / "drawn.png"
    frame = f'<iframe style="border:0;display:block;width:{width}px;height:{height}px" srcdoc="{html.escape(page)}"></iframe>'
    harness.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0">{frame}', encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    size = f"--window-size={max(width, NARROWEST_WINDOW)},{height}"
    run(scheme, size, "--virtual-time-budget=5000", f"--screenshot={picture}", harness.as_uri())
    return np.asarray(Image.open(io.BytesIO(picture.read_bytes())).convert("RGB"))[:, :width]


def print_pages(page: str, folder: Path) -> int:
    """How many pages of paper it takes."""
    source, paper = folder / "print.html", folder / "printed.pdf"
    source.write_text(page, encoding="utf-8")
    run("--blink-settings=preferredColorScheme=0", f"--print-to-pdf={paper}", "--no-pdf-header-footer", source.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
