"""What people do about the reasons that exporters and onnxruntime give: only where the reason, or the line that it names, shows the cause."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

_SIZE = r"\.shape|\.size\(|\blen\("
BRANCH = re.compile(rf"^(?!.*({_SIZE})).*\b(if|while|assert|elif|and|or|not|bool)\b")
BRANCH_ON_SIZE = re.compile(rf"\b(if|while|assert|elif)\b.*({_SIZE})")
TO_PYTHON = re.compile(r"\.item\(\)|\b(int|float|range)\(|\.tolist\(\)")
SIZE_OF_VALUES = re.compile(
    r"nonzero|unique|masked_select|\[[^\]]*([<>=!]=?|mask|keep|valid)[^\]]*\]|repeat_interleave|bincount"
)
LOOP = re.compile(r"\bfor\b.*\bin\b")


COMPLEX = "compute with real and imaginary parts apart instead of complex numbers"
OTHERS = "write it with other operators"
SIZES = "take sizes from the input (`x.shape[0]`) instead of constants or a loop over an axis"


class Remedy(NamedTuple):
    """`reason` is found in what an exporter said; `code` in the line that it names, where it must show the cause too."""

    reason: str
    code: re.Pattern[str] | None
    advice: str


REMEDIES = (
    Remedy(
        r"data-dependent|DataDependent|Python boolean",
        BRANCH,
        "take torch.where (both sides computed) or torch.cond instead of the branch on values",
    ),
    Remedy(
        r"data-dependent|DataDependent|Python (number|integer|float|index)|pending unbacked|[Uu]nbacked",
        TO_PYTHON,
        "keep the tensor a tensor instead of taking a Python number out of it",
    ),
    Remedy(
        r"data-dependent|DataDependent|[Uu]nbacked|NonZero|dynamic output shape|expected shape|[Ii]nvalid dimensions",
        SIZE_OF_VALUES,
        "keep the size that the input gives (a mask, a fixed k) instead of one that values decide",
    ),
    Remedy(
        r"Python boolean|static shape|to be a constant",
        BRANCH_ON_SIZE,
        "compute the same at every size of an open axis instead of branching on it",
    ),
    Remedy(r"Iterating over a tensor", LOOP, "take operations on the whole tensor instead of a loop over an axis"),
    Remedy(
        r"to be a constant|static shape",
        None,
        SIZES,
    ),
    Remedy(r"NumPy array", None, "take torch's own functions instead of NumPy's within forward"),
    Remedy(
        r"complex numbers|complex-valued|aten\.(_fft|fft)|aten::(_fft|fft|stft|istft|polar|view_as_complex)|ComplexFloat",
        None,
        COMPLEX,
    ),
    Remedy(r"operator \S+ has no counterpart in ONNX(?! for)", None, OTHERS),
    Remedy(r"in-?place", re.compile(r"_\(|\[.*\]\s*[-+*/]?="), "assign a new tensor instead of editing it in place"),
)


def advise(statements: Sequence[str], network: nn.Module) -> str:
    """What to change, with the line where it is known; empty where no cause was seen.

    Args:
        statements: What each exporter, or onnxruntime with its graph, said, and what the tracer froze.
        network: The network, whose layers are named where their type is the cause.
    """
    advice: dict[str, str] = {}
    for statement in statements:
        for remedy in REMEDIES:
            if re.search(remedy.reason, statement) and remedy.advice not in advice:
                place = _find_place(statement, remedy.code)
                if place is not None:
                    advice[remedy.advice] = place
    if COMPLEX in advice:
        advice.pop(OTHERS, None)
    if any(advice.values()):  # a line says more
        advice.pop(SIZES, None)
    if lacking := re.search(r"onnxruntime \S+ has no (\w+) for (\w+)", " ".join(statements)):
        return _advise_type(lacking[1], lacking[2], network)
    return "; ".join(f"{place}: {text}" if place else text for text, place in advice.items())


def _find_place(statement: str, code: re.Pattern[str] | None) -> str | None:
    """The line that a statement names: "" where it names none and none is needed, None where it does not show the cause."""
    places = list(re.finditer(r"[\w./-]+, line \d+ \(`(.*?)`\)(?=:|;| and |$)", statement))
    if code is None:
        return places[0][0] if places else ""
    return next((place[0] for place in places if code.search(place[1])), None)


def _advise_type(operator: str, kind: str, network: nn.Module) -> str:
    """What to do about a type that onnxruntime does not compute in."""
    layers = [
        name or "the network itself"
        for name, module in network.named_modules()
        if any(str(p.dtype).removeprefix("torch.") == kind for p in module.parameters(recurse=False))
    ]
    named = (
        f" ({', '.join(layers[:3])}{f' and {len(layers) - 3} more' if len(layers) > 3 else ''} compute in {kind})"
        if layers
        else ""
    )
    if kind in ("bfloat16", "float16"):
        return f"call `.float()` on the network, and on what forward casts to {kind}{named}"
    if kind in ("complex64", "complex128"):
        return COMPLEX
    return f"compute {operator} in another type, such as `.{'float' if kind == 'float64' else 'long'}()`{named}"
