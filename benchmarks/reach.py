"""Which networks the pipeline can export and prove, compared with plain `torch.onnx.export`.

    python benchmarks/reach.py            # prints the table, and writes docs/models.md

The pipeline runs fingerprint, prepare, train (none), export, simplify and validate for each network of benchmarks/networks.py, as
`model=custom`. Plain is one call of each exporter at batch 2 with the same dynamic axes, run in onnxruntime at other sizes.
`python benchmarks/reach.py WORD ...` takes only the networks whose name contains one of the words, and writes nothing.
"""

import argparse
import contextlib
import io
import logging
import shutil
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
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import ExportReport, read_report
from pipeline.export import exporters
from pipeline.export.outputs import flatten

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENT = PROJECT / "docs" / "models.md"
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate")


def run_quietly(command: list[str]) -> tuple[int, str]:
    """Run a pipeline command; its exit code and what it printed on stderr."""
    stderr = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
        return pipeline(command), stderr.getvalue().strip()


def run_pipeline(network: str) -> tuple[str, str]:
    """What the pipeline does: (exporter and opset, parity), or ("refused", why)."""
    np.savez("rows.npz", **networks.make_rows(network))
    axes = ", ".join(
        f"{name}: {{{', '.join(f'{axis}: {axis_name}' for axis, axis_name in names.items())}}}"
        for name, names in networks.dynamic_axes(network).items()
    )
    settings = ["model=custom", "model.net._target_=networks.Net", f"model.net.kwargs={{name: '{network}'}}"]
    settings += ["data.path=rows.npz", f"model.dynamic_axes={{{axes}}}"]
    for command in (["params", *settings], *([stage] for stage in STAGES)):
        code, error = run_quietly(command)
        if code:
            return "refused", error.partition(": ")[2].replace(
                "model.net._target_=networks.Net cannot be exported: ", ""
            )
    exported, parity = read_report(ExportReport), read_report(ParityReport)
    return (
        f"{exported.exporter}, opset {exported.opset}",
        f"{'equal' if parity.used is None else f'{parity.used:.1%}'} ({parity.values:,} values)",
    )


def run_exporter(network: str, *, dynamo: bool) -> str:
    """The result of one call of torch.onnx.export: right, or what goes wrong."""
    net = networks.Net(network).eval()
    calls = networks.make_calls(network)
    names = list(calls[0])
    dynamic = (
        {"dynamic_shapes": networks.dynamic_axes(network)}
        if dynamo
        else {"dynamic_axes": networks.dynamic_axes(network)}
    )
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
        for number, inputs in enumerate(calls):
            expected = [tensor.detach().numpy() for _, tensor in flatten(net(*_tensors(inputs)))]
            got = session.run(None, {value.name: inputs[value.name] for value in session.get_inputs()})
            if [a.shape for a in got] != [a.shape for a in expected] or not all(
                np.allclose(a, b, atol=1e-3, rtol=1e-2) for a, b in zip(got, expected, strict=True)
            ):
                return "wrong" if not number else "wrong at another size"
    except Exception as error:
        return f"fails: {type(error).__name__}"
    return "right"


def _tensors(arrays: dict[str, np.ndarray]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(array.copy()) for array in arrays.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="take the networks whose name contains it (default: all)"
    )
    words = parser.parse_args().words
    names = [name for name in networks.NETWORKS if not words or any(word in name for word in words)]
    warnings.simplefilter("ignore")
    for library in ("torch", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(4)
    lines = [
        "| network | pipeline | used of what is allowed, and values compared, or why it is refused | seconds | plain dynamo | plain tracer |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(PROJECT / "conf", "conf")
        for name in names:
            start = time.perf_counter()
            exporter, result = run_pipeline(name)
            seconds = time.perf_counter() - start
            cells = [
                name,
                exporter,
                result.replace("|", "\\|"),
                f"{seconds:.1f}",
                run_exporter(name, dynamo=True),
                run_exporter(name, dynamo=False),
            ]
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    if words:
        return
    proven = sum("| refused |" not in line for line in lines[2:])
    transformers = (
        f"transformers {version('transformers')}"
        if classifiers.INSTALLED
        else "no transformers, whose networks are left out"
    )
    DOCUMENT.write_text(
        f"# Networks that the pipeline can export\n\nMade by `python benchmarks/reach.py` with torch {torch.__version__}, onnxruntime "
        f"{onnxruntime.__version__} and {transformers}: {proven} of {len(lines) - 2} are exported and proven, the others are refused "
        "with the reason.\n\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
