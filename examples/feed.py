"""Makes the packages of the examples and publishes them to a local NuGet feed: `python examples/feed.py`.

Runs the pipeline's stages for each model of MODELS in a folder of its own, copies the packages to build/examples/feed, which
nuget.config names as a source, and copies simple_model.onnx to where the example `direct` expects it.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from pipeline.__main__ import main as pipeline
from pipeline.core.paths import SIMPLIFIED

PROJECT = Path(__file__).resolve().parents[1]
BUILD = PROJECT / "build" / "examples"
FEED = BUILD / "feed"
# nuget.config's globalPackagesFolder, into which NuGet unpacks packages.
UNPACKED = BUILD / "packages"
# What the projects reference: that of a release.
VERSION = "package.version=1.0.0"
# Model -> the settings that it needs beside its own configuration.
MODELS = {"linear": (), "digits": (), "sentiment": (f"data.path={PROJECT / 'data' / 'reviews'}",)}
# Only made where an example that needs it is asked for: it takes minutes, and the extra `minilm`.
LARGE_MODELS = {"minilm": ("data.rows=30",)}
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate", "package")


def package(model: str) -> Path:
    """Run the stages for one model; the path of its package."""
    folder = BUILD / model
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # fingerprint holds params.yaml beside it.
    shutil.copytree(PROJECT / "conf", folder / "conf")
    with contextlib.chdir(folder), contextlib.redirect_stdout(None):
        for command in (
            ["params", f"model={model}", VERSION, *{**MODELS, **LARGE_MODELS}[model]],
            *([stage] for stage in STAGES),
        ):
            if pipeline(command):
                sys.exit(1)
    return next(folder.glob("build/package/*.nupkg"))


def publish(built: Path) -> bool:
    """Copy the package to the feed; whether its content differs from what was there.

    NuGet caches packages by version, so its cache of the earlier content is removed.
    """
    published = FEED / built.name
    if published.exists() and published.read_bytes() == built.read_bytes():
        return False
    published.unlink(missing_ok=True)
    shutil.rmtree(UNPACKED / built.name.partition(".")[0].lower(), ignore_errors=True)
    with contextlib.chdir(built.parents[2]), contextlib.redirect_stdout(None):
        if pipeline(["nuget", "--feed", str(FEED)]):
            sys.exit(1)
    return True


def main(models: Collection[str] = MODELS) -> None:
    FEED.mkdir(parents=True, exist_ok=True)
    changed = [publish(package(model)) for model in models]
    if any(changed):
        for compiled in (BUILD / "artifacts", *PROJECT.glob("benchmarks/*/obj")):
            shutil.rmtree(compiled, ignore_errors=True)
    if "linear" in models:
        shutil.copyfile(BUILD / "linear" / SIMPLIFIED, BUILD / "simple_model.onnx")
    print(f"feed: {', '.join(path.name for path in sorted(FEED.glob('*.nupkg')))} in {os.path.relpath(FEED)}")


if __name__ == "__main__":
    main()
