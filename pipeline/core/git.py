"""What git says of the project's folder."""

import subprocess


def run_git(*arguments: str) -> str:
    """The output of git, or "" where there is no repository or no git."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
