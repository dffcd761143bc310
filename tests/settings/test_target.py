import onnx
import pytest
from onnx import helper
from ruamel.yaml import YAML

from pipeline.core.errors import PipelineError
from pipeline.settings import compat
from pipeline.settings.compose import compose_text
from pipeline.settings.target import check_fit, choose_ir_version, choose_opset, find_limits

INSTALLED = compat.read_installed()[1]


@pytest.mark.parametrize("target", ["onnxruntime-1.16", "onnxruntime-1.18.1", "onnxruntime-1.20", "onnxruntime-1.32"])
def test_a_target_is_text(target, params):
    assert params(f"target={target}").target == target


def test_the_target_is_the_installed_runtime_unless_it_is_set(params):
    assert params().target is None


def test_yaml_takes_a_bare_version_for_a_number():
    assert YAML(typ="safe").load(compose_text(["target=1.20"]))["target"] == 1.2


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1.18", "expected onnxruntime-X.Y, onnxruntime-X.Y.Z or null, got 1.18: type target=onnxruntime-1.18"),
        ("1.20", "got 1.2: type target=onnxruntime-1.20"),
        ("'1.20'", "got '1.20': type target=onnxruntime-1.20"),
        ("1.18.1", "got '1.18.1': type target=onnxruntime-1.18.1"),
        ("18", "got 18: type target=onnxruntime-1.18"),
        ("1.7", "got 1.7: type target=onnxruntime-1.18"),
        ("true", "got True: type target=onnxruntime-1.18"),
        ("ort-1.18", "got 'ort-1.18': type target=onnxruntime-1.18"),
        ("onnxruntime-1", "got 'onnxruntime-1': type target=onnxruntime-1.18"),
        ("onnxruntime-1.18.1.2", "got 'onnxruntime-1.18.1.2': type target=onnxruntime-1.18"),
        (
            "onnxruntime-1.15.1",
            "expected onnxruntime-1.16 or later, since the C# client needs OrtValue, which came with it, got onnxruntime-1.15.1",
        ),
        (
            "onnxruntime-1.33",
            "expected onnxruntime-1.16 to onnxruntime-1.32, of which it is known what they load (pipeline/settings/compat.py), got",
        ),
        ("onnxruntime-2.0", "expected onnxruntime-1.16 to onnxruntime-1.32, of which"),
        ("onnxruntime-0.9", "expected onnxruntime-1.16 or later"),
    ],
)
def test_what_is_no_target_is_refused_with_what_to_type(typed, says, params):
    with pytest.raises(PipelineError) as caught:
        params(f"target={typed}")
    assert f"target: {says}" in str(caught.value) or says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "opset"),
    [
        (None, 20),
        ("onnxruntime-1.16", 19),
        ("onnxruntime-1.17.3", 20),
        ("onnxruntime-1.18", 20),
        ("onnxruntime-1.32", 20),
    ],
)
def test_auto_is_20_or_the_highest_that_the_target_loads(target, opset):
    assert choose_opset(target, "auto") == opset


def test_auto_is_never_more_than_the_installed_runtime_loads(monkeypatch):
    monkeypatch.setattr(compat, "read_installed", lambda: ("1.16.3", compat.find_limits("1.16.3")))
    assert choose_opset("onnxruntime-1.18", "auto") == 19


def test_an_opset_that_is_set_stays():
    assert choose_opset("onnxruntime-1.18", 17) == 17


@pytest.mark.parametrize(
    ("target", "setting", "written", "ir"),
    [
        (None, None, 10, 10),
        (None, None, 8, 8),
        ("onnxruntime-1.17", None, 10, 9),
        ("onnxruntime-1.17", None, 8, 8),
        ("onnxruntime-1.18", None, 10, 10),
        ("onnxruntime-1.18", 9, 10, 9),
        (None, 11, 10, 11),
    ],
)
def test_the_ir_version_is_what_was_set_or_what_the_target_loads(target, setting, written, ir):
    assert choose_ir_version(target, setting, written) == ir


def test_no_target_is_more_than_the_installed_runtime():
    assert find_limits("onnxruntime-1.32") == INSTALLED


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            ("target=onnxruntime-1.17", "export.opset=21"),
            "export.opset=21 does not fit target=onnxruntime-1.17, which loads opset 20 at most: set export.opset=auto, or "
            "target=onnxruntime-1.18 or later",
        ),
        (
            ("target=onnxruntime-1.17", "export.ir_version=10"),
            "export.ir_version=10 does not fit target=onnxruntime-1.17, which loads IR version 9 at most: set export.ir_version=null, or "
            "target=onnxruntime-1.18 or later",
        ),
        (
            ("export.ir_version=9", "export.opset=21"),
            "export.ir_version=9 does not fit opset 21, which came with IR version 10: set export.opset=20 or lower, or "
            "export.ir_version=null",
        ),
        (
            ("export.ir_version=8",),
            "export.ir_version=8 does not fit opset 20, which came with IR version 9: set export.opset=18",
        ),
        (("export.ir_version=7",), "export.ir_version: expected an IR version from 8 to "),
        (("export.ir_version=99",), "(the highest that onnxruntime "),
        (("export.ir_version='9'",), "or null, got '9'"),
        (("export.ir_version=true",), "or null, got True"),
        (("export.opset=newest",), "or auto, got 'newest'"),
        (("export.opset=null",), "or auto, got None"),
        (
            ("model=sentiment", "target=onnxruntime-1.16"),
            "kind=words needs export.opset=20 or later (StringSplit came with it), got opset 19 (target=onnxruntime-1.16): set "
            "target=onnxruntime-1.17 or later",
        ),
        (("model=sentiment", "export.opset=19"), "got opset 19 (export.opset=19): set export.opset=auto"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_stage_works(overrides, says, params):
    with pytest.raises(PipelineError) as caught:
        params(*overrides)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ("target=onnxruntime-1.16",),
        ("target=onnxruntime-1.17", "export.ir_version=9"),
        ("target=onnxruntime-1.16", "export.opset=18", "export.ir_version=8"),
        ("target=onnxruntime-1.17", "model=sentiment"),
    ],
)
def test_what_fits_is_taken(overrides, params):
    assert params(*overrides).target.startswith("onnxruntime-")


def test_the_runtime_that_a_refusal_names_loads_the_opset():
    for opset in range(20, INSTALLED.opset + 1):
        with pytest.raises(ValueError, match=r"does not fit target=onnxruntime-1\.16") as caught:
            check_fit("onnxruntime-1.16", opset, None)
        version = str(caught.value).rpartition("target=onnxruntime-")[2].removesuffix(" or later")
        assert compat.find_limits(version).opset >= opset


def test_the_words_encoder_s_operator_came_with_the_opset_that_it_asks_for():
    assert onnx.defs.get_schema("StringSplit", 20).since_version == 20
    assert helper.find_min_ir_version_for([helper.make_opsetid("", 20)]) == compat.find_limits("1.17").ir
