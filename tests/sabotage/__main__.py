"""Every sabotage, who catches it, and how long that takes: `python tests/sabotage` (about a minute; real .NET where there is an SDK)."""

import atexit
import contextlib
import gc
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import good_builds  # noqa: E402
from pipeline.dotnet import sdk  # noqa: E402
from sabotage import attempt, problem  # noqa: E402
from sabotages import REGISTRY  # noqa: E402

# onnxsim's binding calls what is frozen at the end of the process a leak.
atexit.register(gc.unfreeze)


def main() -> None:
    start, problems, untried = time.perf_counter(), [], 0
    dotnet = sdk.version(sdk.find()) is not None
    width = max(len(sabotage.name) for sabotage in REGISTRY)
    with tempfile.TemporaryDirectory() as scratch:
        builds = {name: Path(scratch) / name.replace(" ", "_") for name in good_builds.BUILDS}
        for name, folder in builds.items():
            folder.mkdir()
            with contextlib.redirect_stdout(io.StringIO()):
                good_builds.make(name, folder)
        (Path(scratch) / "other").symlink_to(builds[good_builds.OTHER])
        print(f"| {'sabotage':<{width}} | caught by | begins in  | seconds | what it says")
        print(f"| {'-' * width} | --------- | ---------- | ------- | ------------", flush=True)
        for sabotage in REGISTRY:
            if sabotage.dotnet and not dotnet:
                print(f"| {sabotage.name:<{width}} | {'no SDK':<9} | {'':<10} | {'':>7} |")
                untried += 1
                continue
            folder = Path(shutil.copytree(builds[sabotage.build], Path(scratch) / "project"))
            trial = attempt(sabotage, folder)
            wrong = problem(sabotage, trial)
            if wrong:
                problems.append(f"{sabotage.name}: {wrong}")
            sentence = trial.sentence.removeprefix(f"error: {trial.stage}: ")
            print(
                f"| {sabotage.name:<{width}} | {trial.stage or 'nobody':<9} | {trial.begins_in:<10} | {trial.seconds:>7.2f} | {sentence[:120]}",
                flush=True,
            )
            shutil.rmtree(folder)
    caught = len(REGISTRY) - untried - len(problems)
    print(f"\n{len(REGISTRY)} sabotages, {caught} caught, {untried} not tried, {time.perf_counter() - start:.0f} s")
    if problems:
        sys.exit("\n".join(["", *(f"error: sabotage: {text}" for text in problems)]))


if __name__ == "__main__":
    main()
