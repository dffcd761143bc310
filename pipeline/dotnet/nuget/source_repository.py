"""Where the source of a package is to be found, as git knows it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.core.git import run_git

# git@host:owner/name, as ssh takes it.
_SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?[:/](?P<path>[\w./~-]+)")


@dataclass(frozen=True)
class SourceRepository:
    """The address of a git repository, without a user or a password in it, and the commit that the package was made at."""

    url: str
    commit: str

    @property
    def page(self) -> str:
        """The address that a browser opens."""
        return self.url.removesuffix(".git")


def read_repository() -> SourceRepository | None:
    """The remote `origin` of the project's folder and its commit.

    None where there is no git, no such remote, no commit, or the remote is a folder of one machine.
    """
    url, commit = find_public_address(run_git("remote", "get-url", "origin")), run_git("rev-parse", "HEAD")
    return SourceRepository(url, commit) if url and commit else None


def find_public_address(remote: str) -> str:
    """The https form of a remote, without credentials, query and fragment; empty for a remote that has none."""
    if remote.startswith(("https://", "http://")):
        parts = urlsplit(remote)
        address = parts.netloc.rpartition("@")[2]
        return f"https://{address}{parts.path.rstrip('/')}" if address and parts.path.strip("/") else ""
    ssh = _SSH.fullmatch(remote)
    return f"https://{ssh['host']}/{ssh['path'].strip('/')}" if ssh else ""
