import pytest

from pipeline.__main__ import main
from pipeline.core.files import sha256
from pipeline.dotnet import sdk


@pytest.fixture
def package(linear):
    return next((linear / "build" / "package").glob("*.nupkg"))


def test_into_a_folder(package, passes):
    assert "Linear 1.0.0" in passes("nuget", "--feed", "./feed")
    assert sha256(package.parents[2] / "feed" / package.name) == sha256(package)


def test_publishing_again_changes_nothing(package, passes):
    passes("nuget", "--feed", "./feed")
    passes("nuget", "--feed", "./feed")


def test_same_version_with_different_content_is_rejected(package, passes, capsys):
    passes("nuget", "--feed", "./feed")
    (package.parents[2] / "feed" / package.name).write_bytes(b"another")
    assert main(["nuget", "--feed", "./feed"]) == 1
    assert "raise package.version" in capsys.readouterr().err


def test_altered_package_is_rejected(package, capsys):
    package.write_bytes(package.read_bytes() + b"!")
    assert main(["nuget", "--feed", "./feed"]) == 1
    assert "is not the package that build/package/manifest.json describes" in capsys.readouterr().err


def test_a_source_needs_an_sdk(package, monkeypatch, capsys):
    monkeypatch.setattr(sdk, "find", lambda: None)
    assert main(["nuget", "--feed", "https://127.0.0.1:1/v3/index.json"]) == 1
    assert "needs a .NET SDK" in capsys.readouterr().err


def test_nothing_packed(empty, capsys):
    assert main(["nuget", "--feed", "./feed"]) == 1
    assert "python -m pipeline package" in capsys.readouterr().err
