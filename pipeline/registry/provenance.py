"""Where a model comes from, as tags."""

import subprocess
from importlib.metadata import version
from pathlib import Path

from pipeline.settings.params import Params

LIBRARIES = ("torch", "onnx", "onnxruntime", "onnxscript", "onnxsim")


def run_git(*arguments: str) -> str:
    """The output of git, or "" where there is no repository or no git."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""


def collect_provenance(params: Params) -> dict[str, str]:
    """MLflow tags: commit, DVC's md5 of each output, fingerprint of conf/, versions of libraries."""
    # dvc.lock and reports/ are the pipeline's own writing: they differ from the commit while it runs.
    dirty = run_git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!reports")
    tags = {
        "git.commit": run_git("rev-parse", "HEAD") or "none",
        "git.dirty": str(bool(dirty)).lower(),
        "git.dirty_files": ", ".join(line[3:] for line in dirty.splitlines())[:5000],
        "conf_hash": params.conf_hash,
        **{f"version.{name}": version(name) for name in LIBRARIES},
    }
    lock = Path("dvc.lock")
    if lock.exists():
        from ruamel.yaml import YAML

        for stage in YAML(typ="safe").load(lock).get("stages", {}).values():
            tags |= {f"dvc.{out['path']}": out["md5"] for out in stage.get("outs", [])}
    return {key: value for key, value in tags.items() if value}
