import contextlib
import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.command_line import STAGES
from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport, DotnetTask
from pipeline.core.files import read_json, sha256, write_json
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.core.paths import (
    CONTRACT,
    DOTNET_REPORT,
    EXPORTED,
    GOLDEN_ARRAYS,
    GOLDEN_INDEX,
    GOLDEN_TEST_SPLIT,
    MANIFEST,
    METRICS_REPORT,
    PACKAGE,
    PARITY_PAGE,
    PARITY_REPORT,
    PROOF_PAGE,
    PUBLISH_REPORT,
    SIMPLIFIED,
    TRAINING_CURVES,
)
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.dotnet.versions.release_notes import CHANGELOG
from pipeline.graph import onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.registry import lineage, model_registry, tracking
from pipeline.registry.model_registry import build_signature
from pipeline.registry.publication import PUBLICATION, hash_files
from pipeline.registry.run_content import CONTENT, REPORTS, Evidence, choose_page, collect_metrics, flatten
from pipeline.registry.run_note import CARD_ARTIFACT, NOTE_TAG
from pipeline_runs import LINEAR, golden_inputs, golden_outputs, reseal

NO_DOTNET = (*LINEAR, "verify.mode=off")
BEFORE_PUBLISH = tuple(STAGES)[: tuple(STAGES).index("publish")]
AFTER_GATE = BEFORE_PUBLISH[BEFORE_PUBLISH.index("validate") + 1 :]


def client(folder: Path = Path()):
    from mlflow import MlflowClient

    store = f"sqlite:///{folder.resolve()}/mlflow.db"
    return MlflowClient(store, registry_uri=store)


def runs(folder: Path = Path()) -> list:
    return client(folder).search_runs(["1"])


def versions(folder: Path = Path()) -> list[str]:
    return [str(found.version) for found in client(folder).search_model_versions("name = 'linear'")]


def candidate() -> str:
    return str(client().get_model_version_by_alias("linear", "candidate").version)


@pytest.fixture(scope="module")
def packed_project(linear_run, tmp_path_factory) -> Path:
    """A linear model that is ready to be published."""
    folder = Path(shutil.copytree(linear_run, tmp_path_factory.mktemp("packed") / "project"))
    with contextlib.chdir(folder):
        for command in (["params", *NO_DOTNET], *([name] for name in AFTER_GATE)):
            assert main(command) == 0
    return folder


@pytest.fixture
def packed(packed_project, enter) -> Path:
    return enter(packed_project)


@pytest.fixture(scope="module")
def published(packed_project, tmp_path_factory) -> Path:
    """The same, published, with one row of training curves."""
    folder = Path(shutil.copytree(packed_project, tmp_path_factory.mktemp("published") / "project"))
    with contextlib.chdir(folder):
        header = TRAINING_CURVES.read_text()
        TRAINING_CURVES.write_text(header + "1.0,0.003,0.5,0.75,0.25,0.875\n")
        assert main(["publish"]) == 0
    return folder


@pytest.fixture
def run(published):
    (found,) = runs(published)
    return found


@pytest.fixture
def again(published, enter) -> Path:
    """A copy in which a test may publish once more: the store's own paths stay in `published`."""
    return enter(published)


def test_parameters(run):
    assert run.data.params["model.net._target_"] == "torch.nn.Linear"
    assert run.data.params["parity.atol"] == "4e-06"
    assert run.data.params["seed"] == "0"


def test_metrics_of_the_run(run, published):
    report = json.loads((published / PARITY_REPORT).read_text())
    assert run.data.metrics["parity.comparisons"] == 20
    assert run.data.metrics["graph.nodes"] == 1
    assert max(v for k, v in run.data.metrics.items() if k.endswith(".max_abs")) == report["max_abs"]


def test_training_curves(run, published):
    (point,) = client(published).get_metric_history(run.info.run_id, "train.validation_metric")
    assert (point.step, point.value) == (1, 0.875)


def test_tags_are_few_and_for_people(run):
    assert {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")} == {
        "model": "linear",
        "gate": "passed",
        "dotnet.verified": "false",
        "exporter": "dynamo",
        "opset": "20",
    }


