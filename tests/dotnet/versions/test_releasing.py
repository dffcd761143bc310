from pathlib import Path

import pytest

from pipeline.core.files import read_json, write_json
from pipeline.core.paths import DOTNET_REPORT, MANIFEST, PARITY_REPORT
from pipeline.core.release import read_release
from pipeline.dotnet.versions.released_file import find_release

FILE, API = Path("released/Linear.json"), Path("released/Linear.api.txt")


@pytest.fixture
def pack(passes):
    """Pack and verify as the settings and the release now say; the version."""

    def run() -> str:
        for stage in ("fingerprint", "package", "verify"):
            passes(stage)
        return read_json(MANIFEST, "package")["version"]

    return run


@pytest.fixture
def first(linear, passes, pack) -> str:
    """The linear model, released as 1.0.0 and packed as that; the label that it had."""
    _, _, name = read_json(MANIFEST, "package")["version"].partition("-")
    passes("release")
    assert pack() == "1.0.0"
    return name


@pytest.fixture
def renamed(first, configure, pack) -> str:
    """The same in another namespace, which is major; the version."""
    configure("package.namespace=Acme")
    return pack()


def test_the_first_release(linear, passes):
    label = read_json(MANIFEST, "package")["version"].removeprefix("1.0.0-g")
    assert passes("release").splitlines() == [
        f"release: released/Linear.json: Linear 1.0.0, the first release, content {label}",
        f"release: released/Linear.api.txt: its public API, {len(API.read_text().splitlines())} members",
        'release: commit both: `git add released/Linear.json released/Linear.api.txt && git commit -m "Linear 1.0.0"`; `dvc repro` now packs, proves and '
        "publishes 1.0.0",
    ]
    release = find_release("Linear", "linear")
    assert (release.version, release.previous, release.onnxruntime) == ("1.0.0", "", "1.31.1")


def test_the_api_is_in_a_file_of_its_own(first):
    lines = API.read_text().splitlines()
    assert "Torch2DotNet.Linear.Dispose() -> void" in lines
    assert lines == read_release(FILE).api == read_json(MANIFEST, "package")["api"]


def test_a_release_without_its_api_gets_it(first, passes):
    before = API.read_bytes()
    API.unlink()
    assert "release: released/Linear.api.txt: the public API of 1.0.0, " in passes("release")
    assert API.read_bytes() == before


def test_a_number_of_one_s_own(linear, passes, pack):
    passes("release", "--version", "0.3.0")
    assert pack() == "0.3.0"


def test_what_is_released_is_released_once(first, passes):
    before = FILE.read_bytes()
    assert passes("release") == "release: released/Linear.json: 1.0.0 is released already, with this content\n"
    assert FILE.read_bytes() == before


def test_the_next_release_has_the_difference(renamed, passes, pack):
    assert renamed.startswith("2.0.0-g")
    assert "Linear 2.0.0, after 1.0.0 (major), content " in passes("release")
    release = read_release(FILE)
    assert (release.version, release.previous) == ("2.0.0", "1.0.0")
    assert [change.text for change in release.changes] == ["the C# namespace is Acme (it was Torch2DotNet)"]
    assert pack() == "2.0.0"
    assert read_json(MANIFEST, "package")["changes"] == [change.model_dump() for change in release.changes]


def test_a_pre_release_becomes_a_release_with_the_same_content_and_history(renamed, passes, pack):
    passes("release", "--version", "2.0.0-rc.1")
    assert pack() == "2.0.0-rc.1"
    passes("release", "--version", "2.0.0")
    release = read_release(FILE)
    assert (release.version, release.previous, len(release.changes)) == ("2.0.0", "1.0.0", 1)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("1.0.0", "expected a version above 1.0.0, the last release, got 1.0.0"),
        ("0.9.0", "expected a version above 1.0.0, the last release, got 0.9.0"),
        ("1.5.0", "expected 2.0.0 or later, since what is different from 1.0.0 is major (the C# namespace is Acme"),
        ("two", "--version: expected a semantic version such as 1.2.3 or 1.2.3-beta.1, got 'two'"),
        ("2.0.0-01", "--version: expected a semantic version"),
    ],
)
def test_versions_that_are_refused(renamed, fails, version, told):
    assert told in fails("release", "--version", version)
    assert read_release(FILE).version == "1.0.0"


def test_a_setting_that_packs_another_version(linear, configure, pack, fails):
    configure("package.version=1.5.0")
    pack()
    assert "--version: expected 1.5.0, which package.version packs, got 2.0.0" in fails("release", "--version", "2.0.0")


def test_a_difference_from_another_release(renamed, passes, pack, fails):
    write_json(FILE, {**read_json(FILE, "release"), "version": "1.4.0"})
    assert (
        "build/package/manifest.json: expected what is different from 1.4.0, the last release in released/Linear.json, got it from "
        "1.0.0: run `dvc repro`, then release again"
    ) in fails("release")


def test_a_gate_that_has_not_passed(linear, fails):
    write_json(PARITY_REPORT, {**read_json(PARITY_REPORT, "validate"), "passed": False})
    assert f"{PARITY_REPORT}: the parity gate has not passed (" in fails("release")


def test_a_gate_of_another_model(linear, fails):
    report = read_json(PARITY_REPORT, "validate")
    write_json(PARITY_REPORT, {**report, "models": {**report["models"], "simplify": "0" * 64}})
    assert f"{PARITY_REPORT} speaks of another model or contract than build/package/Linear." in fails("release")


def test_a_proof_of_another_package(linear, fails):
    write_json(DOTNET_REPORT, {**read_json(DOTNET_REPORT, "verify"), "package_sha256": "0" * 64})
    assert f"{DOTNET_REPORT} speaks of another package than build/package/Linear." in fails("release")


def test_a_package_that_departs(linear, fails):
    parity = read_json(PARITY_REPORT, "validate")["comparisons"][0]
    wrong = {**parity, "stage": "dotnet", "way": "row", "passed": False}
    report = read_json(DOTNET_REPORT, "verify")
    write_json(DOTNET_REPORT, {**report, "reason": "too far", "comparisons": [wrong]})
    assert f"{DOTNET_REPORT}: .NET does not answer like PyTorch (too far): nothing is released" in fails("release")
    assert not FILE.exists()
