import subprocess

import pytest

from pipeline.dotnet.nuget.source_repository import SourceRepository, find_public_address, read_repository


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://host.example/owner/name.git", "https://host.example/owner/name.git"),
        ("https://host.example/owner/name/", "https://host.example/owner/name"),
        ("https://ann:secret@host.example:8443/owner/name.git", "https://host.example:8443/owner/name.git"),
        ("https://token@host.example/owner/name.git?access=secret#part", "https://host.example/owner/name.git"),
        ("http://host.example/owner/name", "https://host.example/owner/name"),
        ("git@host.example:owner/name.git", "https://host.example/owner/name.git"),
        ("ssh://git@host.example:22/owner/name.git", "https://host.example/owner/name.git"),
        ("/srv/git/name.git", ""),
        ("../name", ""),
        ("file:///srv/git/name.git", ""),
        ("C:/git/name", ""),
        ("https://host.example", ""),
        ("", ""),
    ],
)
def test_the_address_that_others_may_see(remote, address):
    assert find_public_address(remote) == address


def test_the_page_is_what_a_browser_opens():
    assert SourceRepository("https://host.example/owner/name.git", "c0ffee").page == "https://host.example/owner/name"


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    return subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch) -> str:
    """A repository with one commit, in which the test works; the commit."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    return git("rev-parse", "HEAD")


def test_remote_and_commit(repository):
    git("remote", "add", "origin", "https://ann:secret@host.example/owner/name.git")
    assert read_repository() == SourceRepository("https://host.example/owner/name.git", repository)


def test_a_repository_without_a_remote_is_not_named(repository):
    assert read_repository() is None


def test_a_remote_without_a_commit_is_not_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    git("remote", "add", "origin", "https://host.example/owner/name.git")
    assert read_repository() is None