def test_a_run_is_named_by_model_and_weights(run, published):
    weights = read_json(published / CONTRACT, "export")["weights_sha256"]
    assert run.info.run_name == f"linear {weights[:7]}"


def test_the_note_links_the_version_that_was_registered(run):
    assert "(#/models/linear/versions/1?workflowType=machine_learning)" in run.data.tags[NOTE_TAG]


def test_every_split_is_a_dataset_of_the_run(run, published):
    logged = [(entry.tags[0].value, entry.dataset.name, entry.dataset.digest) for entry in run.inputs.dataset_inputs]
    assert sorted(logged) == sorted(
        (split, f"noise {split}", sha256(published / "build" / "data" / f"{split}.npz")[:12])
        for split in ("train", "validation", "test")
    )


def test_artifacts(run, published):
    with contextlib.chdir(published):
        made = {
            entry.path
            for folder in ("", "build/golden", "build/package", "build/simplified", "reports", "reports/plots")
            for entry in client().list_artifacts(run.info.run_id, folder)
            if not entry.is_dir
        }
    package = read_json(published / MANIFEST, "package")["package"]
    files = {*CONTENT, *REPORTS, MANIFEST, PACKAGE / package, Path("params.yaml")} - {PROOF_PAGE}
    assert made == {path.as_posix() for path in files} | {CARD_ARTIFACT, lineage.ARTIFACT, CHANGELOG}


def test_the_page_that_is_logged_is_the_proof_where_dotnet_ran(published):
    with contextlib.chdir(published):
        unverified = read_report(DotnetReport)
    comparison = Comparison.model_validate(read_json(published / PARITY_REPORT, "validate")["comparisons"][0])
    assert choose_page(unverified) == PARITY_PAGE
    assert choose_page(unverified.model_copy(update={"comparisons": [comparison]})) == PROOF_PAGE


def test_artifacts_lie_beside_the_store(published):
    assert (published / "mlartifacts").is_dir()


def test_the_report(run, published):
    report = read_json(published / PUBLISH_REPORT, "publish")
    assert report["run_id"] == run.info.run_id
    assert (report["model"], report["version"], report["alias"], report["experiment_id"]) == (
        "linear",
        "1",
        "candidate",
        "1",
    )


def test_the_registered_version(run, published):
    found = client(published).get_model_version_by_alias("linear", "candidate")
    assert str(found.version) == "1"
    assert found.tags["package_sha256"] == read_json(published / MANIFEST, "package")["package_sha256"]
    assert found.tags["dotnet.verified"] == "false"
    assert found.run_id == run.info.run_id


def test_the_registered_version_says_which_package_it_has(published):
    manifest = read_json(published / MANIFEST, "package")
    tags = client(published).get_model_version("linear", "1").tags
    assert (tags["package_id"], tags["package_version"], tags["content_sha256"]) == (
        "Linear",
        manifest["version"],
        manifest["content_sha256"],
    )


def test_the_run_has_a_changelog(run):
    import mlflow

    text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{CHANGELOG}")
    assert text.startswith("# Changelog of Linear\n")
    assert "## [Unreleased]\n\nPacked as 1.0.0-g" in text


def test_a_version_never_has_another_content(again, configure, passes, fails):
    taken = read_json(MANIFEST, "package")
    configure(f"package.version={taken['version']}", "package.namespace=Acme")
    for command in AFTER_GATE:
        passes(command)
    other = read_json(MANIFEST, "package")["content_sha256"]
    assert (
        f"Linear {taken['version']} is in the store with another content (models:/linear/1 has {taken['content_sha256'][:7]}, this is "
        f"{other[:7]}): set package.version=auto, or a version that is not taken"
    ) in fails("publish")
    assert (len(runs()), versions()) == (1, ["1"])


def test_the_registered_version_is_described_by_the_model_card(run, published):
    import mlflow

    first, _, rest = client(published).get_model_version("linear", "1").description.partition("\n")
    assert first == f"Linear {read_json(published / MANIFEST, 'package')['version']}, not verified in .NET"
    card = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{CARD_ARTIFACT}")
    assert card.startswith("# Linear 1.0.0-g")
    # MLflow's page wants room in tables.
    assert rest.replace("&emsp;", "").split() == card.partition("\n")[2].split()


