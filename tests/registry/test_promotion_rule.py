import numpy as np
import pytest
from registry_doubles import TASK, make_contract, make_tensor

from pipeline.core.contract import TokenizerSpec
from pipeline.metrics.score import Score, score
from pipeline.registry.promotion_rule import find_obstacle, judge

RMSE = TASK.model_copy(update={"metric": "rmse", "target": "pipeline.metrics.regression.rmse", "direction": "lower"})
TOKENIZER = TokenizerSpec(
    fills={"ids": "pixels"},
    max_length=8,
    lower_case=True,
    strip_accents=True,
    prefix="##",
    longest_word=9,
    unknown="[UNK]",
    special={},
    before=[],
    after=[],
    vocabulary="v.txt",
    vocabulary_size=1,
    vocabulary_sha256="0" * 64,
    characters_sha256="0" * 64,
)


def test_nothing_is_in_the_way_of_the_same_contract_from_other_weights():
    assert find_obstacle(make_contract(), make_contract(weights_sha256="1" * 64)) == ""


def test_an_output_that_is_added_is_not_in_the_way():
    more = [*make_contract().outputs, make_tensor("embedding")]
    assert find_obstacle(make_contract(), make_contract(outputs=more)) == ""


@pytest.mark.parametrize(
    "inputs",
    [
        [make_tensor("image")],
        [make_tensor("pixels", dtype="uint8")],
        [make_tensor("pixels", shape=["batch", 3])],
        [make_tensor("pixels"), make_tensor("mask")],
        [make_tensor("mask"), make_tensor("pixels")],
    ],
    ids=["name", "dtype", "shape", "more", "order"],
)
def test_other_inputs_are_named(inputs):
    both = [make_tensor("pixels"), make_tensor("mask")] if inputs[0].name == "mask" else [make_tensor("pixels")]
    assert find_obstacle(make_contract(inputs=both), make_contract(inputs=inputs)).startswith(
        f"the inputs are {inputs[0].name} {inputs[0].dtype}[batch, {inputs[0].shape[1]}]"
    )


def test_another_tokenizer_is_in_the_way():
    other = TOKENIZER.model_copy(update={"vocabulary_sha256": "1" * 64})
    assert find_obstacle(make_contract(tokenizer=TOKENIZER), make_contract(tokenizer=TOKENIZER)) == ""
    assert find_obstacle(make_contract(tokenizer=TOKENIZER), make_contract(tokenizer=other)) == (
        "the tokenizer is another than the champion's"
    )


def test_an_output_that_consumers_have_must_stay():
    assert find_obstacle(make_contract(), make_contract(outputs=make_contract().outputs[:1])) == (
        "the champion's output scores float32[batch, 2] is not there"
    )


def test_without_a_task_there_is_nothing_to_compare_by():
    assert find_obstacle(make_contract(), make_contract(task=None)).startswith("there is no task metric")
    assert find_obstacle(make_contract(task=None), make_contract()).startswith("the champion has no task metric")


@pytest.mark.parametrize("change", [{"target": "mine.metric"}, {"kwargs": {"k": 2}}, {"direction": "lower"}])
def test_another_metric_is_in_the_way(change):
    other = make_contract(task=TASK.model_copy(update=change))
    assert find_obstacle(make_contract(), other).startswith("the metric is accuracy, the champion's accuracy, or is")


def test_other_labels_are_in_the_way():
    swapped = [make_tensor("label", dtype="int64", shape=["batch"], labels=["b", "a"]), make_tensor("scores")]
    assert find_obstacle(make_contract(), make_contract(outputs=swapped)).startswith(
        "the class numbers stand for other"
    )


def classify(*answers: int) -> Score:
    return score(TASK, {"label": np.array(answers)}, np.arange(4))


def estimate(*answers: float) -> Score:
    return score(RMSE, {"label": np.array(answers, dtype=np.float32)}, np.arange(4.0))


def test_a_better_version_moves_the_champion():
    assert judge(classify(0, 1, 9, 9), classify(0, 1, 2, 8), 0.0) == (
        True,
        "accuracy 0.7500 against 0.5000 on today's 4 test rows (2 changed, 1 better and 0 worse; at most 52.71% get worse)",
    )


def test_as_good_is_good_enough():
    assert judge(classify(0, 1, 9, 9), classify(9, 9, 2, 3), 0.0).moves


def test_a_worse_version_does_not():
    judgement = judge(classify(0, 1, 2, 9), classify(0, 1, 9, 9), 0.0)
    assert not judgement.moves
    assert judgement.why.endswith(", worse by 0.25 where 0 is allowed")


def test_what_the_budget_allows_is_allowed():
    assert judge(classify(0, 1, 2, 9), classify(0, 1, 9, 9), 0.25).moves


def test_less_is_better_where_the_metric_says_so():
    assert judge(estimate(1, 2, 3, 4), estimate(0, 1, 2, 3), 0.0).moves
    assert not judge(estimate(0, 1, 2, 3), estimate(1, 2, 3, 4), 0.0).moves


def test_the_last_bits_of_floating_answers_are_free():
    exact = estimate(1, 2, 3, 4)
    assert judge(exact, estimate(1 + 1e-7, 2, 3, 4), 0.0).moves
