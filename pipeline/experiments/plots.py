"""`make plots`: DVC's plots on one page that opens with no network; `dvc plots show` takes the same template."""

import hashlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_text

# .dvc/config names it. It carries Vega, 0.9 MB, and so is made with the environment instead of kept in git.
TEMPLATE = Path(".dvc/plots.html")
SOURCE = Path(__file__).with_name("plots_page.html")
# The schema that DVC's plots are written in.
VEGA_LITE = "5.21"
PAGE = Path("dvc_plots/index.html")
# What DVC writes for a plot that has rows; one without is `{}`.
DRAWN = 'var spec = {"'


def write_template(path: Path = TEMPLATE) -> None:
    """Write the page in which DVC puts its plots, with Vega inside; nothing happens where it is there already."""
    source = SOURCE.read_text()
    made_of = f"{importlib.metadata.version('vl-convert-python')} {VEGA_LITE} {source}"
    mark = f"<!-- {hashlib.sha256(made_of.encode()).hexdigest()} -->"
    if path.exists() and mark in path.read_text():
        return
    from vl_convert import javascript_bundle

    write_text(
        path,
        source.replace("{vega_bundle}", javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)) + mark + "\n",
    )


def draw(revisions: list[str]) -> None:
    """Draw the plots of dvc.yaml, of the workspace or of `revisions` over each other, and print where the page is.

    Raises:
        PipelineError: DVC refuses (a revision that is not there, no project), or there is nothing to draw.
    """
    if not TEMPLATE.parent.is_dir():
        raise PipelineError(f"expected a project of DVC in {Path.cwd()}, got none: run it in the project's folder")
    write_template()
    PAGE.unlink(missing_ok=True)
    command = ["diff", *revisions] if revisions else ["show"]
    done = subprocess.run(  # noqa: S603 (no shell)
        [sys.executable, "-m", "dvc", "plots", *command, "--out", str(PAGE.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise PipelineError(f"dvc plots {' '.join(command)}: {errors[0] if errors else done.stderr.strip()}")
    if not PAGE.exists() or DRAWN not in PAGE.read_text():
        raise PipelineError("there is nothing to draw, because nothing has run: run `make repro`")
    print(f"plots: {PAGE.resolve().as_uri()}")
