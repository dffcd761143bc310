"""How well model=sentiment does, beside a naive Bayes, and what hostile text costs.

    python benchmarks/sentiment.py                                                   # the sentences that ship
    python benchmarks/sentiment.py --data negative=FILE positive=FILE                # yours: one sentence a line

Trains by the pipeline, and asks the exported graph in onnxruntime. The naive Bayes (scikit-learn's, multinomial, words and
pairs of words) learns from the same training and validation rows, and answers the same held-out tenth.
"""

import argparse
import contextlib
import io
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from pipeline.__main__ import main as pipeline
from pipeline.core.arrays import load
from pipeline.graph.session import answer, open_session
from pipeline.network import encoders

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("prepare", "train", "export", "simplify", "validate")
HOSTILE = {
    "a sentence": "A warm and funny film that stays with you.",
    "empty": "",
    "only punctuation, 1 MB": "?!.," * 250_000,
    "200,000 words, 1 MB": "word " * 200_000,
    "one word of 1 MB": "x" * 1_000_000,
    "1 MB of a.a.a.": "a." * 500_000,
    "1 MB of NUL": "\0" * 1_000_000,
    "emoji, 1 MB": "😀 " * 200_000,
    "pieces in every chunk": ("a.,;:b" * 30 + " ") * 600,
}


def seconds(session: object, text: str) -> float:
    asked = {"text": np.array([text], dtype=object)}
    answer(session, asked)  # type: ignore[arg-type]
    start = time.perf_counter()
    answer(session, asked)  # type: ignore[arg-type]
    return time.perf_counter() - start


def naive_bayes(parts: dict[str, dict[str, np.ndarray]]) -> float:
    """Share of the test rows that it answers rightly."""
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"[^\s.,;:!?\"()\[\]{}/-]+")  # noqa: S106 (a pattern)
    known = [parts["train"], parts["validation"]]
    counts = vectorizer.fit_transform(np.concatenate([part["text"] for part in known]))
    model = MultinomialNB().fit(counts, np.concatenate([part["target"] for part in known]))
    return float(model.score(vectorizer.transform(parts["test"]["text"]), parts["test"]["target"]))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = [f"{label}={PROJECT / 'data' / 'reviews' / label}.txt" for label in ("negative", "positive")]
    options.add_argument(
        "--data", nargs=2, default=shipped, metavar="LABEL=FILE", help="negative=FILE positive=FILE (default: ours)"
    )
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    # Whole paths: the pipeline works in a folder of its own.
    files = {label: Path(file).resolve() for label, _, file in (entry.partition("=") for entry in given.data)}
    path = f"{{{', '.join(f'{label}: {file}' for label, file in files.items())}}}"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(PROJECT / "conf", "conf")
        settings = ["model=sentiment", f"data.path={path}", f"seed={given.seed}"]
        for command in (["params", *settings], *([stage] for stage in STAGES)):
            with contextlib.redirect_stdout(io.StringIO()):
                code = pipeline(command)
            if code:
                return code
        parts = {part: load(Path(f"build/data/{part}.npz"), "prepare") for part in ("train", "validation", "test")}
        task = json.loads(Path("reports/parity.json").read_text())["task"]
        session = open_session(Path("build/simplified.onnx"))
        words = encoders.load()["text"]
        rows = {part: len(arrays["target"]) for part, arrays in parts.items()}
        print(f"rows: {rows}; vocabulary: {len(words.entries):,} words; {len(words.numbers):,} spellings\n")
        print("| model | accuracy on the held-out tenth |\n|---|---|")
        for name, value in (("in PyTorch", task["eager"]), ("the graph, from text", task["simplify"])):
            print(f"| {name} | {value:.4f} |")
        print(f"| naive Bayes of words and pairs | {naive_bayes(parts):.4f} |\n")
        print("| text | characters | milliseconds in the graph |\n|---|---|---|")
        for name, text in HOSTILE.items():
            print(f"| {name} | {len(text):,} | {1000 * seconds(session, text):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
