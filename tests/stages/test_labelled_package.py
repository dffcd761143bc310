import io
import zipfile
from pathlib import Path

import pytest

from pipeline.core.files import read_json, write_json
from pipeline.core.paths import MANIFEST, PACKAGE, RELEASE_FINGERPRINT
from pipeline_runs import reseal


def manifest() -> dict:
    return read_json(MANIFEST, "package")


def texts() -> dict[str, str]:
    """What the package holds as text, by its path."""
    with zipfile.ZipFile(io.BytesIO((PACKAGE / manifest()["package"]).read_bytes())) as archive:
        return {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith(("client/", "buildTransitive/")) or name.endswith((".md", ".nuspec"))
        }


@pytest.fixture
def released(linear, passes) -> dict:
    """The linear model, released as 1.0.0; its manifest before."""
    before = manifest()
    passes("release")
    passes("fingerprint")
    return before


def test_what_is_not_released_has_a_label_of_its_content(linear):
    made = manifest()
    assert made["version"] == f"1.0.0-g{made['content_sha256'][:7]}"
    assert made["package"] == f"Linear.{made['version']}.nupkg"
    assert (made["previous"], made["changes"]) == ("", [])


def test_what_is_released_is_packed_as_that_version_and_nothing_else_is_different(released, passes):
    labelled = texts()
    assert "there is no release before it" in passes("package")
    assert (manifest()["version"], manifest()["content_sha256"]) == ("1.0.0", released["content_sha256"])
    assert texts() == {name: text.replace(released["version"], "1.0.0") for name, text in labelled.items()}


@pytest.mark.parametrize(
    "override", ["package.version=3.1.4", "package.authors=Acme", "package.license=MIT", "package.largest_mb=100"]
)
def test_settings_that_are_no_content(released, configure, passes, override):
    configure(override)
    passes("package")
    assert manifest()["content_sha256"] == released["content_sha256"]


def test_names_are_content(released, configure, passes):
    configure("package.class_name=Projection")
    line = passes("package")
    made = manifest()
    assert made["version"] == f"2.0.0-g{made['content_sha256'][:7]}"
    assert line.endswith("; major since 1.0.0: the C# class is Projection (it was Linear)\n")


def test_the_difference_is_in_the_readme_and_in_the_notes(released, configure, passes):
    configure("package.class_name=Projection")
    passes("package")
    told = "- major: the C# class is Projection (it was Linear)"
    assert f"## What changed since 1.0.0\n\n{told}\n\n## Measured" in texts()["README.md"]
    assert f"<releaseNotes>What changed since 1.0.0:\n{told}</releaseNotes>" in texts()["Linear.nuspec"]


def test_a_first_version_has_no_notes(linear):
    assert "What changed" not in texts()["README.md"]
    assert "releaseNotes" not in texts()["Linear.nuspec"]


def test_a_released_version_is_not_packed_with_another_content(released, configure, fails):
    configure("package.version=1.0.0", "package.class_name=Projection")
    said = fails("package")
    assert "package.version=1.0.0 is released with another content (" in said
    assert "set package.version=auto, which gives 2.0.0 with a label, or a later version" in said


@pytest.mark.parametrize("package_id", ["Acme.Linear"])
def test_another_id_has_releases_of_its_own(released, configure, passes, package_id):
    configure(f"package.id={package_id}")
    passes("fingerprint")
    passes("package")
    assert manifest()["version"].startswith("1.0.0-g")


def test_a_fingerprint_of_another_package_s_release(released, configure, fails):
    configure("package.id=Acme.Linear")
    assert (
        f"{RELEASE_FINGERPRINT} has the release of Linear, and this is Acme.Linear: run `python -m pipeline fingerprint`"
    ) in fails("package")


def test_without_the_fingerprint(linear, fails):
    RELEASE_FINGERPRINT.unlink()
    assert f"{RELEASE_FINGERPRINT} is missing: it is written by `python -m pipeline fingerprint`" in fails("package")


def test_a_fingerprint_that_was_changed(linear, fails):
    write_json(RELEASE_FINGERPRINT, {"release": None, "more": 1})
    assert f"{RELEASE_FINGERPRINT} is not what `fingerprint` wrote" in fails("package")


def test_a_fingerprint_of_another_form(linear, fails):
    write_json(RELEASE_FINGERPRINT, {"release": {"version": "1.0.0"}})
    reseal(RELEASE_FINGERPRINT)
    assert f"{RELEASE_FINGERPRINT}: release." in fails("package")


def test_a_broken_release_is_refused_before_anything_is_made(released, fails):
    Path("released/Linear.json").write_text("{")
    assert "released/Linear.json: expected JSON" in fails("fingerprint")
