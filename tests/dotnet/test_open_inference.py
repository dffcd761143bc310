"""Three models in one .NET program, asked by Triton's own client over the Open Inference Protocol."""

import subprocess
from collections.abc import Callable, Iterator

import numpy as np
import onnxruntime
import pytest

import text_reader
from csharp_projects import NET10, TINY, Cargo, Dotnet, tiny_model
from sample_contracts import many

http = pytest.importorskip("tritonclient.http", reason="needs Triton's client: pip install 'tritonclient[http]'")
utils = pytest.importorskip("tritonclient.utils", reason="needs Triton's client: pip install 'tritonclient[http]'")

MANY = many()
TEXTS = ["The nurses!", "", "Ä 東京 🎉", "the " * 30]
PIXELS = np.random.default_rng(0).uniform(0, 16, size=(3, 2, 2)).astype(np.float32)
BINARY = pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])


@pytest.fixture(scope="module")
def client(dotnet: Dotnet, package: Callable[..., str]) -> Iterator[http.InferenceServerClient]:
    """Triton's client of the program OpenInference.cs."""
    dotnet.pack(MANY.contract, MANY.model, "Many")
    texts = Cargo(text_reader.make_character_table().dump(), text_reader.VOCABULARY)
    dotnet.pack(text_reader.make_text_contract(), text_reader.make_text_model(), "TextSum", cargo=texts)
    items = '<FrameworkReference Include="Microsoft.AspNetCore.App" />' + "".join(
        package(f"Acme.{name}") for name in ("Tiny", "Many", "TextSum")
    )
    folder = dotnet.project("open-inference", NET10, items, "OpenInference.cs")
    dotnet(folder, "build", "-v", "q", "-o", "out")
    command = [dotnet.sdk, "out/open-inference.dll"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        address = program.stdout.readline().strip().removeprefix("http://")
        with http.InferenceServerClient(address) as client:
            yield client
        program.communicate()


def make_input(name: str, values: np.ndarray, binary: bool) -> http.InferInput:
    tensor = http.InferInput(name, list(values.shape), utils.np_to_triton_dtype(values.dtype))
    return tensor.set_data_from_numpy(values, binary_data=binary)


def make_outputs(binary: bool, *names: str) -> list[http.InferRequestedOutput]:
    return [http.InferRequestedOutput(name, binary_data=binary) for name in names]


def test_the_server_says_what_it_is(client: http.InferenceServerClient) -> None:
    assert client.get_server_metadata() == {
        "name": "open-inference",
        "version": "1.0.0",
        "extensions": ["binary_tensor_data"],
    }
    assert (client.is_server_live(), client.is_server_ready()) == (True, True)


@pytest.mark.parametrize(
    ("model", "ready"),
    [
        (("tiny", "1.0.0"), True),
        (("many", "7"), True),
        (("text sum", ""), True),
        (("tiny", "2"), False),
        (("x", ""), False),
    ],
)
def test_models_are_ready_in_their_versions(
    model: tuple[str, str], ready: bool, client: http.InferenceServerClient
) -> None:
    assert client.is_model_ready(*model) == ready


def test_a_model_says_what_it_takes(client: http.InferenceServerClient) -> None:
    metadata = client.get_model_metadata("text sum")
    assert [(entry["name"], entry["datatype"], entry["shape"]) for entry in metadata["inputs"]] == [
        ("text", "BYTES", [-1]),
        *((name, "INT64", [-1, -1]) for name in ("attention_mask", "token_type_ids", "input_ids")),
    ]
    assert client.get_model_metadata("many", "7")["versions"] == ["7"]


@BINARY
def test_numbers_are_answered_as_onnxruntime_does(binary: bool, client: http.InferenceServerClient) -> None:
    outputs = make_outputs(binary, "probabilities", "label")
    answer = client.infer("tiny", [make_input("pixels", PIXELS, binary)], outputs=outputs, request_id="a b")
    names = [output.name for output in TINY.outputs]
    expected = dict(zip(names, onnxruntime.InferenceSession(tiny_model(1)).run(names, {"pixels": PIXELS}), strict=True))
    np.testing.assert_array_equal(answer.as_numpy("label"), expected["label"])
    np.testing.assert_allclose(answer.as_numpy("probabilities"), expected["probabilities"], atol=1e-6)
    assert [output["name"] for output in answer.get_response()["outputs"]] == ["probabilities", "label"]
    assert (answer.get_response()["id"], answer.get_response()["model_version"]) == ("a b", "1.0.0")


@BINARY
@pytest.mark.parametrize("case", MANY.golden_inputs)
def test_every_type_passes_through(case: str, binary: bool, client: http.InferenceServerClient) -> None:
    inputs = MANY.golden_inputs[case]
    outputs = make_outputs(binary, *(f"{name}_again" for name in inputs))
    answer = client.infer("many", [make_input(name, values, binary) for name, values in inputs.items()], "7", outputs)
    for name, values in inputs.items():
        given = answer.as_numpy(f"{name}_again")
        if values.dtype == object:
            given = np.array([item if isinstance(item, str) else item.decode() for item in given.ravel()], object)
        np.testing.assert_array_equal(given.reshape(values.shape), values, err_msg=name)


@BINARY
def test_texts_are_tokenized_here(binary: bool, client: http.InferenceServerClient) -> None:
    tokens = [text_reader.make_python_tokenizer().tokenize(text) for text in TEXTS]
    answer = client.infer("text sum", [make_input("text", np.array(TEXTS, object), binary)])
    assert answer.as_numpy("sum").tolist() == [sum(numbers) for numbers in tokens]
    assert answer.as_numpy("count").tolist() == [len(numbers) for numbers in tokens]


def test_tokens_are_taken_too(client: http.InferenceServerClient) -> None:
    ids = np.array([[2, 5, 3]])
    tensors = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    answer = client.infer("text sum", [make_input(name, values, True) for name, values in tensors.items()])
    assert (answer.as_numpy("sum").tolist(), answer.as_numpy("count").tolist()) == ([10], [3])


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_a_request_may_be_compressed(algorithm: str, client: http.InferenceServerClient) -> None:
    inputs = [make_input("pixels", PIXELS, True)]
    plain, compressed = (
        client.infer("tiny", inputs, request_compression_algorithm=used, response_compression_algorithm=used)
        for used in (None, algorithm)
    )
    np.testing.assert_array_equal(plain.as_numpy("label"), compressed.as_numpy("label"))


def test_requests_may_be_in_progress_together(client: http.InferenceServerClient) -> None:
    requests = [client.async_infer("tiny", [make_input("pixels", PIXELS[:1], True)]) for _ in range(8)]
    labels = [request.get_result().as_numpy("label").tolist() for request in requests]
    assert labels == [labels[0]] * 8


@pytest.mark.parametrize(
    ("ask", "status", "sentence"),
    [
        (lambda c: c.get_model_metadata("x"), "404", 'Expected the name of a model that is served here, got "x".'),
        (
            lambda c: c.infer("x", [make_input("pixels", PIXELS, True)]),
            "404",
            'Expected the name of a model that is served here, got "x".',
        ),
        (
            lambda c: c.infer("tiny", [make_input("pixels", PIXELS, True)], "2"),
            "404",
            'Expected version "1.0.0" of the model "tiny", got "2".',
        ),
        (
            lambda c: c.infer("tiny", [make_input("pixel", PIXELS, True)]),
            "400",
            'inputs: expected a name of the contract (pixels), got "pixel".',
        ),
        (
            lambda c: c.infer("tiny", [make_input("pixels", PIXELS + 16, True)]),
            "400",
            "pixels: expected numbers from 0 to 16, got ",
        ),
        (
            lambda c: c.infer(
                "tiny",
                [make_input("pixels", PIXELS, True)],
                outputs=[http.InferRequestedOutput("label", class_count=2)],
            ),
            "400",
            "outputs: expected no classification, got one: ",
        ),
        (
            lambda c: c.infer("tiny", [make_input("pixels", np.zeros((9999, 2, 2), np.float32), True)]),
            "413",
            "Expected a body of ",
        ),
    ],
)
def test_an_error_says_what_was_expected(
    ask: Callable[[http.InferenceServerClient], object],
    status: str,
    sentence: str,
    client: http.InferenceServerClient,
) -> None:
    with pytest.raises(utils.InferenceServerException) as error:
        ask(client)
    assert error.value.status() == status
    assert error.value.message().startswith(sentence)
