import pytest

from csharp_projects import SHA256, make_contract, tensor
from pipeline.core.contract import BATCH, Contract, ProvenAxis, TokenizerSpec
from pipeline.dotnet.versions.contract_difference import compare_contracts

X = tensor("x", "float32", BATCH, 10)
Y = tensor("y", "float32", BATCH, 5)
TOKENIZER = TokenizerSpec(
    fills={"ids": "x"},
    max_length=128,
    lower_case=True,
    strip_accents=True,
    prefix="##",
    longest_word=100,
    unknown="[UNK]",
    special={"[UNK]": 0},
    before=[],
    after=[],
    vocabulary="vocab.txt",
    vocabulary_size=2,
    vocabulary_sha256=SHA256,
    characters_sha256=SHA256,
)


def contract(inputs=(X,), outputs=(Y,), **changes) -> Contract:
    return make_contract("m", list(inputs), list(outputs), "One layer.").model_copy(update=changes)


def series(**axis) -> Contract:
    """A model of series of any length that is proven at some."""
    return contract([tensor("x", "float32", BATCH, "time")], axes={"time": ProvenAxis(**axis)} if axis else {})


def told(before: Contract, after: Contract) -> list[tuple[str, str]]:
    return [(change.part, change.text) for change in compare_contracts(before, after)]


Z = tensor("z", "int64", BATCH)


@pytest.mark.parametrize(
    ("before", "after", "part", "text"),
    [
        (contract([X, Z]), contract([X]), "major", "input 'z' is gone"),
        (contract([X]), contract([X, Z]), "major", "input 'z' (int64) is new"),
        (contract([X, Z]), contract([Z, X]), "major", "the inputs are in another order: z, x (they were x, z)"),
        (contract(outputs=[Y, Z]), contract(outputs=[Y]), "major", "output 'z' is gone"),
        (contract(outputs=[Y]), contract(outputs=[Z, Y]), "minor", "output 'z' (int64) is new"),
        (
            contract(outputs=[Y, Z]),
            contract(outputs=[Z, Y]),
            "major",
            "the outputs are in another order: z, y (they were y, z)",
        ),
        (contract(), contract(description="Another."), "patch", "the model is described in other words"),
        (
            contract(),
            contract(opset=20),
            "patch",
            "the graph is of opset 20, IR version 8 (it was of opset 17, IR version 8)",
        ),
    ],
)
def test_each_difference_of_the_lists(before, after, part, text):
    assert told(before, after) == [(part, text)]


def test_a_name_that_changes_is_one_that_is_gone_and_one_that_is_new():
    assert told(contract(), contract(outputs=[Y.model_copy(update={"name": "score"})])) == [
        ("major", "output 'y' is gone"),
        ("minor", "output 'score' (float32) is new"),
    ]


def test_equal_contracts_have_no_difference():
    assert told(contract(), contract()) == []


def test_what_a_model_was_made_from_is_no_difference():
    assert told(contract(), contract(weights_sha256="1" * 64, golden={"calls.npz": "2" * 64})) == []


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ({"sizes": [2, 16]}, {"sizes": [2, 32]}, "minor"),
        ({"sizes": [2, 16]}, {"sizes": [1, 16]}, "minor"),
        ({"sizes": [2, 16]}, {"sizes": [4, 16]}, "major"),
        ({"sizes": [2, 16]}, {"sizes": [2, 8]}, "major"),
        ({"sizes": [2, 16]}, {"sizes": [4, 32]}, "major"),
        ({"sizes": [4, 16], "multiple_of": 4}, {"sizes": [4, 16], "multiple_of": 2}, "minor"),
        ({"sizes": [4, 16], "multiple_of": 2}, {"sizes": [4, 16], "multiple_of": 4}, "major"),
        ({"sizes": [2, 16], "refused": [5]}, {"sizes": [2, 16]}, "minor"),
        ({"sizes": [2, 16]}, {"sizes": [2, 16], "refused": [5]}, "major"),
        ({"sizes": [4, 16], "multiple_of": 4}, {"sizes": [4, 16], "multiple_of": 4, "refused": [5]}, "patch"),
        ({"sizes": [8]}, {"sizes": [4, 16], "multiple_of": 4}, "minor"),
        ({"sizes": [2, 16]}, {"sizes": [2, 7, 16]}, "patch"),
        ({"sizes": [2, 16]}, {}, "minor"),
        ({}, {"sizes": [2, 16]}, "major"),
    ],
)
def test_proven_sizes_are_what_the_client_takes(before, after, part):
    assert [change.part for change in compare_contracts(series(**before), series(**after))] == [part]


def test_sizes_are_told():
    assert told(series(sizes=[2, 16]), series(sizes=[4, 16], multiple_of=2, refused=[6])) == [
        ("major", "axis 'time' takes 4 to 16, multiples of 2, not 6 (it took 2 to 16)")
    ]


def test_any_number_of_rows_was_taken_before():
    assert told(contract(axes={BATCH: ProvenAxis(sizes=[1, 3])}), contract(axes={BATCH: ProvenAxis(sizes=[1])})) == []


@pytest.mark.parametrize(
    ("before", "after", "part", "text"),
    [
        (None, {}, "minor", "the client takes text"),
        ({}, None, "major", "the client takes no text any more"),
        ({}, {"max_length": 64}, "major", "a text is cut at 64 tokens (it was at 128)"),
        ({}, {"max_length": 256}, "minor", "a text is cut at 256 tokens (it was at 128)"),
        ({}, {"vocabulary_sha256": "1" * 64}, "patch", "texts become other tokens"),
    ],
)
def test_each_difference_of_the_tokenizer(before, after, part, text):
    was, now = (
        contract(tokenizer=None if changes is None else TOKENIZER.model_copy(update=changes))
        for changes in (before, after)
    )
    assert told(was, now) == [(part, text)]


def test_an_output_whose_axis_opened_with_an_input_s_answers_as_before():
    was = contract([tensor("x", "float32", BATCH, 10)], [tensor("y", "float32", BATCH, 10)])
    now = contract([tensor("x", "float32", BATCH, "time")], [tensor("y", "float32", BATCH, "time")])
    assert [change.part for change in compare_contracts(was, now)] == ["minor", "minor"]
