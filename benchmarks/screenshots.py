"""A page of reports/ in a real Chromium, at three widths, light and dark -> reports/screenshots/: python benchmarks/screenshots.py [PAGE] [--readme]."""

import argparse
import sys
import tempfile
from pathlib import Path

from PIL import Image

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests" / "parity")]

import chromium  # noqa: E402 (the tests look at the page with the same)
from pipeline.core.errors import PipelineError  # noqa: E402
from pipeline.core.paths import PARITY_PAGE, PROOF_PAGE  # noqa: E402

FOLDER = Path("reports/screenshots")
WIDTHS = (1200, 700, 390)
# The picture in the README: the top of the page, in the width of MLflow's pane.
README, README_SIZE = PROJECT / "docs" / "report.png", (700, 1540)


def choose_page() -> Path:
    """The page with the .NET half, where `verify` has run."""
    for page in (PROOF_PAGE, PARITY_PAGE):
        if page.exists():
            return page
    raise PipelineError(f"expected {PROOF_PAGE} or {PARITY_PAGE}, got neither: run `dvc repro`, or name a page")


def draw(page: Path, readme: bool) -> list[Path]:
    """Draw the page, whole, at each width, light and dark, and the README's picture of it where that is asked for.

    Raises:
        PipelineError: There is no Chromium, or no such page.
    """
    if chromium.find() is None:
        raise PipelineError(
            f"no browser draws the page: expected one of {', '.join(chromium.NAMES)} on PATH: apt-get install chromium"
        )
    if not page.is_file():
        raise PipelineError(f"{page}: there is no such page: run `dvc repro`, or name another")
    html, pictures = page.read_text(encoding="utf-8"), []
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        measured = chromium.measure({str(width): (html, width) for width in WIDTHS}, Path(scratch))
        for width in WIDTHS:
            for dark in (False, True):
                pixels = chromium.draw(html, width, measured[str(width)]["height"], Path(scratch), dark=dark)
                picture = FOLDER / f"{page.stem}-{width}-{'dark' if dark else 'light'}.png"
                Image.fromarray(pixels).save(picture)
                pictures.append(picture)
                if readme and (width, dark) == (README_SIZE[0], False):
                    top = Image.fromarray(pixels[: README_SIZE[1]])
                    top.quantize(256, Image.Quantize.FASTOCTREE).save(README, optimize=True)
                    pictures.append(README)
    return pictures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "page", nargs="?", type=Path, help=f"default: {PROOF_PAGE}, or {PARITY_PAGE} where that is not there"
    )
    parser.add_argument("--readme", action="store_true", help=f"also draw {README.relative_to(PROJECT)}")
    options = parser.parse_args()
    try:
        for picture in draw(options.page or choose_page(), options.readme):
            print(f"screenshots: {picture}: {picture.stat().st_size / 1000:.0f} kB")
    except PipelineError as error:
        print(f"error: screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
