"""Files of installed packages, which settings name by `package:<package>/<path>`: params.yaml holds no path of a machine."""

import importlib.util
import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError

PREFIX = "package:"
# This project, whose extras bring such packages.
DISTRIBUTION = "torch2dotnet"


def locate(text: str) -> Path:
    """The file that a setting names: one of an installed package, which need not be there, or any other path as it is.

    The package itself is not imported.

    Raises:
        PipelineError: The package is not installed, or `text` begins like such a name and is none.
    """
    if not text.startswith(PREFIX):
        return Path(text)
    package, _, path = text.removeprefix(PREFIX).partition("/")
    if not package.isidentifier() or not path:
        raise PipelineError(f"{text}: expected {PREFIX}<importable package>/<path of a file in it>")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PipelineError(f"{text}: {not_installed(package)}")
    return Path(spec.submodule_search_locations[0]) / path


def not_installed(package: str) -> str:
    """That an importable package is not here, and what brings it."""
    extra = extra_of(package)
    advice = f"install the extra `{extra}`: pip install '.[{extra}]'" if extra else "install it into this environment"
    return f"the package {package!r} is not installed: {advice}"


def extra_of(package: str) -> str | None:
    """The extra of this project that brings an importable package of that name; None where none does."""
    try:
        requirements = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # a checkout that was never installed
        return None
    for requirement in requirements:
        name, extra = re.match(r"[\w.-]+", requirement), re.search(r"extra == ['\"]([\w.-]+)['\"]", requirement)
        if name and extra and re.sub(r"[-_.]+", "_", name.group()).lower() == package.lower():
            return extra.group(1)
    return None


def locate_all(value: Any, setting: str) -> Any:
    """`value` with the real path in place of every name of a package's file in it, at any depth.

    Raises:
        PipelineError: As `locate`, with the setting that holds the name.
    """
    if isinstance(value, dict):
        return {key: locate_all(entry, f"{setting}.{key}") for key, entry in value.items()}
    if isinstance(value, list):
        return [locate_all(entry, f"{setting}.{place}") for place, entry in enumerate(value)]
    if not isinstance(value, str) or not value.startswith(PREFIX):
        return value
    try:
        return locate(value).as_posix()
    except PipelineError as error:
        raise PipelineError(f"{setting}={error}") from None
