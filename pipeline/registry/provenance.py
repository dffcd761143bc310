"""Where a model comes from, as tags."""

import subprocess
from importlib.metadata import version
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.settings.params import Params

LIBRARIES = ("torch", "onnx", "onnxruntime", "onnxscript", "onnxsim")


def run_git(*arguments: str) -> str:
    """The output of git, or "" where there is no repository or no git."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""


def read_lock(path: Path) -> dict[str, str]:
    """DVC's md5 of each output, from dvc.lock.

    Raises:
        PipelineError: It is not what DVC writes.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        stages = YAML(typ="safe").load(path)["stages"]
        return {f"dvc.{out['path']}": str(out["md5"]) for stage in stages.values() for out in stage.get("outs", [])}
    except (YAMLError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PipelineError(
            f"{path}: expected the stages that DVC ran, got a damaged file: get it back with `git checkout {path}`, or remove it and "
            "run `dvc repro`"
        ) from None


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
        tags |= read_lock(lock)
    return {key: value for key, value in tags.items() if value}
