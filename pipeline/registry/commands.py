"""The commands with which people move and take registered versions: `promote`, `rollback`, `fetch`. Imports nothing heavy."""

import argparse
from pathlib import Path

from pipeline.core.terminal import say
from pipeline.settings.compose import PARAMS


def add_registry_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What people do with registered versions."""
    promote = commands.add_parser(
        "promote",
        help="make a registered version the champion, by hand, on record",
        description="Move the alias of publish.champion to a version, whatever its metric; who, when and why go into the version's tags. A "
        "version that has not passed is refused.",
    )
    promote.add_argument("version", nargs="?", metavar="VERSION", help="a number or an alias (default: publish.alias)")
    rollback = commands.add_parser(
        "rollback",
        help="make the champion before this one the champion again, on record",
        description="Move the alias of publish.champion to the version that had it before, by the record in the versions' tags. A second "
        "rollback goes further back.",
    )
    for command in (promote, rollback):
        command.add_argument("--reason", metavar="TEXT", help="why, for the record")
        command.add_argument(
            "--params", type=Path, default=PARAMS, help="the configuration to read (default: %(default)s)"
        )
    fetch = commands.add_parser(
        "fetch",
        help="put package, contract and model card of a registered version into a folder, hashes checked",
        description="Put package, contract and model card of a registered version into a folder, their hashes checked, and print how a C# "
        "project takes the package. Needs nothing that the stages make.",
    )
    fetch.add_argument(
        "model", metavar="MODEL", help="models:/digits@champion, models:/digits/3, digits@champion, digits/3"
    )
    fetch.add_argument("--to", type=Path, metavar="FOLDER", help="where to (default: <model>-<version>)")
    fetch.add_argument(
        "--tracking-uri",
        metavar="URI",
        help="the store (default: publish.tracking_uri, MLFLOW_TRACKING_URI, mlflow.db)",
    )
    fetch.add_argument("--params", type=Path, default=PARAMS, help="where the store is named (default: %(default)s)")


def run_promote(options: argparse.Namespace) -> None:
    from pipeline.registry.hand_promotion import promote
    from pipeline.settings.params import load

    say("promote", promote(load(options.params), options.version, options.reason))


def run_rollback(options: argparse.Namespace) -> None:
    from pipeline.registry.hand_promotion import rollback
    from pipeline.settings.params import load

    say("rollback", rollback(load(options.params), options.reason))


def run_fetch(options: argparse.Namespace) -> None:
    from pipeline.registry.package_fetch import fetch
    from pipeline.registry.tracking import find_tracking_uri
    from pipeline.registry.version_address import parse_address

    address = parse_address(options.model)
    for line in fetch(address, options.to, options.tracking_uri or find_tracking_uri(options.params)):
        say("fetch", line)


REGISTRY_COMMANDS = {"promote": run_promote, "rollback": run_rollback, "fetch": run_fetch}
