import hashlib
import io
import json
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.core.arrays import load
from pipeline.core.contract import load_contract
from pipeline.core.files import read_json, sha256, write_json
from pipeline.core.golden import load_calls
from pipeline.core.paths import CONTRACT, PARITY_REPORT, SIMPLIFIED, TARGET_FINGERPRINT, TEST_SPLIT
from pipeline_runs import reseal

MANIFEST = Path("build/package/manifest.json")


def manifest() -> dict:
    return read_json(MANIFEST, "package")


def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO((MANIFEST.parent / manifest()["package"]).read_bytes()))


def test_holds_model_contract_golden_client_targets_and_readme(linear):
    names = set(archive().namelist())
    model = f"model/{manifest()['model']}"
    assert {
        model,
        "contract.json",
        "golden/golden.json",
        "client/Linear.cs",
        "build/Linear.targets",
        "client/Linear.g.cs",
        "buildTransitive/Linear.targets",
        "README.md",
        "MODEL_CARD.md",
    } <= names
    assert archive().read(model) == Path("build/simplified/model.onnx").read_bytes()


def test_manifest_has_every_file(linear):
    with archive() as opened:
        inside = json.loads(opened.read("manifest.json"))
        for path, digest in inside["files"].items():
            assert hashlib.sha256(opened.read(path)).hexdigest() == digest
        own = {
            n
            for n in opened.namelist()
            if not n.startswith(("_rels/", "package/")) and n not in ("[Content_Types].xml", "Linear.nuspec")
        }
    assert own == {*inside["files"], "manifest.json"}
    assert {key: value for key, value in manifest().items() if not key.startswith("package")} == inside


def test_of_the_golden_calls_the_smallest_travel(linear, passes):
    said = passes("package")
    cases = [entry["case"] for entry in json.loads(archive().read("golden/golden.json"))]
    all_calls = [call.name for call in load_calls()]
    assert set(cases) < set(all_calls)
    size = sum(entry.file_size for entry in archive().infolist() if entry.filename.startswith("golden/"))
    told = f"; {len(cases)} of {len(all_calls)} golden calls in {size:,} bytes (package.golden=slim); "
    assert told in said


def test_every_golden_call_travels(linear, configure, passes):
    configure("package.golden=full")
    passes("package")
    cases = [entry["case"] for entry in json.loads(archive().read("golden/golden.json"))]
    assert cases == [call.name for call in load_calls()]
    assert "`golden/` has every golden call with PyTorch's answers" in archive().read("README.md").decode()


def test_no_golden_call_travels_and_nothing_speaks_of_them(linear, configure, passes):
    configure("package.golden=none")
    said = passes("package")
    with archive() as opened:
        assert not [name for name in opened.namelist() if name.startswith("golden")]
        assert not [path for path in json.loads(opened.read("manifest.json"))["files"] if path.startswith("golden")]
        assert "golden/" not in opened.read("README.md").decode() + opened.read("MODEL_CARD.md").decode()
    assert "; no golden calls (package.golden=none); " in said


def test_the_policy_that_travels_has_every_output(linear):
    outputs = json.loads(archive().read("golden/policy.json"))["outputs"]
    assert [entry["name"] for entry in outputs] == [tensor.name for tensor in load_contract().outputs]


def test_lineage(linear):
    told = manifest()["lineage"]
    assert told["weights_sha256"] == sha256(Path("build/weights/checkpoint.safetensors"))
    assert told["contract_sha256"] == sha256(Path("build/golden/contract.json"))
    assert told["data_sha256"]["test"] == sha256(Path("build/data/test.npz"))
    assert told["golden"]["calls.npz"] == sha256(Path("build/golden/calls.npz"))


def test_model_name_carries_its_hash(linear):
    assert manifest()["model"] == f"Linear.{sha256(Path('build/simplified/model.onnx'))[:8]}.onnx"


