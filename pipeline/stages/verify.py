"""verify: the package, restored and run by a throw-away program in real .NET, against PyTorch's golden answers."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.compare.comparison import Policy, badness, compare, policy, round_up
from pipeline.core import contract as contracts
from pipeline.core.arrays import Array, Arrays, is_text, load
from pipeline.core.contract import GOLDEN_INPUTS, GOLDEN_OUTPUTS, Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, sha256, write_json
from pipeline.core.golden_texts import load_golden
from pipeline.dotnet import sdk
from pipeline.dotnet.client.layout import layout
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof import consumer, text_answers
from pipeline.settings.params import Params, Verify

MANIFEST = consumer.PACKAGES / "manifest.json"
REPORT = Path("reports/dotnet.json")


def unverified(reason: str) -> dict[str, Any]:
    """The report where nothing was run in .NET."""
    return {"verified": False, "reason": reason, "comparisons": []}


def read_answers(folder: Path, way: str, thread: int, case: str, expected: Arrays) -> Arrays:
    """What the program wrote for one way in, thread and case: values that it did not write are missing.

    The number of values is the program's, and so is the shape where it varies (it then stands in a file beside them);
    else the shape of each row is the contract's.
    """
    found: Arrays = {}
    for place, (name, array) in enumerate(expected.items()):
        path = folder / f"{way}.{thread}.{case}.{place}.bin"
        if not path.exists():
            continue
        data = path.read_bytes()
        values: Array = (
            golden_files.decode_text(data)
            if is_text(array)
            else np.frombuffer(data, dtype=array.dtype.newbyteorder("<")).astype(array.dtype)
        )
        told = path.with_suffix(".shape")
        shape = _numbers(told.read_text()) if told.exists() else (-1, *array.shape[1:])
        fits = values.size % max(1, int(np.prod(shape[1:]))) == 0 if -1 in shape else values.size == np.prod(shape)
        found[name] = values.reshape(shape) if fits else values
    return found


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split())


def judge(
    answers: Path, golden: dict[str, Arrays], threads: int, tolerances: Policy, ways: Sequence[str]
) -> list[dict[str, Any]]:
    """A comparison for each way in, case and output: the worst of all threads."""
    comparisons = []
    for way in ways:
        for case, expected in golden.items():
            by_thread = [
                compare(expected, read_answers(answers, way, thread, case, expected), tolerances)
                for thread in range(threads)
            ]
            for verdicts in zip(*by_thread, strict=True):
                worst = max(verdicts, key=badness)
                # Without rows a case is one call.
                batch = len(expected[worst.output]) if "batch" in ways else 1
                comparisons.append(
                    {"stage": "dotnet", "variant": "fp32", "way": way, "case": case, "batch": batch, **asdict(worst)}
                )
    return comparisons


def summarise(comparisons: list[dict[str, Any]], threads: int) -> dict[str, Any]:
    """Largest difference and required tolerance of each output, and how much was compared."""
    outputs: dict[str, dict[str, float | None]] = {}
    for entry in comparisons:
        seen = outputs.setdefault(entry["output"], {"max_abs": None, "required_tolerance": None})
        for number in seen:
            if entry[number] is not None:
                seen[number] = max(seen[number] or 0.0, entry[number])
    first = next(iter(outputs), None)
    return {
        "ways": list(dict.fromkeys(entry["way"] for entry in comparisons)),
        "threads": threads,
        "rows": sum(entry["batch"] for entry in comparisons if entry["output"] == first) * threads,
        "values": sum(entry["values"] for entry in comparisons) * threads,
        "outputs": outputs,
    }


def verdict(comparisons: list[dict[str, Any]]) -> str:
    """Why .NET does not answer like PyTorch; empty when it does. Nothing compared is a failure."""
    failed = [entry for entry in comparisons if not entry["passed"]]
    if failed:
        entry = failed[0]
        needed = [e["required_tolerance"] for e in failed if e["required_tolerance"] is not None]
        advice = (
            f"; parity.atol={round_up(max(needed)):g} would pass all"
            if len(needed) == len(failed) > 1 and max(needed) > 0
            else ""
        )
        return (
            f"{len(failed)} of {len(comparisons)} comparisons failed; way in {entry['way']!r}, {entry['problem']} "
            f"(case {entry['case']}, batch {entry['batch']}){advice}"
        )
    if not sum(entry["values"] for entry in comparisons):
        return "nothing was compared: the program wrote no answers"
    return ""


def prove(contract: Contract, manifest: dict[str, Any], settings: Verify, tolerances: Policy) -> dict[str, Any]:
    """Build and run the consumer, compare, and say what was found.

    Raises:
        PipelineError: The SDK is missing or too old, the consumer does not build or run.
    """
    found = sdk.require("verify")
    golden = contracts.cases(load(GOLDEN_OUTPUTS, made_by="export"))
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-verify-") as folder:
        ran = consumer.replay(found, contract, manifest, Path(folder), settings.threads)
        answers = Path(folder) / consumer.ANSWERS
        comparisons = judge(answers, golden, settings.threads, tolerances, layout(contract).ways)
        of_texts = (
            text_answers.judge(answers, load_golden(), tolerances, settings.least_cosine) if contract.tokenizer else []
        )
    # Other tokens are the cause where both differ.
    problem = verdict([*of_texts, *comparisons])
    python = version("onnxruntime")
    return {
        "verified": not problem,
        "reason": problem,
        "sdk": found.version,
        "runtime": ran["runtime"],
        "onnxruntime": ran["onnxruntime"],
        "onnxruntime_python": python,
        "note": ""
        if ran["onnxruntime"] == python
        else f"Python validated with onnxruntime {python}, .NET ran {ran['onnxruntime']}",
        **summarise(comparisons, settings.threads),
        **({"texts": text_answers.summarise(of_texts)} if of_texts else {}),
        "comparisons": [*comparisons, *of_texts],
    }


def run(params: Params) -> None:
    contract = contracts.load()
    contracts.check_golden(contract)
    load(GOLDEN_INPUTS, made_by="export")
    manifest = read_json(MANIFEST, made_by="package")
    package = consumer.PACKAGES / manifest["package"]
    if not package.exists() or sha256(package) != manifest["package_sha256"]:
        raise PipelineError(
            f"{package} is not the package that {MANIFEST} describes: make it again with `python -m pipeline package`"
        )
    mode = params.verify.mode
    if mode == "off":
        report = unverified("verify.mode=off")
    elif mode == "auto" and sdk.version(sdk.find()) is None:
        report = unverified("there is no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
    else:
        report = prove(contract, manifest, params.verify, policy(params.parity))
    about = {"package": manifest["package"], "package_sha256": manifest["package_sha256"], "mode": mode}
    write_json(REPORT, {**about, **report})
    if report["verified"]:
        note = f"; {report['note']}" if report["note"] else ""
        read = report.get("texts")
        told = (
            f"; {read['texts']:,} texts, every token equal, smallest cosine {read['least_cosine']:.9f}" if read else ""
        )
        print(
            f"verify: verified in .NET: {report['rows']:,} rows through {len(report['ways'])} ways in, {report['threads']} threads; "
            f"{report['runtime']}, SDK {report['sdk']}, onnxruntime {report['onnxruntime']}{told}{note}"
        )
    elif "sdk" in report:
        raise PipelineError(f".NET does not answer like PyTorch: {report['reason']} (all of it: {REPORT})")
    else:
        print(f"verify: not verified in .NET: {report['reason']}")
