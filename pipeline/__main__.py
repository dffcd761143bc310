"""`python -m pipeline <command>`: the one place that prints errors and sets exit codes."""
# PYTHON_ARGCOMPLETE_OK: the shell may ask this module what fits (docs/terminal.md).

import argparse
import contextlib
import errno
import os
import sys
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.imports import import_frozen
from pipeline.core.terminal import QUIET, complain, quieting, warn
from pipeline.registry.commands import REGISTRY_COMMANDS, add_registry_commands
from pipeline.settings.completion import complete_override
from pipeline.settings.compose import PARAMS, compose_text, describe_configuration

# In the order in which they run. A stage is pipeline/stages/<name>.py with `run(params)`.
STAGES = {
    "fingerprint": "look at what lies outside: data, network, libraries, .NET SDK -> build/fingerprint/ (always runs)",
    "prepare": "read the data, split it -> build/data/",
    "train": "train the network (or take its weights as they are) -> build/weights/checkpoint.safetensors",
    "export": "export to ONNX; PyTorch answers the golden calls -> build/exported/model.onnx, build/golden/",
    "simplify": "simplify and constant-fold the graph -> build/simplified/model.onnx",
    "validate": "compare every graph with PyTorch's answers -> reports/parity.json, reports/parity.html; exit 1 when one departs",
    "package": "pack the model, its typed C# client and the golden answers -> build/package/<Id>.<version>.nupkg",
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
        description="From a PyTorch model to a proven ONNX model. `dvc repro` runs the stages that are out of date.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main.add_argument("-q", "--quiet", action="store_true", help=QUIET_HELP)
    commands = main.add_subparsers(dest="command", required=True, metavar="command")
    for name, what in STAGES.items():
        stage = commands.add_parser(name, help=what, description=what)
        stage.add_argument(
            "--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)"
        )
        # Where it is not given it must not undo the one before the command.
        stage.add_argument("-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help=QUIET_HELP)
    params = commands.add_parser(
        "params", help="compose conf/ into params.yaml", description="Compose conf/ into params.yaml.", add_help=False
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
        "nuget", help="put the package into a NuGet feed", description="Put the package into a NuGet feed."
    )
    nuget.add_argument("--feed", required=True, help="a folder, or a source that NuGet knows (name or address)")
    release = commands.add_parser(
        "release",
        help="write released/<Id>.json for the proven package: the next `dvc repro` packs that version",
        description="Write released/<Id>.json (version, contract, hash of the content) for the package in build/package, once it is "
        "proven. Commit the file: from then on the same content is packed as exactly that version, and another content gets the "
        "next one by what is different, with a label.",
    )
    release.add_argument("--version", help="the version (default: the package's own, without its label)")
    release.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    compare = commands.add_parser(
        "compare",
        help="print the experiments side by side, the best first; failed ones with the reason",
        description="Print the workspace, the last commit and its experiments side by side: what was changed, the task's "
        "metric (the best marked), the share of the parity tolerance used, size, whether real .NET has proven "
        "the package, and the registered version. Experiments that failed say why.",
    )
    compare.add_argument(
        "--all", action="store_true", dest="every_commit", help="the experiments that started from other commits too"
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
        help="the onnxruntimes that consumers have: which are here, install one, and which can run a file",
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
        help="what is installed, what would run and why, what failed last, and what is wrong",
        description="Print what is installed, where packages and runs are kept, what `dvc repro` would run and why, and what failed "
        "last. Exit 1 where something is wrong (not only noted) that the next `dvc repro` needs: Python or a library that is "
        "missing or too old, settings or files that stages refuse, the target's wheel, the .NET SDK with verify.mode=required, the "
        "MLflow store, or the project of git and DVC.",
    )
    doctor.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    ui = commands.add_parser("ui", help="open the MLflow UI on what was published", description="Serve the MLflow UI.")
    ui.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1 (default: %(default)s)")
    ui.add_argument("--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)")
    add_registry_commands(commands)
    return main


def write_params(overrides: list[str], path: Path) -> None:
    """Compose conf/ into `path`; a configuration that is refused leaves the old file as it was."""
    from pipeline.core.files import write_text
    from pipeline.data.loader import check_settings
    from pipeline.settings.hydra_targets import resolve
    from pipeline.settings.package_files import locate
    from pipeline.settings.params import parse

    text = compose_text(overrides)
    params = parse(text, locate_files=False)
    if params.data.target.startswith("pipeline."):
        # Others may take long to import, or not be here: `prepare` will say the same of them.
        check_settings(params.data, resolve(params.data.target, "data"))
    write_text(path, text)
    for setting, file in params.files().items():
        try:
            lacking = "" if locate(file).exists() else f"{file}: there is no such file yet"
        except PipelineError as error:
            lacking = str(error)
        if lacking:
            warn("params", f"{setting}={lacking}; `dvc repro` needs it")


def run_params(options: argparse.Namespace) -> None:
    if options.help:
        print(f"{options.format_help()}\n{describe_configuration(options.overrides)}", end="")
        raise SystemExit(0)
    if options.cfg:
        print(compose_text(options.overrides), end="")
    else:
        write_params(options.overrides, options.params)


def run_nuget(options: argparse.Namespace) -> None:
    from pipeline.dotnet.nuget.feed import push

    push(options.feed)


def run_release(options: argparse.Namespace) -> None:
    from pipeline.dotnet.versions.releasing import release
    from pipeline.settings.params import load

    release(load(options.params).package.version, options.version)


def run_compare(options: argparse.Namespace) -> None:
    from pipeline.experiments.comparison_table import compare

    compare(options.every_commit)


def run_plots(options: argparse.Namespace) -> None:
    from pipeline.experiments.plots import draw, write_template

    if options.template_only:
        write_template()
    else:
        draw(options.revisions)


def run_compat(options: argparse.Namespace) -> None:
    from pipeline.runtimes.compatibility import compat

    compat(options.file, options.install)


def run_doctor(options: argparse.Namespace) -> None:
    from pipeline.doctor.checkup import check_up

    check_up(options.params)


def run_ui(options: argparse.Namespace) -> None:
    from pipeline.registry.ui import serve
    from pipeline.settings.params import load

    serve(load(options.params), options.port)


def run_locate(options: argparse.Namespace) -> None:
    from pipeline.settings.params import load

    params = load(options.params)
    import_frozen("pipeline.departure.location").locate(params, options.stage, options.call)


def run_stage(options: argparse.Namespace) -> None:
    from pipeline.core.workspace_lock import holding_workspace
    from pipeline.registry import recorder_process
    from pipeline.settings.params import load

    params = load(options.params)
    options.ending.enter_context(holding_workspace(options.command))
    if options.recorded:
        recorder_process.COMMAND = recorder_process.RECORDER
    with recorder_process.StageRecord(options.command, options.params) as record:
        options.ending.callback(record.close)
        import_frozen(f"pipeline.stages.{options.command}").run(params)


COMMANDS = {
    "params": run_params,
    "nuget": run_nuget,
    "release": run_release,
    "compare": run_compare,
    "plots": run_plots,
    "compat": run_compat,
    "doctor": run_doctor,
    "ui": run_ui,
    **REGISTRY_COMMANDS,
    "locate": run_locate,
    **dict.fromkeys(STAGES, run_stage),
}


def answer_shell(main: argparse.ArgumentParser) -> None:
    """Where the shell asks what fits what has been typed: answer, and exit."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(main)


def main(arguments: list[str] | None = None, *, recorded: bool = False) -> int:
    """Run a command; the exit code.

    Args:
        arguments: As on the command line, which is the default.
        recorded: Whether a stage opens and ends runs in MLflow as it goes.
    """
    commands = parser()
    answer_shell(commands)
    options = commands.parse_args(arguments)
    options.recorded = recorded
    with contextlib.ExitStack() as options.ending:  # of what ends after the last line is printed
        return run_command(options)


def run_command(options: argparse.Namespace) -> int:
    """Run it; the exit code. What a person can act on is one line on stderr."""
    problem = ""
    try:
        with quieting(options.quiet):
            COMMANDS[options.command](options)
    except PipelineError as error:
        problem = str(error)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("pipeline", "models"):
            raise
        problem = f"the package {error.name!r} is not in this Python ({sys.executable}): run `make setup`, then `source .venv/bin/activate`"
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the terminal has written ^C
        problem = "interrupted; what was made before is whole, run it again to go on"
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        where = f" {error.filename}" if error.filename else ""
        problem = f"cannot write{where}: {error.strerror}; make room or give access and run it again (what was made before is whole)"
    if problem:
        complain(options.command, problem)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(recorded=True))
