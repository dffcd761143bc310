import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing_folder
from pipeline.core.paths import FINGERPRINT, TARGET_FINGERPRINT
from pipeline.core.target_runtime import TargetRuntime, read_target, write_target


def write(text: str) -> None:
    with replacing_folder(FINGERPRINT) as folder:
        (folder / TARGET_FINGERPRINT.name).write_text(text)


@pytest.mark.parametrize("target", [None, "onnxruntime-1.18"])
def test_what_was_written_is_read(target, empty):
    with replacing_folder(FINGERPRINT) as folder:
        write_target(TargetRuntime(target=target, onnxruntime="1.18.1"), folder / TARGET_FINGERPRINT.name)
    assert read_target() == TargetRuntime(target=target, onnxruntime="1.18.1")


def test_a_file_that_is_missing(empty):
    with pytest.raises(
        PipelineError,
        match=r"build/fingerprint/target\.json is missing: it is written by `python -m pipeline fingerprint`",
    ):
        read_target()


def test_a_file_that_was_changed(empty):
    write('{"target": null, "onnxruntime": "1.18.1"}')
    TARGET_FINGERPRINT.write_text('{"target": null, "onnxruntime": "1.18.2"}')
    with pytest.raises(PipelineError, match=r"build/fingerprint/target\.json"):
        read_target()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"target": null, "onnxruntime": 1.18}', "onnxruntime: Input should be a valid string"),
        ('{"target": null}', "onnxruntime: Field required"),
        ('{"target": null, "onnxruntime": "1", "wheel": ""}', "wheel: Extra inputs are not permitted"),
    ],
)
def test_a_file_of_another_form(text, says, empty):
    write(text)
    with pytest.raises(PipelineError, match=says) as caught:
        read_target()
    assert "make it again with `python -m pipeline fingerprint`" in str(caught.value)
