"""config: stop before stale values are used.

`dvc repro` reads params.yaml and never composes conf/. This stage depends on conf/, so an edit there makes it run, and
it fails unless params.yaml carries the fingerprint of conf/ as it is now.
"""

from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_text
from pipeline.settings.compose import fingerprint
from pipeline.settings.params import Params

STAMP = Path("build/config.txt")


def run(params: Params) -> None:
    now = fingerprint(Path("conf"))
    if params.conf_hash != now:
        raise PipelineError(
            f"params.yaml was composed from another conf/ (fingerprint {params.conf_hash[:12]}, now {now[:12]}): compose it "
            "again with `python -m pipeline params [your overrides]`, or run `dvc exp run [-S your overrides]`"
        )
    # Always the same text: a comment edited in conf/ makes no later stage run.
    write_text(STAMP, "params.yaml was composed from conf/\n")
