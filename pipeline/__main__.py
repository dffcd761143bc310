"""`python -m pipeline <command>`: the one place that prints errors and sets exit codes."""
# PYTHON_ARGCOMPLETE_OK: the shell may ask this module what fits (docs/terminal.md).

import argparse
import contextlib
import errno
import os
import sys
from pathlib import Path

from pipeline.command_line import STAGES, parser
from pipeline.core.errors import PipelineError
from pipeline.core.imports import import_frozen
from pipeline.core.terminal import complain, quieting, warn
from pipeline.registry.commands import REGISTRY_COMMANDS
from pipeline.settings.compose import compose_text, describe_configuration


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
