from pathlib import Path

import numpy
import pytest
from pydantic import ValidationError

from pipeline.core.errors import PipelineError
from pipeline.settings import compat
from pipeline.settings.compose import compose_text
from pipeline.settings.params import Params, load, parse


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("train.epochs=five", "train.epochs: input should be a valid integer, got 'five'; set it with"),
        ("train.epochs=5.0", "train.epochs: input should be a valid integer, got 5.0"),
        ("train.epochs='5'", "train.epochs: input should be a valid integer, got '5'"),
        ("train.epochs=0", "train.epochs: input should be greater than or equal to 1, got 0"),
        ("train.threads=0", "train.threads: expected auto or a number from 1 to 1024, got 0; set it with"),
        ("train.threads=1025", "train.threads: expected auto or a number from 1 to 1024, got 1025"),
        ("train.threads=all", "train.threads: expected auto or a number from 1 to 1024, got 'all'"),
        ("train.threads=true", "train.threads: expected auto or a number from 1 to 1024, got True"),
        ("train.lr=0", "train.lr: input should be greater than 0, got 0"),
        ("train.warmup=1", "train.warmup: input should be less than 1, got 1"),
        ("train.enabled=maybe", "train.enabled: input should be a valid boolean, got 'maybe'"),
        ("seed=-1", "seed: input should be greater than or equal to 0, got -1"),
        ("seed=4294967296", "seed: input should be less than 4294967296, got 4294967296"),
        ("parity.atol=-1", "parity.atol: input should be greater than or equal to 0, got -1"),
        ("parity.atol=nan", "parity.atol: "),
        ("parity.rtol=inf", "parity.rtol: input should be a finite number, got inf"),
        ("parity.task_budget=-0.1", "parity.task_budget: input should be greater than or equal to 0"),
        ("parity.least_power=0", "parity.least_power: input should be greater than 0, got 0"),
        ("parity.power_budget=-1", "parity.power_budget: input should be greater than or equal to 0, got -1"),
        ("+parity.dtypes.int8={atol: 1, rtol: 1}", "parity.dtypes.int8"),
        ("export.opset=15", "export.opset: expected an opset from 16 to "),
        ("export.opset=99", "(the highest that onnxruntime "),
        ("export.golden_batches=[]", "export.golden_batches: list should have at least 1 item"),
        ("export.golden_batches=[0]", "export.golden_batches.0: input should be greater than or equal to 1"),
        (
            "export.exporter=torchscript",
            "export.exporter: input should be 'auto', 'dynamo' or 'tracer', got 'torchscript'",
        ),
        ("data.rows=29", "data.rows: input should be greater than or equal to 30, got 29"),
        ("data.test=0", "data.test: input should be greater than 0, got 0"),
        ("data.test=0.95", "data: expected validation + test < 1, got 0.1 + 0.95"),
        ("data._target_=digits", "data._target_: string should match pattern"),
        ("data.source=digits", "data.source: there is no such setting"),
        ("model=custom", "model.net._target_: there is no value yet; set it with"),
        ("model.name='a b'", "model.name: string should match pattern"),
        ("model.net._target_=Linear", "model.net._target_: string should match pattern"),
        ("+model.card={A: 7}", "model.card.A: input should be a valid string, got 7"),
        ("+model.card={A: ''}", "model.card.A: string should have at least 1 character"),
        ("model.inputs.pixels.minimum=17", "expected minimum <= maximum, got 17"),
        (
            "model.task.metric=f1",
            "model.task.metric: expected one of accuracy, top5, macro_f1, auroc, mean_iou, mae, rmse, r2, cer, wer, or {",
        ),
        ("model.task.metric=acuracy", "got 'acuracy'; did you mean 'accuracy'?; set it with"),
        ("model.task.metric={_target_: f1}", "model.task.metric._target_: string should match pattern"),
        (
            "model.task.metric={_target_: sklearn.metrics.f1_score}",
            "model.task: nothing says whether more or less of sklearn.metrics.f1_score is better: expected model.task.direction=higher or",
        ),
        ("model.task.direction=up", "model.task.direction: input should be 'higher' or 'lower', got 'up'"),
        (
            "train.loss=msee",
            "train.loss: expected one of cross_entropy, bce, mse, l1, huber, or {_target_: package.name, kwargs: {}}, got 'msee'; did",
        ),
        ("train.monitor=los", "train.monitor: expected one of accuracy, "),
        (
            "train.monitor={_target_: sklearn.metrics.f1_score}",
            "train.monitor: nothing says whether more or less of sklearn.metrics.f1_score is better: expected train.monitor.direction=higher or",
        ),
        ("publish.alias=1st", "publish.alias: string should match pattern"),
        ("publish.alias=Latest", "publish.alias: expected a name that MLflow does not reserve, got 'Latest'"),
        ("publish.champion.alias=v2", "publish.champion.alias: expected a name that MLflow does not reserve, got 'v2'"),
        (
            "publish.alias=Champion",
            "publish: expected publish.alias and publish.champion.alias to differ, got 'Champion' twice",
        ),
        ("publish.champion.budget=-1", "publish.champion.budget: input should be greater than or equal to 0, got -1"),
        ("publish.champion.rule=always", "publish.champion.rule: input should be 'paired' or 'never', got 'always'"),
        ("publish.tracking_uri=''", "publish.tracking_uri: string should have at least 1 character"),
        ("+train.epoch=5", "train.epoch: there is no such setting; did you mean 'epochs'?"),
        ("+zzz=5", "zzz: there is no such setting; expected one of seed, conf_hash, target, data, train, export,"),
        ("+model.net.target=a.b", "model.net.target: there is no such setting; did you mean '_target_'?"),
        ("~seed", "seed: the setting is missing; compose the file again with `python -m pipeline params`"),
    ],
)
def test_a_wrong_value_is_refused(override, says, params):
    with pytest.raises(PipelineError) as caught:
        params(override)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_title_of_the_card_is_one_heading():
    text = compose_text([]).replace("    Intended use:", "    '# Intended use':", 1)
    with pytest.raises(PipelineError, match=r"model\.card\.# Intended use.*: string should match pattern"):
        parse(text)


