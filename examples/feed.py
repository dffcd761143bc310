"""The packages of the examples, in a local NuGet feed: `python examples/feed.py`.

Runs the pipeline's stages for each model of MODELS in folders of their own, puts the packages into
build/examples/feed, where nuget.config looks for them, and simple_model.onnx where the example `direct` takes it.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from pipeline.__main__ import main as pipeline

PROJECT = Path(__file__).resolve().parents[1]
BUILD = PROJECT / "build" / "examples"
FEED = BUILD / "feed"
# nuget.config's globalPackagesFolder: what NuGet has unpacked.
UNPACKED = BUILD / "packages"
# Model -> what it needs beside its own configuration.
MODELS = {"linear": (), "digits": (), "sentiment": (f"data.path={PROJECT / 'data' / 'reviews'}",)}
STAGES = ("prepare", "train", "export", "simplify", "validate", "package")


def package(model: str) -> Path:
    """Run the stages for one model; the package that they made."""
    folder = BUILD / model
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with contextlib.chdir(folder), contextlib.redirect_stdout(None):
        for command in (["params", f"model={model}", *MODELS[model]], *([stage] for stage in STAGES)):
            if pipeline(command):
                sys.exit(1)
    return next(folder.glob("build/package/*.nupkg"))


def publish(made: Path) -> bool:
    """Put the package into the feed; whether it is another one than was there.

    NuGet and the compiler take one version of a package for one content, so what they keep of the old one is removed.
    """
    published = FEED / made.name
    if published.exists() and published.read_bytes() == made.read_bytes():
        return False
    published.unlink(missing_ok=True)
    shutil.rmtree(UNPACKED / made.name.partition(".")[0].lower(), ignore_errors=True)
    with contextlib.chdir(made.parents[2]), contextlib.redirect_stdout(None):
        if pipeline(["nuget", "--feed", str(FEED)]):
            sys.exit(1)
    return True


def main() -> None:
    FEED.mkdir(parents=True, exist_ok=True)
    changed = [publish(package(model)) for model in MODELS]
    if any(changed):
        for compiled in (BUILD / "artifacts", *PROJECT.glob("benchmarks/*/obj")):
            shutil.rmtree(compiled, ignore_errors=True)
    shutil.copyfile(BUILD / "linear" / "build" / "simplified.onnx", BUILD / "simple_model.onnx")
    print(f"feed: {', '.join(path.name for path in sorted(FEED.glob('*.nupkg')))} in {os.path.relpath(FEED)}")


if __name__ == "__main__":
    main()