def test_the_model_s_page_says_what_the_aliases_mean(published):
    page = client(published).get_registered_model("linear").description
    assert "- `candidate` is the last version that passed the gate, by intent" in page
    assert "- `champion` moves only when" in page


def test_one_golden_row_is_the_model_s_example(published):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{published}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{published}/mlflow.db")
    folder = mlflow.artifacts.download_artifacts("models:/linear/1")
    example = mlflow.models.Model.load(folder).load_input_example(folder)
    with contextlib.chdir(published):
        np.testing.assert_allclose(example["input"], golden_inputs()["rows-1"]["input"], rtol=1e-6)


def test_the_registered_model_answers_like_pytorch(published):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{published}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{published}/mlflow.db")
    model = mlflow.onnx.load_model("models:/linear@candidate")
    with contextlib.chdir(published):
        inputs, expected = golden_inputs()["rows-7"], golden_outputs()["rows-7"]
    got = answer(open_session(model.SerializeToString()), inputs)
    np.testing.assert_allclose(got["output"], expected["output"], atol=1e-6)


def test_the_signature_is_in_the_registry(published):
    import mlflow

    mlflow.set_registry_uri(f"sqlite:///{published}/mlflow.db")
    found = mlflow.models.get_model_info("models:/linear/1").signature
    with contextlib.chdir(published):
        assert found == build_signature(load_contract())


def test_publishing_again_adds_nothing(again, passes):
    before = read_json(PUBLISH_REPORT, "publish")
    PUBLISH_REPORT.unlink()
    assert ", published before" in passes("publish")
    assert (len(runs()), versions()) == (1, ["1"])
    # Why the champion stayed is of the later publication.
    assert {**read_json(PUBLISH_REPORT, "publish"), "promotion": before["promotion"]} == before


def test_what_was_registered_anew_is_not_called_published_before(again, passes):
    client().delete_registered_model("linear")
    assert "published before" not in passes("publish")


@pytest.mark.parametrize(
    ("setting", "expected"),
    # The tolerances travel in the package: the consumer's self-test judges by them.
    [("parity.least_power=2.0e-03", ["1"]), ("parity.rtol=0.001", ["1", "2"])],
    ids=["another demand is another run of the same version", "another tolerance is another version"],
)
def test_a_setting_of_the_gate(setting, expected, again, configure, passes):
    configure("verify.mode=off", "package.client=auto", setting)
    for command in ("validate", *AFTER_GATE, "publish"):
        passes(command)
    assert (len(runs()), sorted(versions())) == (2, expected)
    assert candidate() == expected[-1]


def test_other_weights_are_another_version(again, configure, passes):
    configure("verify.mode=off", "seed=1")
    for command in (*BEFORE_PUBLISH, "publish"):
        passes(command)
    assert sorted(versions()) == ["1", "2"]
    assert candidate() == "2"


