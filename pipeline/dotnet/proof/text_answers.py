"""What the consumer's program made of the golden texts, against Hugging Face's tokens and PyTorch's answers."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.compare.comparison import Policy, Verdict, badness, compare, failure
from pipeline.core.arrays import Array
from pipeline.core.golden_texts import GoldenTexts, difference
from pipeline.dotnet.nuget.golden_files import decode_rows

# Ways in for a text: alone, in a list with all others, gathered with those of other callers.
WAYS = ("text", "texts", "text-async")
TOKENS = "tokens"


def judge(answers: Path, golden: GoldenTexts, tolerances: Policy, least_cosine: float) -> list[dict[str, Any]]:
    """A comparison for the tokens of each text, and for each way in and output the worst of all texts."""
    comparisons = []
    tokens = _read(answers / "text.tokens.bin", np.dtype(np.int64))
    for place, expected in enumerate(golden.ids):
        verdict = _judge_tokens(golden.texts[place], expected, tokens[place] if place < len(tokens) else None)
        comparisons.append(_entry("text", place, verdict))
    for way in WAYS:
        for output, (name, rows) in enumerate(golden.answers.items()):
            got = _read(answers / f"{way}.{output}.bin", rows[0].dtype)
            judged = [
                _judge_answer(name, row, got[place] if place < len(got) else None, tolerances, least_cosine)
                for place, row in enumerate(rows)
            ]
            cosines = [alike for _, alike in judged if alike is not None]
            worst = max(range(len(rows)), key=lambda place: badness(judged[place][0]))
            verdict = replace(judged[worst][0], values=sum(one.values for one, _ in judged))
            comparisons.append({**_entry(way, worst, verdict), "cosine": min(cosines, default=None)})
    return comparisons


def summarise(comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    """How many texts and tokens were compared, how many texts have other tokens, and the smallest cosine."""
    tokens = [entry for entry in comparisons if entry["output"] == TOKENS]
    cosines = [entry["cosine"] for entry in comparisons if entry.get("cosine") is not None]
    return {
        "ways": list(WAYS),
        "texts": len(tokens),
        "tokens": sum(entry["values"] for entry in tokens),
        "mismatches": sum(not entry["passed"] for entry in tokens),
        "least_cosine": min(cosines, default=None),
    }


def cosine(expected: Array, got: Array) -> float | None:
    """Of the angle between two vectors; None where there is none: fewer than two values, no floats, or a zero vector."""
    if expected.dtype.kind != "f" or expected.size < 2:
        return None
    e, g = expected.astype(np.float64).ravel(), got.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(e) * np.linalg.norm(g))
    return float(e @ g) / lengths if np.isfinite(lengths) and lengths > 0 else None


def _judge_tokens(text: str, expected: list[int], got: Array | None) -> Verdict:
    if got is None:
        return failure(TOKENS, f"output {TOKENS!r} is missing")
    told = difference(text, expected, got.tolist())
    problem = f"tokeniser mismatch, {told}" if told else ""
    return Verdict(TOKENS, not problem, len(expected), None, None, None, 0.0, 0.0, None, None, problem)


def _judge_answer(
    name: str, expected: Array, got: Array | None, tolerances: Policy, least_cosine: float
) -> tuple[Verdict, float | None]:
    (verdict,) = compare({name: expected}, {} if got is None else {name: got}, tolerances)
    alike = cosine(expected, got) if got is not None and got.shape == expected.shape else None
    if verdict.passed and alike is not None and alike < least_cosine:
        problem = f"output {name!r}: expected a cosine with PyTorch's answer of at least {least_cosine} (verify.least_cosine), got {alike:.9f}"
        verdict = replace(verdict, passed=False, problem=problem)
    return verdict, alike


def _entry(way: str, place: int, verdict: Verdict) -> dict[str, Any]:
    return {"stage": "dotnet", "variant": "fp32", "way": way, "case": f"text-{place}", "batch": 1, **asdict(verdict)}


def _read(path: Path, dtype: np.dtype[Any]) -> list[Array]:
    return decode_rows(path.read_bytes(), dtype) if path.exists() else []
