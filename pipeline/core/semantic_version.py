"""Versions of a package as NuGet takes them: SemVer 2 without build metadata."""

import re

# In place of a version: it follows from the content and from the last release.
AUTO = "auto"
FORM = "a semantic version such as 1.2.3 or 1.2.3-beta.1"
_SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?", re.ASCII)


def is_semantic(text: str) -> bool:
    return _SEMANTIC.fullmatch(text) is not None


def is_same(version: str, other: str) -> bool:
    """Whether NuGet takes both for one: it does not tell A from a."""
    return version.lower() == other.lower()