def test_several_wrong_values_are_counted(params):
    with pytest.raises(PipelineError, match=r"\(and 1 more\)$"):
        params("train.epochs=0", "seed=-1")


@pytest.mark.parametrize("opset", [compat.LOWEST_OPSET, compat.read_installed()[1].opset])
def test_every_opset_that_the_runtime_loads_is_taken(opset, params):
    assert params(f"export.opset={opset}").export.opset == opset


def test_the_first_opset_beyond_the_runtime_is_refused(params):
    with pytest.raises(PipelineError, match=r"export\.opset"):
        params(f"export.opset={compat.read_installed()[1].opset + 1}")


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(PipelineError, match=r"params\.yaml is missing: compose it from conf/ with `python -m pipeline"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["seed: [", "seed: 1\n\tx: 2", "a: b: c"])
def test_broken_yaml_says_where(text, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(PipelineError, match=r"params\.yaml: expected YAML, got .* line [12]"):
        load(path)


@pytest.mark.parametrize("text", ["", "just text", "- 1\n- 2"])
def test_yaml_that_is_no_mapping_is_refused(text, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(PipelineError, match=r"params\.yaml: "):
        load(path)


def test_values_cannot_be_changed(params):
    with pytest.raises(ValidationError):
        params().seed = 1


def test_the_dump_reads_back(params):
    made = params("model=linear")
    assert Params.model_validate(made.model_dump(by_alias=True)) == made


FILES = (
    "model=custom",
    "model.net._target_=torch.nn.Linear",
    "model.net.kwargs={config: 'package:numpy/version.py'}",
    "model.weights='package:numpy/w.pt'",
    "model.encoders={text: {kind: categories, vocabulary: 'package:numpy/v.txt'}}",
    "model.tokenizer={file: 'package:numpy/t.json', max_length: 9, inputs: {ids: i}}",
    "model.dynamic_axes={i: {0: batch, 1: tokens}}",
    "data.kwargs={files: ['package:numpy/a']}",
)


def test_files_of_packages_are_paths_of_this_machine(params):
    made = params(*FILES, "data.path='package:numpy/rows.npz'")
    folder = Path(numpy.__file__).parent.as_posix()
    assert made.files() == {
        "data.path": f"{folder}/rows.npz",
        "model.weights": f"{folder}/w.pt",
        "model.encoders.text.vocabulary": f"{folder}/v.txt",
        "model.tokenizer.file": f"{folder}/t.json",
    }
    assert made.model.net.kwargs == {"config": f"{folder}/version.py"}
    assert made.data.kwargs == {"files": [f"{folder}/a"]}


def test_a_package_that_is_not_here_is_named_with_its_setting(params):
    with pytest.raises(
        PipelineError, match=r"composed-\d\.yaml: model\.weights=package:nowhere/w\.pt: the package 'nowhere'"
    ):
        params("model.weights='package:nowhere/w.pt'")


def test_names_of_packages_may_be_left(tmp_path):
    text = compose_text([*FILES, "data.path='package:nowhere/rows.npz'"])
    assert parse(text, locate_files=False).data.path == "package:nowhere/rows.npz"


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("null", {}),
        ("/x/a", {"data.path": "/x/a"}),
        ("[/x/a, /x/b]", {"data.path.0": "/x/a", "data.path.1": "/x/b"}),
        ("{n: /x/a, p: /x/b}", {"data.path.n": "/x/a", "data.path.p": "/x/b"}),
    ],
)
def test_every_file_of_the_data_is_named(path, files, params):
    assert params(f"data.path={path}").files() == files


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 10_000, "expected YAML, got "),
        (b"seed: " + b"9" * 5000, "expected YAML, got Exceeds the limit"),
        (b"a: \xff", "expected UTF-8 text, got invalid start byte at byte 3"),
    ],
    ids=["deep", "long", "not UTF-8"],
)
def test_a_file_that_somebody_broke_is_explained(content, says, tmp_path):
    (tmp_path / "p.yaml").write_bytes(content)
    with pytest.raises(PipelineError, match=rf"p\.yaml: {says}.*compose it again with `python -m pipeline params`"):
        load(tmp_path / "p.yaml")


