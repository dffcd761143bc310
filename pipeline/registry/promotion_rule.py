"""Whether a new version is at least as good as the champion: two contracts, and two scores on the same rows. Pure."""

from typing import NamedTuple

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.parity_report import PairedScore
from pipeline.metrics.paired import pair, rounding
from pipeline.metrics.score import Score


class Judgement(NamedTuple):
    """Whether the new version takes the champion's place, and why, as a part of a sentence."""

    moves: bool
    why: str


def find_obstacle(champion: Contract, new: Contract) -> str:
    """Why two versions cannot be compared, or not be exchanged by a consumer; "" where nothing is in the way.

    Inputs are compared with their order, since C# passes them by place; an output that is added is none in the way.
    """
    return find_other_ports(champion, new) or find_other_task(champion, new)


def find_other_ports(champion: Contract, new: Contract) -> str:
    """What a consumer of the champion would have to change; "" where nothing."""
    ours, theirs = describe_ports(new.inputs), describe_ports(champion.inputs)
    if ours != theirs:
        return f"the inputs are {', '.join(ours)}, the champion's {', '.join(theirs)}"
    if champion.tokenizer != new.tokenizer:
        return "the tokenizer is another than the champion's"
    outputs = describe_ports(new.outputs)
    lost = [port for port in describe_ports(champion.outputs) if port not in outputs]
    return f"the champion's output {lost[0]} is not there" if lost else ""


def find_other_task(champion: Contract, new: Contract) -> str:
    """Why the two are not measured by one number; "" where they are."""
    if champion.task is None or new.task is None:
        whose = "the champion has" if new.task else "there is"
        return f"{whose} no task metric to compare by (model.task)"
    measured = [(task.target, task.kwargs, task.direction) for task in (champion.task, new.task)]
    if measured[0] != measured[1]:
        return f"the metric is {new.task.metric}, the champion's {champion.task.metric}, or is measured in another way"
    if champion.task.labels != new.task.labels or _labels(champion) != _labels(new):
        return "the class numbers stand for other labels than the champion's"
    return ""


def describe_ports(tensors: list[TensorSpec]) -> list[str]:
    """Each input or output as name, type and shape, such as "pixels float32[batch, 64]"."""
    return [f"{tensor.name} {tensor.dtype}[{', '.join(map(str, tensor.shape))}]" for tensor in tensors]


def _labels(contract: Contract) -> dict[str, list[str]]:
    return {tensor.name: tensor.labels for tensor in contract.outputs if tensor.labels}


def judge(champion: Score, new: Score, budget: float) -> Judgement:
    """The paired rule of the gate: the new version may lose `budget` of the metric, and what rounding moves it by.

    Args:
        champion: The score of the champion's packaged graph.
        new: That of the new version's, on the same rows.
        budget: In the metric's own unit.
    """
    paired = pair(champion, new)
    numbers = describe_pair(champion, new, paired)
    allowed = budget + rounding(champion)
    if paired.loss <= allowed:
        return Judgement(True, numbers)
    return Judgement(False, f"{numbers}, worse by {paired.loss:.4g} where {allowed:.4g} is allowed")


def describe_pair(champion: Score, new: Score, paired: PairedScore) -> str:
    """Both values, and the rows that changed, such as "accuracy 0.9889 against 0.9861 on today's 359 test rows (...)"."""
    told_apart = f", {paired.better} better and {paired.worse} worse" if paired.better is not None else ""
    bound = (
        f"at most {paired.bound:.2%} get worse"
        if paired.bound_of == "worse rows"
        else f"loss at most {paired.bound:.4g}"
    )
    return (
        f"{new.metric.name} {new.value:.4f} against {champion.value:.4f} on today's {len(new):,} test rows "
        f"({paired.changed:,} changed{told_apart}; {bound})"
    )