def test_same_bytes_again(linear, passes):
    before = manifest()["package_sha256"]
    passes("package")
    assert manifest()["package_sha256"] == before == sha256(MANIFEST.parent / manifest()["package"])


def test_the_card_has_the_data_that_prepare_wrote(linear):
    count = len(load(TEST_SPLIT, "prepare")["input"])
    row = f"| test | {count} | `{manifest()['lineage']['data_sha256']['test']}` |"
    assert row in archive().read("MODEL_CARD.md").decode().splitlines()


def test_the_card_has_the_user_s_own_sections(linear, configure, passes):
    configure("model.card={Intended use: Nothing at all.}")
    passes("package")
    assert "\n## Intended use\n\nNothing at all.\n" in archive().read("MODEL_CARD.md").decode()


def test_the_readme_has_a_golden_row_as_a_request(linear):
    readme = archive().read("README.md").decode().splitlines()
    request = next(line for line in readme if line.startswith("curl "))
    (sent,) = json.loads(shlex.split(request)[-1]).values()
    smallest = min((call for call in load_calls() if call.purpose == "rows"), key=lambda call: call.rows)
    (array,) = smallest.inputs.values()
    np.testing.assert_array_equal(np.array(sent, np.float32), array[0])


def test_the_readme_links_the_card(linear):
    assert "[MODEL_CARD.md](MODEL_CARD.md)" in archive().read("README.md").decode()


def test_one_package_in_the_folder(linear, configure, passes):
    configure("package.version=1.0.1")
    passes("package")
    assert [path.name for path in MANIFEST.parent.glob("*.nupkg")] == ["Linear.1.0.1.nupkg"]


def test_names_of_ones_own(linear, configure, passes):
    configure("package.id=Acme.Linear", "package.namespace=Acme.Models", "package.class_name=Projection")
    passes("package")
    with archive() as opened:
        assert "namespace Acme.Models" in opened.read("client/Projection.cs").decode()
        assert "buildTransitive/Acme.Linear.targets" in opened.namelist()


def test_the_native_library_is_left_to_the_program(linear, configure, passes):
    plain = manifest()["content_sha256"]
    configure("package.runtime=managed", "package.project_url=https://host.example/linear")
    passes("package")
    with archive() as opened:
        nuspec, readme = (opened.read(name).decode() for name in ("Linear.nuspec", "README.md"))
    assert nuspec.count('<dependency id="Microsoft.ML.OnnxRuntime.Managed" version="1.31.1" />') == 2
    assert 'id="Microsoft.ML.OnnxRuntime"' not in nuspec
    assert "<projectUrl>https://host.example/linear</projectUrl>" in nuspec
    assert "The package brings Microsoft.ML.OnnxRuntime.Managed 1.31.1 or later" in readme
    assert manifest()["runtime"] == "managed"
    assert manifest()["content_sha256"] != plain


def prove_in_older_onnxruntime() -> None:
    """As if `fingerprint` had found the target's wheel, and `validate` had replayed in it."""
    report = read_json(PARITY_REPORT, "validate")
    replay = {
        "python": "3.11",
        "numpy": "2.4.1",
        "passed": True,
        "problem": "",
        "comparisons": 10,
        "values": 99,
        "used": 0.1,
    }
    write_json(PARITY_REPORT, {**report, "runtimes": [{"onnxruntime": "1.30.0", **replay}]})
    write_json(TARGET_FINGERPRINT, {"target": "onnxruntime-1.30", "onnxruntime": "1.30.0"})
    reseal(TARGET_FINGERPRINT)


def test_the_lower_bound_is_the_target_s_version(linear, passes):
    prove_in_older_onnxruntime()
    passes("package")
    with archive() as opened:
        nuspec = opened.read("Linear.nuspec").decode()
        client = opened.read("client/Facts.g.cs").decode()
        readme = opened.read("README.md").decode()
    assert '<dependency id="Microsoft.ML.OnnxRuntime" version="1.30.0" />' in nuspec
    assert manifest()["onnxruntime"] == {"bound": "1.30.0", "proven": ["1.30.0", "1.31.1"]}
    assert 'BoundOnnxRuntime = "1.30.0"' in client
    assert 'ProvenOnnxRuntime = "1.30.0 and 1.31.1"' in client
    assert "Proven in Python with onnxruntime 1.30.0 and 1.31.1" in readme


