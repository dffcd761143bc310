"""What the README says of using a client, by the kind of its model; tests/dotnet/test_csharp_blocks.py compiles all of it."""

import re
from pathlib import Path

import pytest
from client import snapshots

from csharp_projects import make_contract, make_identity, tensor
from pipeline.core.contract import TensorSpec
from pipeline.dotnet.client import plain_sources
from pipeline.dotnet.nuget.readme_usage import describe_form, describe_usage
from pipeline.dotnet.proof.replay_program import example

CONTRACTS = snapshots.list_contracts()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tiny", "fake.Run(Arg.Any<float[]>()).Returns(new TinyOutput(0L, new float[3]));"),
        (
            "image",
            "fake.Run(Arg.Any<byte[]>(), Arg.Any<int>(), Arg.Any<int>()).Returns(new ImageOutput(new float[1 * 1], new float[3], 1, 1));",
        ),
        ("text_sum", "fake.Run(Arg.Any<string>()).Returns(new TextSumOutput(0L, 0L));"),
        ("tiny", 'app.MapPost("/predict", async (float[] pixels, ITiny model, CancellationToken aborted) =>'),
        ("tiny", "    (await model.RunAsync(pixels, aborted)).LabelName);"),
        ("text_sum", 'app.MapPost("/predict", async (string text, ITextSum model, CancellationToken aborted) =>'),
        ("text_sum", "    (await model.RunAsync(text, aborted)).Sum);"),
        ("series", "    (await model.RunAsync(x, aborted)).Total);"),
    ],
)
def test_a_line_has_the_model_s_own_names(name: str, line: str) -> None:
    class_name = "".join(word.capitalize() for word in name.split("_"))
    assert line in describe_usage(CONTRACTS[name], make_identity(class_name))


@pytest.mark.parametrize(("outputs", "is_shown"), [([tensor("vector", "float32", "batch", 2)], True), (None, False)])
def test_a_model_from_text_to_a_vector_is_shown_as_a_generator(
    outputs: list[TensorSpec] | None, is_shown: bool
) -> None:
    contract = CONTRACTS["text_sum"]
    text = " ".join(
        describe_usage(contract.model_copy(update={"outputs": outputs or contract.outputs}), make_identity("TextSum"))
    )
    assert ("`AddTextSum` registers it, and what takes that interface works on it" in text) == is_shown


def test_every_instrument_is_named() -> None:
    code = (Path(plain_sources.__file__).parents[1] / "csharp/client/telemetry/Telemetry.cs").read_text()
    text = " ".join(describe_usage(CONTRACTS["tiny"], make_identity("Tiny")))
    names = re.findall(r'\.Create\w+<\w+>\("torch2dotnet([\w.]+)"', code)
    assert [name for name in names if f"{name}`" not in text] == []


def test_a_name_that_is_taken_is_written_whole() -> None:
    text = " ".join(describe_usage(CONTRACTS["tiny"], make_identity("Tiny")))
    assert "write `global::Acme.Models.Tiny`, or `using Model = Acme.Models.Tiny;`" in text


@pytest.mark.parametrize(("golden", "is_shown"), [("slim", True), ("none", False)])
def test_a_self_test_is_shown_where_golden_calls_travel(golden: str, is_shown: bool) -> None:
    text = " ".join(describe_usage(CONTRACTS["tiny"], make_identity("Tiny", golden=golden)))
    assert ("SelfTest" in text) == is_shown


def test_a_client_that_is_source_says_what_it_needs() -> None:
    identity = make_identity("Tiny")
    text = " ".join(describe_form(identity, "source"))
    assert "needs C# 12" in text
    assert f"`<{identity.class_name}Client>false</{identity.class_name}Client>`" in text


def test_assemblies_ask_for_nothing() -> None:
    assert describe_form(make_identity("Tiny"), "assembly") == []


def test_an_input_may_have_the_name_of_a_variable() -> None:
    contract = make_contract("car", [tensor("model", "int64", "batch")], [tensor("price", "float32", "batch")])
    text = "\n".join([example(contract, "Acme", "Car"), *describe_usage(contract, make_identity("Car"))])
    assert "using var modelVariable = Car.Load();" in text
    assert "CarOutput one = modelVariable.Run(model);" in text
    assert (
        "async (long model, ICar modelVariable, CancellationToken aborted) =>\n    (await modelVariable.RunAsync(model, aborted)).Price);"
        in text
    )
