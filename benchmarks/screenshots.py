"""What people look at, in a real Chromium, at 1400 and 700 px, light and dark -> reports/screenshots/: python benchmarks/screenshots.py.

MLflow's pages (runs, run, artifacts, comparison, model, version) on the project's store, whose server is started and ended here; the
report; DVC's plots; and the documentation, where `make docs` has built it. What is not there is named and left out. With PAGE: those
HTML files alone.
"""

import argparse
import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import devtools  # noqa: E402 (the tests look at pages with the same)
from pipeline.core.errors import PipelineError  # noqa: E402
from pipeline.core.paths import PARITY_PAGE, PROOF_PAGE, PUBLISH_REPORT  # noqa: E402
from pipeline.core.reports import PublishReport, read_report  # noqa: E402
from pipeline.experiments import plots  # noqa: E402
from pipeline.registry import page_links, tracking, ui  # noqa: E402
from pipeline.settings.params import load  # noqa: E402

FOLDER = Path("reports/screenshots")
SITE = Path("build/site")
WIDTHS = (1400, 700)
# MLflow's pages fill the window and scroll inside; other pages are drawn whole, up to a length that can still be looked at.
WINDOW_HEIGHT, LONGEST = 1000, 12000
# The comparison's parameters and metrics stand below its picture.
HEIGHTS = {"comparison": 2200}
SCHEMES: tuple[devtools.Scheme, ...] = ("light", "dark")
# Pictures of the README, the top of a page in the light: name, width and height.
README = {"report": (700, 1540), "run": (1400, 1000), "runs": (1400, 480), "site": (1400, 1000)}
README_FOLDER = Path("docs")
COLOURS = 256


@dataclass(frozen=True)
class Shot:
    """A page, and the JavaScript that is true once what matters is drawn; `whole` pages are drawn to their end."""

    name: str
    address: str
    ready: str = "document.readyState === 'complete'"
    whole: bool = False


def text_has(*words: str) -> str:
    return " && ".join(f"(document.body?.innerText ?? '').includes({word!r})" for word in words)


# Where MLflow's pages have come to what they are about.
READY = {
    "runs": "document.querySelectorAll('.ag-center-cols-container .ag-row').length > 0",
    "run": text_has("Run ID"),
    "artifacts": "document.querySelector('iframe') !== null",
    "comparison": text_has("Comparing"),
    "model": text_has("Version 1"),
    "version": text_has("Version", "Source Run"),
}


def choose_report() -> Path | None:
    """The report with the .NET half, where `verify` has run."""
    return next((page for page in (PROOF_PAGE, PARITY_PAGE) if page.exists()), None)


def list_files() -> Iterator[Shot]:
    """The pages that are files here; says of each other what makes it."""
    report = choose_report()
    if report:
        yield Shot("report", report.resolve().as_uri(), whole=True)
        plots.draw([])
        yield Shot(
            "plots",
            plots.PAGE.resolve().as_uri(),
            "document.querySelectorAll('.vega-embed svg, .vega-embed canvas').length > 0",
            True,
        )
    else:
        leave_out("report and plots", f"neither {PROOF_PAGE} nor {PARITY_PAGE} is there: run `dvc repro`")
    if (SITE / "index.html").exists():
        yield Shot("site", (SITE / "index.html").resolve().as_uri(), whole=True)
    else:
        leave_out("site", f"{SITE} is not there: run `make docs`")


def leave_out(what: str, why: str) -> None:
    print(f"screenshots: {what} left out: {why}", file=sys.stderr)


def list_mlflow(base: str) -> Iterator[Shot]:
    """MLflow's pages on what was published."""
    publish = load(Path("params.yaml")).publish
    with tracking.connecting(base) as client:
        addresses = {link.page: link.address for link in page_links.build_links(client, base, publish)}
    if "run" in addresses:
        run, _, mode = addresses["run"].partition("?")
        addresses["artifacts"] = f"{run}/artifacts/{(choose_report() or PARITY_PAGE).as_posix()}?{mode}"
    if PUBLISH_REPORT.exists() and "model" in addresses:
        published = read_report(PublishReport)
        addresses["version"] = page_links.link_model(base, published.model, published.version)
    for page, ready in READY.items():
        if page in addresses:
            yield Shot(page, addresses[page], ready)
        else:
            leave_out(page, "MLflow has none yet: run `dvc repro`, twice with other settings for a comparison")


@contextlib.contextmanager
def reaching_mlflow() -> Iterator[str]:
    """The address of MLflow's pages: a remote store's own, or those of a server that lives as long as this."""
    tracking_uri = tracking.choose_tracking_uri(load(Path("params.yaml")).publish)
    if tracking_uri.startswith(("http://", "https://")):
        yield tracking_uri.rstrip("/")
        return
    port = ui.choose_free_port()
    with ui.serving(tracking_uri, port):
        yield f"http://{ui.HOST}:{port}"


def draw(browser: devtools.Browser, shot: Shot, readme: bool) -> Iterator[Path]:
    """Draw the page at each width, light and dark; where `readme`, also the README's picture of it."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            # MLflow's own words for a dark page, and for an assistant that has opened by itself before.
            storage = {
                "_mlflow_dark_mode_toggle_enabled": str(scheme == "dark").lower(),
                "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
            }
            with browser.opening(shot.address, width, HEIGHTS.get(shot.name, WINDOW_HEIGHT), scheme, storage) as page:
                page.wait_for(shot.ready)
                page.settle()
                if shot.whole:
                    page.resize(min(page.evaluate("document.documentElement.scrollHeight"), LONGEST))
                    page.settle()
                picture = Image.open(io.BytesIO(page.draw())).convert("RGB")
            path = FOLDER / f"{shot.name}-{width}-{scheme}.png"
            picture.save(path, optimize=True)
            yield path
            if readme and scheme == "light" and README.get(shot.name, (0, 0))[0] == width:
                yield save_readme(picture, shot.name)


def save_readme(picture: Image.Image, name: str) -> Path:
    """The top of a picture, in few colours."""
    README_FOLDER.mkdir(exist_ok=True)
    path = README_FOLDER / f"{name}.png"
    width, height = README[name]
    top = picture.crop((0, 0, width, min(height, picture.height)))
    top.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def take(pages: list[Path], readme: bool) -> Iterator[Path]:
    """Draw the named HTML files, or everything.

    Raises:
        PipelineError: There is no Chromium, or no such file, or a page does not come to what it is about.
    """
    if devtools.find_program() is None:
        raise PipelineError(
            f"no browser draws the pages: expected one of {', '.join(devtools.NAMES)} on PATH: apt-get install chromium"
        )
    if missing := [page for page in pages if not page.is_file()]:
        raise PipelineError(f"{missing[0]}: there is no such page: run `dvc repro`, or name another")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as opened:
        shots = [Shot(page.stem, page.resolve().as_uri(), whole=True) for page in pages]
        if not pages:
            shots = [*list_files(), *list_mlflow(opened.enter_context(reaching_mlflow()))]
        browser = opened.enter_context(devtools.launching())
        for shot in shots:
            try:
                yield from draw(browser, shot, readme)
            except TimeoutError as error:
                raise PipelineError(f"{shot.name} ({shot.address}): {error}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="HTML files (default: everything)")
    parser.add_argument(
        "--readme", action="store_true", help=f"also draw {', '.join(f'{README_FOLDER}/{name}.png' for name in README)}"
    )
    options = parser.parse_args()
    try:
        for picture in take(options.pages, options.readme):
            print(f"screenshots: {picture}: {picture.stat().st_size / 1000:.0f} kB", flush=True)
    except PipelineError as error:
        print(f"error: screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
