"""Which networks the pipeline carries, beside what plain `torch.onnx.export` does with them.

    python benchmarks/reach.py            # prints the table, and writes docs/models.md

Each network of benchmarks/networks.py goes through prepare, train (none), export, simplify and validate, as `model=custom`. Plain is
one call of each exporter at batch 2 with the same dynamic axes, run in onnxruntime at other sizes. `python benchmarks/reach.py
WORD ...` tries those whose name has one of the words, and writes nothing.
"""

import contextlib
import io
import json
import logging
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import classifiers
import networks
from pipeline.__main__ import main as pipeline
from pipeline.export import exporters
from pipeline.export.outputs import flatten

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "models.md"
STAGES = ("prepare", "train", "export", "simplify", "validate")


def quietly(command: list[str]) -> tuple[int, str]:
    """Run a pipeline command; its exit code and what it said on stderr."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        return pipeline(command), said.getvalue().strip()


def ours(kind: str) -> tuple[str, str]:
    """What the pipeline did: (exporter and opset, parity), or ("refused", why)."""
    np.savez("rows.npz", **networks.rows(kind))
    spelled = ", ".join(
        f"{name}: {{{', '.join(f'{a}: {n}' for a, n in named.items())}}}" for name, named in networks.axes(kind).items()
    )
    settings = ["model=custom", "model.net._target_=networks.Net", f"model.net.kwargs={{kind: '{kind}'}}"]
    settings += ["data.path=rows.npz", f"model.dynamic_axes={{{spelled}}}"]
    for command in (["params", *settings], *([stage] for stage in STAGES)):
        code, said = quietly(command)
        if code:
            return "refused", said.partition(": ")[2].replace(
                "model.net._target_=networks.Net cannot be exported: ", ""
            ).partition(" What helps")[0]
    exported = json.loads(Path("reports/export.json").read_text())
    parity = json.loads(Path("reports/parity.json").read_text())
    return (
        f"{exported['exporter']}, opset {exported['opset']}",
        f"{parity['max_abs']:.1g} ({parity['values']:,} values)",
    )


def plain(kind: str, *, dynamo: bool) -> str:
    """What one call of torch.onnx.export gives: right, or what goes wrong."""
    net = networks.Net(kind).eval()
    calls = networks.calls(kind)
    names = list(calls[0])
    dynamic = {"dynamic_shapes": networks.axes(kind)} if dynamo else {"dynamic_axes": networks.axes(kind)}
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            exporters.suppress_native_stdout(),
        ):
            torch.onnx.export(
                net,
                _tensors(calls[0]),
                "plain.onnx",
                dynamo=dynamo,
                input_names=names,
                opset_version=20,
                external_data=False,
                **dynamic,
            )
        session = onnxruntime.InferenceSession("plain.onnx")
        for number, asked in enumerate(calls):
            wanted = [tensor.detach().numpy() for _, tensor in flatten(net(*_tensors(asked)))]
            got = session.run(None, {value.name: asked[value.name] for value in session.get_inputs()})
            if [a.shape for a in got] != [a.shape for a in wanted] or not all(
                np.allclose(a, b, atol=1e-3, rtol=1e-2) for a, b in zip(got, wanted, strict=True)
            ):
                return "wrong" if not number else "wrong at another size"
    except Exception as error:
        return f"fails: {type(error).__name__}"
    return "right"


def _tensors(arrays: dict[str, np.ndarray]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(array.copy()) for array in arrays.values())


def main(words: list[str]) -> None:
    kinds = [kind for kind in networks.ZOO if not words or any(word in kind for word in words)]
    warnings.simplefilter("ignore")
    for library in ("torch", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(4)
    lines = [
        "| network | ours | largest difference and values compared, or why not | seconds | plain dynamo | plain tracer |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for kind in kinds:
            start = time.perf_counter()
            how, what = ours(kind)
            taken = time.perf_counter() - start
            cells = [
                kind,
                how,
                what.replace("|", "\\|"),
                f"{taken:.1f}",
                plain(kind, dynamo=True),
                plain(kind, dynamo=False),
            ]
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    if words:
        return
    carried = sum("| refused |" not in line for line in lines[2:])
    with_transformers = (
        f"transformers {version('transformers')}" if classifiers.THERE else "no transformers: its rows are left out"
    )
    DOCUMENT.write_text(
        f"# Networks that the pipeline carries\n\nMade by `python benchmarks/reach.py` with torch {torch.__version__}, onnxruntime "
        f"{onnxruntime.__version__} and {with_transformers}: {carried} of {len(lines) - 2} are carried and proven, the others are refused "
        "with the reason.\n\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