def test_a_registry_that_gives_back_another_model_keeps_the_alias(again, configure, passes, capsys, monkeypatch):
    import mlflow

    configure("verify.mode=off", "seed=1")
    for command in BEFORE_PUBLISH:
        passes(command)
    other = onnx_model.load(EXPORTED, "export")
    monkeypatch.setattr(mlflow.onnx, "load_model", lambda _: other)
    assert main(["publish"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the registry gives back another model than build/simplified/model.onnx: the alias was not moved" in said
    assert candidate() == "1"


def test_a_run_that_was_interrupted_is_not_taken_for_a_publication(again, configure, passes, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    configure("verify.mode=off", "parity.rtol=0.001")
    passes("validate")
    with monkeypatch.context() as patch:
        patch.setattr(model_registry, "check_registered", interrupt)
        assert main(["publish"]) == 1
    passes("publish")
    statuses = {found.info.status: PUBLICATION in found.data.tags for found in runs()}
    assert (len(runs()), statuses) == (3, {"FINISHED": True, "KILLED": False})
    ended_well = max(runs(), key=lambda entry: entry.info.end_time if entry.info.status == "FINISHED" else 0)
    assert client().get_model_version("linear", "1").tags["run_id"] == ended_well.info.run_id


def test_a_deleted_experiment_is_explained(again, fails):
    client().delete_experiment("1")
    said = fails("publish")
    assert "the MLflow experiment 'linear' was deleted: restore it (`mlflow experiments restore -x 1`)" in said
    assert "publish.experiment" in said


def test_mlflow_s_refusal_is_one_line(packed, configure, fails):
    configure("publish.tracking_uri=nonsense://here")
    said = fails("publish")
    assert "MLflow at nonsense://here refused: " in said
    assert "the next `dvc repro` publishes only" in said


def spoil(**changes: object) -> None:
    write_json(PARITY_REPORT, {**read_json(PARITY_REPORT, "validate"), **changes})


@pytest.mark.parametrize("changes", [{"passed": False, "gate": "why"}, {"comparisons": []}])
def test_a_gate_that_has_not_passed_publishes_nothing(changes, packed, fails):
    spoil(**changes)
    assert "reports/parity.json: the parity gate has not passed" in fails("publish")
    assert not Path("mlflow.db").exists()


@pytest.mark.parametrize("path", [EXPORTED, SIMPLIFIED, CONTRACT])
def test_a_file_that_was_not_judged_is_not_published(path, packed, fails):
    path.write_bytes(path.read_bytes() + b"\n")
    assert f"{path} is not the file that reports/parity.json compared: run `python -m pipeline validate`" in fails(
        "publish"
    )
    assert not Path("mlflow.db").exists()


@pytest.mark.parametrize("path", [GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT])
def test_another_golden_file_is_not_published(path, packed, fails):
    path.write_bytes(path.read_bytes() + b"\0")
    reseal(path)
    assert f"{path}: expected the golden file made with this model's contract" in fails("publish")
    assert not Path("mlflow.db").exists()


def test_nothing_is_published_before_the_gate(packed, fails):
    PARITY_REPORT.unlink()
    assert "reports/parity.json is missing: it is written by `python -m pipeline validate`" in fails("publish")
    assert not Path("mlflow.db").exists()


@pytest.mark.parametrize("path", [path for path in REPORTS if path != PARITY_REPORT])
def test_a_missing_report_is_explained(path, packed, fails):
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline {REPORTS[path]}`" in fails("publish")
    assert not Path("mlflow.db").exists()


def test_a_server_that_is_not_there(packed, configure, fails):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    configure(f"publish.tracking_uri=http://127.0.0.1:{port}")
    assert f"the MLflow server at http://127.0.0.1:{port} cannot be reached (" in fails("publish")


def test_a_server_that_never_answers(packed, configure, fails, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        configure(f"publish.tracking_uri=http://127.0.0.1:{server.getsockname()[1]}")
        assert "cannot be reached (timed out): start it, or set publish.tracking_uri" in fails("publish")


def test_flatten():
    nested = {"a": {"b": 1, "c": {"d": None}}, "e": {}, "f": [1, {"g": 2}]}
    assert dict(flatten(nested)) == {"a.b": 1, "a.c.d": None, "e": {}, "f": [1, {"g": 2}]}


def test_metrics_take_the_worst_of_each_graph_and_output(digits):
    parity = read_report(ParityReport)
    evidence = Evidence(
        load_contract(),
        read_report(ExportReport),
        read_report(SimplifyReport),
        parity,
        read_report(DotnetReport),
        read_package(),
    )
    metrics = collect_metrics(evidence)
    assert metrics["parity.simplify.probabilities.max_abs"] == max(
        e.max_abs for e in parity.comparisons if (e.stage, e.output) == ("simplify", "probabilities")
    )
    assert metrics["accuracy.simplify"] == parity.task.simplify
    assert "accuracy.budget" not in metrics
    assert (metrics["accuracy.simplify.changed"], 0 < metrics["accuracy.simplify.bound"] < 0.01) == (0, True)
    assert "parity.simplify.label.used" not in metrics
    assert "accuracy.dotnet" not in metrics


def test_metrics_have_the_power_and_the_margin_of_the_gate(digits):
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    contract, parity = load_contract(), read_report(ParityReport)
    metrics = collect_metrics(Evidence(contract, *reports, read_package()))
    assert metrics["parity.margin"] == 1 / parity.used
    assert metrics["parity.mutants"] == parity.power.tried
    assert metrics["parity.power"] == parity.power.score
    assert metrics["parity.scale.probabilities"] == contract.scales["probabilities"].scale


def test_the_task_s_metric_comes_first_because_mlflow_draws_the_first(digits):
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    assert next(iter(collect_metrics(Evidence(load_contract(), *reports, read_package())))) == "accuracy.eager"


def test_without_a_measured_power_there_is_no_number_of_it(digits):
    export, simplify, dotnet = (read_report(kind) for kind in (ExportReport, SimplifyReport, DotnetReport))
    parity = read_report(ParityReport).model_copy(update={"power": None, "margin": None})
    metrics = collect_metrics(Evidence(load_contract(), export, simplify, parity, dotnet, read_package()))
    assert not {"parity.power", "parity.mutants", "parity.margin"} & set(metrics)


def test_the_metric_in_dotnet_stands_beside_pytorch_s(digits):
    dotnet = read_report(DotnetReport).model_copy(
        update={"task": DotnetTask(metric="accuracy", rows=4, eager=0.75, dotnet=0.5)}
    )
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport))
    metrics = collect_metrics(Evidence(load_contract(), *reports, dotnet, read_package()))
    assert metrics["accuracy.dotnet"] == 0.5


def test_a_version_that_is_verified_later_says_so(again, passes):
    report = read_json(DOTNET_REPORT, "verify")
    write_json(DOTNET_REPORT, {**report, "verified": True, "reason": "", "runtime": ".NET 10"})
    passes("publish")
    found = client().get_model_version("linear", "1")
    assert found.tags["dotnet.verified"] == "true"
    assert "Not verified" not in found.description


def test_digest_sees_names_and_contents(empty):
    a, b = Path("a"), Path("b")
    a.write_text("1")
    b.write_text("1")
    assert len({hash_files((a,)), hash_files((b,)), hash_files((a, b)), hash_files((a,), "more")}) == 4


@pytest.mark.parametrize("line", ["1", "1,2,3,4,5,6,7", "x,1,1,1,1,1", "nan,1,1,1,1,1", "\0"])
def test_curves_that_somebody_broke_are_named(line, packed, fails):
    TRAINING_CURVES.write_text(TRAINING_CURVES.read_text() + line + "\n")
    assert f"{TRAINING_CURVES}: expected a line of names that begin with epoch" in fails("publish")


def test_a_report_that_nobody_reads_is_json_all_the_same(packed, fails):
    METRICS_REPORT.write_text("{")
    assert f"{METRICS_REPORT}: expected JSON, got " in fails("publish")


def test_a_report_that_contradicts_itself_is_not_published(packed, fails):
    report = read_json(PARITY_REPORT, "validate")
    report["comparisons"][3]["passed"] = False
    write_json(PARITY_REPORT, report)
    assert f"{PARITY_REPORT}: the parity gate has not passed (passed): nothing is published" in fails("publish")


def test_a_proof_that_contradicts_itself_is_not_published(packed, fails):
    comparison = read_json(PARITY_REPORT, "validate")["comparisons"][0]
    report = read_json(DOTNET_REPORT, "verify")
    write_json(DOTNET_REPORT, {**report, "verified": True, "comparisons": [{**comparison, "passed": False}]})
    assert f"{DOTNET_REPORT}: .NET does not answer like PyTorch" in fails("publish")


def test_a_package_whose_bound_could_not_be_run_is_published_as_not_verified(packed, passes):
    comparison = read_json(PARITY_REPORT, "validate")["comparisons"][0]
    report = read_json(DOTNET_REPORT, "verify")
    absent = {"asked": "bound", "onnxruntime": None, "verified": False, "reason": "no source has it"}
    nearest = {"asked": "nearest", "onnxruntime": "1.30.0", "verified": True, "reason": ""}
    write_json(DOTNET_REPORT, {**report, "comparisons": [comparison], "runtimes": [absent, nearest]})
    assert "; not verified in .NET: " in passes("publish")
    found = client().get_model_version("linear", "1")
    assert found.tags["dotnet.verified"] == "false"
    assert "with onnxruntime 1.30.0 (the nearest that there was)" in found.description
