"""What the consumer's program made of the golden texts, against Hugging Face's tokens and PyTorch's answers."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.compare.comparison import OutputComparison, compare, failure, severity
from pipeline.compare.policy import Policy
from pipeline.compare.similarity import cosine_similarity
from pipeline.core.arrays import Array
from pipeline.core.dotnet_report import TextSummary
from pipeline.core.golden import GoldenTexts
from pipeline.core.parity_report import Comparison
from pipeline.dotnet.nuget.golden_files import decode_rows
from pipeline.tokenizer.wordpiece import describe_mismatch

# Methods that take a text: one text, a list of all, gathered with those of other callers.
METHODS = ("text", "texts", "text-async")
TOKENS = "tokens"


def compare_texts(answers: Path, golden: GoldenTexts, policy: Policy, least_cosine: float) -> list[Comparison]:
    """A comparison for the tokens of each text, and for each method and output the worst of all texts.

    Args:
        answers: The folder that the program wrote.
        golden: What it was asked, and what it should have answered.
        policy: Tolerances.
        least_cosine: The smallest cosine between an answer and PyTorch's that passes.
    """
    comparisons = []
    tokens = _read(answers / "text.tokens.bin", np.dtype(np.int64))
    for place, expected in enumerate(golden.token_ids):
        result = _compare_tokens(golden.texts[place], expected, tokens[place] if place < len(tokens) else None)
        comparisons.append(_entry("text", place, result))
    for method in METHODS:
        for output, (name, rows) in enumerate(golden.outputs.items()):
            got = _read(answers / f"{method}.{output}.bin", rows[0].dtype)
            results = [
                _compare_answer(name, row, got[place] if place < len(got) else None, policy, least_cosine)
                for place, row in enumerate(rows)
            ]
            cosines = [cosine for _, cosine in results if cosine is not None]
            worst = max(range(len(rows)), key=lambda place: severity(results[place][0]))
            result = replace(results[worst][0], values=sum(one.values for one, _ in results))
            comparisons.append(_entry(method, worst, result, min(cosines, default=None)))
    return comparisons


def summarize(comparisons: Sequence[Comparison]) -> TextSummary:
    tokens = [entry for entry in comparisons if entry.output == TOKENS]
    return TextSummary(
        ways=list(METHODS),
        texts=len(tokens),
        tokens=sum(entry.values for entry in tokens),
        mismatches=sum(not entry.passed for entry in tokens),
        least_cosine=min((entry.cosine for entry in comparisons if entry.cosine is not None), default=None),
    )


def _compare_tokens(text: str, expected: list[int], got: Array | None) -> OutputComparison:
    if got is None:
        return failure(TOKENS, f"output {TOKENS!r} is missing")
    mismatch = describe_mismatch(text, expected, got.tolist())
    problem = f"tokenizer mismatch, {mismatch}" if mismatch else ""
    return OutputComparison(TOKENS, not problem, len(expected), None, None, None, 0.0, 0.0, None, None, problem)


def _compare_answer(
    name: str, expected: Array, got: Array | None, policy: Policy, least_cosine: float
) -> tuple[OutputComparison, float | None]:
    (result,) = compare({name: expected}, {} if got is None else {name: got}, policy)
    cosine = cosine_similarity(expected, got) if got is not None and got.shape == expected.shape else None
    if result.passed and cosine is not None and cosine < least_cosine:
        problem = f"output {name!r}: expected a cosine with PyTorch's answer of at least {least_cosine} (verify.least_cosine), got {cosine:.9f}"
        result = replace(result, passed=False, problem=problem)
    return result, cosine


def _entry(method: str, place: int, result: OutputComparison, cosine: float | None = None) -> Comparison:
    return Comparison(stage="dotnet", way=method, case=f"text-{place}", batch=1, cosine=cosine, **asdict(result))


def _read(path: Path, dtype: np.dtype[Any]) -> list[Array]:
    return decode_rows(path.read_bytes(), dtype) if path.exists() else []
