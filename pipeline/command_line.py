"""The commands of `python -m pipeline`, their options and help. Imports nothing heavy."""

import argparse
from pathlib import Path

from pipeline.core.terminal import QUIET
from pipeline.registry.commands import add_registry_commands
from pipeline.settings.completion import complete_override
from pipeline.settings.compose import PARAMS

# In the order in which they run. A stage is pipeline/stages/<name>.py with `run(params)`.
STAGES = {
    "fingerprint": "look at what lies outside: data, network, libraries, .NET SDK -> build/fingerprint/ (always runs)",
    "prepare": "read the data, split it -> build/data/",
    "train": "train the network (or take its weights as they are) -> build/weights/checkpoint.safetensors",
    "export": "export to ONNX; PyTorch answers the golden calls -> build/exported/model.onnx, build/golden/",
    "simplify": "simplify and constant-fold the graph -> build/simplified/model.onnx",
    "validate": "compare every graph with PyTorch's answers -> reports/parity.json, reports/parity.html; exit 1 when one departs",
    "package": "pack the model, its typed C# client (compiled, where there is an SDK) and golden answers -> build/package/<Id>.<version>.nupkg",
    "verify": "replay the golden answers through the package in real .NET -> reports/dotnet.json, reports/proof.html",
    "publish": "log everything to MLflow and register the model -> reports/publish.json",
}

EPILOG = """\
stages read params.yaml, which is composed from conf/:
  python -m pipeline params train.epochs=5 model=linear && dvc repro
  dvc exp run -S train.epochs=5 -S model=linear            (the same in one step)

quiet, with nothing but warnings and errors:
  python -m pipeline -q validate                           (TORCH2DOTNET_QUIET=1 dvc repro)
"""

QUIET_HELP = f"print nothing but warnings and errors (for every stage of `dvc repro`: {QUIET}=1)"


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="From a PyTorch model to a proven NuGet package. `dvc repro` runs the stages that are out of date.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main.add_argument("-q", "--quiet", action="store_true", help=QUIET_HELP)
    commands = main.add_subparsers(dest="command", required=True, metavar="command")
    for name, what in STAGES.items():
        stage = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}")
        stage.add_argument(
            "--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)"
        )
        # Where it is not given it must not undo the one before the command.
        stage.add_argument("-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help=QUIET_HELP)
    params = commands.add_parser(
        "params",
        help="compose conf/ into params.yaml, with overrides",
        description="Compose conf/ into params.yaml, with overrides: `dvc repro` then runs what depends on them.",
        add_help=False,
    )
    # Not argparse's own, which would end before the overrides are read: it shows what they compose.
    params.add_argument("-h", "--help", action="store_true", help="show this and the composed configuration, and exit")
    params.add_argument("--cfg", choices=["job"], help="print the composed configuration, and write nothing")
    overrides = params.add_argument(
        "overrides", nargs="*", metavar="key=value", help="Hydra overrides: model=linear train.epochs=5"
    )
    overrides.completer = complete_override  # type: ignore[attr-defined] # argcomplete's
    params.add_argument("--params", type=Path, default=PARAMS, help="the file to write (default: %(default)s)")
    params.set_defaults(format_help=params.format_help)
    locate = commands.add_parser(
        "locate",
        help="find where a graph that the gate refused begins to depart from PyTorch -> reports/departure/",
        description="Go through a graph node by node, fed with PyTorch's own values, and name the one that departs: operator, "
        "module and line, its error before and after, and whether onnxruntime's optimizer is the cause. Writes the smallest graph that "
        "shows it, its inputs, PyTorch's answers and a script that runs it into reports/departure/. Needs what `validate` has read and "
        "written, the network and its weights.",
    )
    locate.add_argument(
        "--stage", choices=["export", "simplify"], help="the graph (default: the first that was refused)"
    )
    locate.add_argument("--call", help="the golden call (default: the smallest that shows the departure well)")
    locate.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    nuget = commands.add_parser(
        "nuget",
        help="put the package into a NuGet feed",
        description="Put the package of build/package/ into a NuGet feed.",
    )
    nuget.add_argument("--feed", required=True, help="a folder, or a source that NuGet knows (name or address)")
    release = commands.add_parser(
        "release",
        help="write released/<Id>.json and <Id>.api.txt for the proven package: the next `dvc repro` packs that version",
        description="Write released/<Id>.json (version, contract, hash of the content) and released/<Id>.api.txt (the public API of its C# "
        "client) for the package in build/package, once it is proven. Commit both: from then on the same content is packed as exactly that version, and another content gets the "
        "next one by what is different, with a label.",
    )
    release.add_argument("--version", help="the version (default: the package's own, without its label)")
    release.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    compare = commands.add_parser(
        "compare",
        help="print the experiments side by side, the best first, and why some failed",
        description="Print the workspace, the last commit and its experiments side by side: what was changed, the task's "
        "metric (the best marked), the share of the parity tolerance used, size, whether real .NET has proven "
        "the package, and the registered version. Experiments that failed say why.",
    )
    compare.add_argument(
        "--all", action="store_true", dest="every_commit", help="add the experiments that started from other commits"
    )
    plots = commands.add_parser(
        "plots",
        help="draw loss, metric and parity -> dvc_plots/index.html, one page that needs no network",
        description="Draw the plots of dvc.yaml into one page that needs no network.",
    )
    plots.add_argument(
        "revisions", nargs="*", help="experiments or commits to draw over each other (default: the workspace alone)"
    )
    plots.add_argument(
        "--template-only", action="store_true", help="write only the page's template, which `dvc plots show` takes too"
    )
    compat = commands.add_parser(
        "compat",
        help="list the versions of onnxruntime, which are here, and which can run a file; install one",
        description="Print the versions of onnxruntime, what each takes, and whether its wheel is here; with a file, which of "
        "them can run it: a wheel that is here opens it, of the others tables tell.",
    )
    compat.add_argument("file", nargs="?", type=Path, metavar="FILE.onnx", help="a model to look at")
    compat.add_argument(
        "--install",
        nargs="+",
        default=[],
        metavar="VERSION",
        help="put the newest wheel of 1.18, or the very 1.18.1, into the user's cache folder",
    )
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed, what would run and why, what failed last, and what is wrong",
        description="Print what is installed, where packages and runs are kept, what `dvc repro` would run and why, and what failed "
        "last. Exit 1 where something is wrong (not only noted) that the next `dvc repro` needs: Python or a library that is "
        "missing or too old, settings or files that stages refuse, the target's wheel, the .NET SDK with verify.mode=required, the "
        "MLflow store, or the project of git and DVC; or a stage that is at work here.",
    )
    doctor.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    ui = commands.add_parser(
        "ui",
        help="serve MLflow's pages, and print links to runs, comparison and model",
        description="Serve MLflow's pages on the project's store until Ctrl-C, and print links to runs, comparison and model once they "
        "answer. For a store on a server, which has its own pages, only print the links.",
    )
    ui.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1 (default: %(default)s)")
    ui.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    add_registry_commands(commands)
    return main
