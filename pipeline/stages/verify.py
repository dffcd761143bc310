"""verify: the package, restored and run by a throw-away program in real .NET, against PyTorch's golden answers."""

import tempfile
from importlib.metadata import version
from pathlib import Path

from pipeline.compare.policy import Policy, make_policy
from pipeline.core.contract import Contract, load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256, write_text
from pipeline.core.golden import golden_texts, load_calls
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import CONTRACT, DOTNET_REPORT, PARITY_REPORT, PROOF_PAGE
from pipeline.core.reports import read_report, write_report
from pipeline.dotnet import sdk
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.nuget.manifest import Manifest, read_package
from pipeline.dotnet.proof import answers, consumer, split_answers, text_answers
from pipeline.parity.gate import describe_exempt, explain_failure
from pipeline.parity.page.document import render_page
from pipeline.settings.params import Params, Verify


def report_unverified(manifest: Manifest, mode: str, reason: str) -> DotnetReport:
    """The report where nothing was run in .NET."""
    return DotnetReport(
        package=manifest.package,
        package_sha256=manifest.package_sha256,
        mode=mode,
        verified=False,
        reason=reason,
        comparisons=[],
    )


def verify_package(contract: Contract, manifest: Manifest, settings: Verify, tolerances: Policy) -> DotnetReport:
    """Build and run the consumer, and compare its answers.

    Raises:
        PipelineError: The SDK is missing or too old, the consumer does not build or run.
    """
    dotnet = sdk.require("verify")
    calls, layout = load_calls(), derive_layout(contract)
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-verify-") as folder:
        split = split_answers.write_split(Path(folder) / consumer.TEST_SPLIT, contract)
        versions = consumer.replay(dotnet, contract, manifest, Path(folder), settings.threads)
        answers_folder = Path(folder) / consumer.ANSWERS
        without_texts = [call for call in calls if not call.texts]
        compared = answers.compare_calls(answers_folder, without_texts, settings.threads, tolerances, layout.methods)
        test_answers = split_answers.read_split(answers_folder, split)
        compared_split = split_answers.compare_split(test_answers, split, layout.bulk_method, tolerances)
        texts = []
        if contract.tokenizer:
            golden = golden_texts(calls, contract.tokenizer.fills["ids"])
            texts = text_answers.compare_texts(answers_folder, golden, tolerances, settings.least_cosine)
    problem = explain_failure([*compared, *compared_split, *texts])
    python = version("onnxruntime")
    return DotnetReport(
        package=manifest.package,
        package_sha256=manifest.package_sha256,
        mode=settings.mode,
        verified=not problem,
        reason=problem,
        sdk=dotnet.version,
        runtime=versions["runtime"],
        onnxruntime=versions["onnxruntime"],
        onnxruntime_python=python,
        note=""
        if versions["onnxruntime"] == python
        else f"Python validated with onnxruntime {python}, .NET ran {versions['onnxruntime']}",
        ways=list(layout.methods),
        threads=settings.threads,
        rows=answers.count_rows(compared) * settings.threads,
        values=sum(entry.values for entry in compared) * settings.threads
        + sum(entry.values for entry in compared_split),
        outputs=answers.summarize([*compared, *compared_split]),
        exempt=dict(tolerances.exempt),
        texts=text_answers.summarize(texts) if texts else None,
        test_rows=len(split),
        task=None if problem else split_answers.score_split(test_answers, split, contract),
        comparisons=[*compared, *compared_split, *texts],
    )


def read_parity() -> ParityReport:
    """What `validate` found, whose page is written again with the .NET half.

    Raises:
        PipelineError: It is missing, or was found with another contract.
    """
    parity = read_report(ParityReport)
    if parity.contract_sha256 != sha256(CONTRACT):
        raise PipelineError(
            f"{PARITY_REPORT} was written with another contract than {CONTRACT}: run `python -m pipeline validate` again"
        )
    return parity


def run(params: Params) -> None:
    contract, manifest, mode = load_contract(), read_package(), params.verify.mode
    parity = read_parity()
    if mode == "off":
        report = report_unverified(manifest, mode, "verify.mode=off")
    elif mode == "auto" and sdk.version(sdk.find()) is None:
        report = report_unverified(manifest, mode, "there is no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
    else:
        tolerances = make_policy(params.parity, "dotnet", contract.scales, [tensor.name for tensor in contract.outputs])
        report = verify_package(contract, manifest, params.verify, tolerances)
    write_report(report)
    write_text(PROOF_PAGE, render_page(parity, contract, report))
    if report.verified:
        note = f"; {report.note}" if report.note else ""
        texts = report.texts
        texts_note = (
            f"; {texts.texts:,} texts, every token equal, smallest cosine {texts.least_cosine:.9f}" if texts else ""
        )
        print(
            f"verify: verified in .NET: {report.rows:,} rows through {len(report.ways)} ways in, {report.threads} threads; "
            f"{split_answers.describe_split(report.test_rows, report.task)}; "
            f"{report.runtime}, SDK {report.sdk}, onnxruntime {report.onnxruntime}{texts_note}{note}{describe_exempt(report.exempt)}"
        )
    elif report.sdk:
        raise PipelineError(
            f".NET does not answer like PyTorch: {report.reason} (all of it: {DOTNET_REPORT}, {PROOF_PAGE})"
        )
    else:
        print(f"verify: not verified in .NET: {report.reason}")