def test_a_target_that_was_not_replayed_is_refused(linear, fails):
    write_json(TARGET_FINGERPRINT, {"target": "onnxruntime-1.30", "onnxruntime": "1.30.0"})
    reseal(TARGET_FINGERPRINT)
    assert f"{PARITY_REPORT}: expected a proof in onnxruntime 1.30.0" in fails("package")


def test_without_a_target_s_version(linear, fails):
    TARGET_FINGERPRINT.unlink()
    assert f"{TARGET_FINGERPRINT} is missing: it is written by `python -m pipeline fingerprint`" in fails("package")


def test_readme_shows_usage_and_measurement(digits, passes):
    text = archive().read("README.md").decode()
    assert "Digits.Load()" in text
    assert "359 test rows" in text
    assert manifest()["lineage"]["weights_sha256"] not in text
    assert sha256(Path("build/simplified/model.onnx")) in text


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("package.id='No Spaces'", "package.id: expected"),
        ("package.version=v1", "package.version: expected auto or a semantic version such as 1.2.3"),
        ("package.version=1.0", "package.version: expected auto or a semantic version such as 1.2.3"),
        ("package.class_name=String[]", "class_name"),
        ("package.namespace=Linear.Models", "namespace"),
        ("package.license='<MIT>'", "package.license: expected"),
    ],
)
def test_names_that_are_refused(linear, override, told, capsys):
    before = sha256(MANIFEST)
    code = main(["params", "model=linear", "verify.mode=off", override]) or main(["package"])
    assert code == 1
    assert told in capsys.readouterr().err
    assert sha256(MANIFEST) == before


def test_too_large(linear, monkeypatch, configure, fails):
    configure("package.largest_mb=1")
    monkeypatch.setattr(
        "pipeline.dotnet.nuget.golden_selection.golden_files.files",
        lambda *_, **__: {"golden/big.bin": __import__("os").urandom(2_000_000)},
    )
    assert "package.largest_mb=1" in fails("package")


def test_too_large_a_model_is_refused_by_its_size(linear, monkeypatch, configure, fails):
    configure("package.largest_mb=1")
    SIMPLIFIED.write_bytes(bytes(2_500_000))
    reseal(SIMPLIFIED)
    assert (
        "build/simplified/model.onnx has 2.5 MB: expected at most 1 MB (package.largest_mb): raise it for a feed that takes more"
    ) in fails("package")


def test_no_model(linear, fails):
    SIMPLIFIED.unlink()
    assert "build/simplified/model.onnx is missing: it is written by `python -m pipeline simplify`" in fails("package")


def test_model_that_has_not_passed(linear, fails):
    report = read_json(Path("reports/parity.json"), "validate")
    write_json(Path("reports/parity.json"), {**report, "passed": False})
    assert "python -m pipeline validate" in fails("package")


def test_the_contract_that_was_compared_is_packed(linear, fails):
    content = json.loads(CONTRACT.read_text())
    content["outputs"][0]["labels"] = ["a", "b", "c", "d", "e"]
    CONTRACT.write_text(json.dumps(content))
    reseal(CONTRACT)
    assert f"{CONTRACT} is not the file that reports/parity.json compared: run `python -m pipeline validate`" in fails(
        "package"
    )


def test_a_report_that_contradicts_itself_packs_nothing(linear, fails):
    report = read_json(PARITY_REPORT, "validate")
    write_json(PARITY_REPORT, {**report, "comparisons": []})
    assert f"{PARITY_REPORT} does not say that {SIMPLIFIED} has passed" in fails("package")
