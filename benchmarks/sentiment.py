"""The accuracy of model=sentiment, compared with naive Bayes, and the time that hostile text takes.

    python benchmarks/sentiment.py                                                   # the sentences that ship
    python benchmarks/sentiment.py --data negative=FILE positive=FILE                # yours: one sentence a line

The pipeline trains and exports the model, and onnxruntime runs the graph. Naive Bayes (scikit-learn's, multinomial, on words
and pairs of words) is fitted to the same training and validation rows, and scored on the same test rows.
"""

import argparse
import contextlib
import io
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
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import DATA, SIMPLIFIED, SPLITS
from pipeline.core.reports import read_report
from pipeline.graph.session import answer, open_session
from pipeline.network.encoders import load_encoders

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate")
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


def time_run(session: object, text: str) -> float:
    """Seconds of a run on one text, after a run for warm-up."""
    inputs = {"text": np.array([text], dtype=object)}
    answer(session, inputs)  # type: ignore[arg-type]
    start = time.perf_counter()
    answer(session, inputs)  # type: ignore[arg-type]
    return time.perf_counter() - start


def score_naive_bayes(splits: dict[str, dict[str, np.ndarray]]) -> float:
    """Accuracy on the test rows."""
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"[^\s.,;:!?\"()\[\]{}/-]+")  # noqa: S106 (a pattern)
    fitted = [splits["train"], splits["validation"]]
    counts = vectorizer.fit_transform(np.concatenate([rows["text"] for rows in fitted]))
    model = MultinomialNB().fit(counts, np.concatenate([rows["target"] for rows in fitted]))
    return float(model.score(vectorizer.transform(splits["test"]["text"]), splits["test"]["target"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = [f"{label}={PROJECT / 'data' / 'reviews' / label}.txt" for label in ("negative", "positive")]
    parser.add_argument(
        "--data", nargs=2, default=shipped, metavar="LABEL=FILE", help="negative=FILE positive=FILE (default: ours)"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # Absolute paths: the pipeline runs in a temporary folder.
    files = {label: Path(file).resolve() for label, _, file in (entry.partition("=") for entry in options.data)}
    path = f"{{{', '.join(f'{label}: {file}' for label, file in files.items())}}}"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(PROJECT / "conf", "conf")
        settings = ["model=sentiment", f"data.path={path}", f"seed={options.seed}"]
        for command in (["params", *settings], *([stage] for stage in STAGES)):
            with contextlib.redirect_stdout(io.StringIO()):
                code = pipeline(command)
            if code:
                return code
        splits = {split: load(DATA / f"{split}.npz", "prepare") for split in SPLITS}
        task = read_report(ParityReport).task
        session = open_session(SIMPLIFIED)
        encoder = load_encoders()["text"]
        rows = {split: len(arrays["target"]) for split, arrays in splits.items()}
        print(f"rows: {rows}; vocabulary: {len(encoder.entries):,} words; {len(encoder.numbers):,} spellings\n")
        print("| model | accuracy on the test rows |\n|---|---|")
        for name, value in (("PyTorch", task.eager), ("ONNX graph, from text", task.simplify)):
            print(f"| {name} | {value:.4f} |")
        print(f"| naive Bayes, words and pairs | {score_naive_bayes(splits):.4f} |\n")
        print("| text | characters | milliseconds in the graph |\n|---|---|---|")
        for name, text in HOSTILE.items():
            print(f"| {name} | {len(text):,} | {1000 * time_run(session, text):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