def test_a_folder_is_no_params(tmp_path):
    with pytest.raises(PipelineError, match="is a folder, not a file: compose it"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+model.axes.time.minimum=0", "model.axes.time.minimum: input should be greater than or equal to 1, got 0"),
        ("model.axes={time: {minimum: 9, maximum: 8}}", "model.axes.time: expected minimum <= maximum, got 9 > 8"),
        (
            "model.axes={time: {minimum: 5, maximum: 7, multiple_of: 4}}",
            "model.axes.time: expected a size from 5 to 7 that is a multiple of 4: there is none",
        ),
        (
            "+model.axes.tiem.maximum=9",
            "axes.tiem: expected an axis that dynamic_axes names (time); did you mean time?",
        ),
        ("+model.axes.batch.maximum=9", "axes.batch: the batch is never bounded: leave it out"),
    ],
)
def test_bounds_of_axes_that_make_no_sense_are_refused(override, says, params):
    with pytest.raises(PipelineError) as caught:
        params("model=sequence", override)
    assert says in str(caught.value)


def test_a_bound_may_be_null(params):
    axis = params("model=sequence", "model.axes={time: {minimum: null, multiple_of: null, maximum: 96}}").model.axes[
        "time"
    ]
    assert (axis.minimum, axis.multiple_of, axis.maximum) == (1, 1, 96)
