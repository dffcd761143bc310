"""verify: the package, restored and run by throw-away programs in real .NET, against PyTorch's golden answers."""

import tempfile
from pathlib import Path

from pipeline.compare.policy import Policy, make_policy
from pipeline.core.contract import Contract, load_contract
from pipeline.core.dotnet_report import BOUND, NEAREST, NEWEST, DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256, write_text
from pipeline.core.golden import load_calls
from pipeline.core.parity_report import Attribution, ParityReport
from pipeline.core.paths import CONTRACT, DOTNET_REPORT, PARITY_REPORT, PROOF_PAGE
from pipeline.core.reports import read_report, write_report
from pipeline.core.terminal import say
from pipeline.dotnet import sdk
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.manifest import Manifest, read_package
from pipeline.dotnet.proof import answers, split_answers, text_answers
from pipeline.dotnet.proof.examination import Examination
from pipeline.dotnet.proof.matrix import GOLDEN_CALLS, TEST_SPLIT, Matrix, replay_runtimes
from pipeline.dotnet.runtime_versions import join_versions
from pipeline.parity.attribution import attribute_dotnet
from pipeline.parity.gate import describe_exempt
from pipeline.parity.page.document import render_page
from pipeline.settings.params import Params, Verify

NAMES = {BOUND: "the package's lower bound", NEAREST: "the nearest to the package's lower bound", NEWEST: "the newest"}


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


def verify_package(
    contract: Contract, manifest: Manifest, settings: Verify, tolerances: Policy, parity: ParityReport
) -> DotnetReport:
    """Build and run the consumers, and compare their answers.

    Raises:
        PipelineError: The SDK is missing or too old, a consumer does not build or run, or, with verify.mode=required, no NuGet source
            has an onnxruntime that is asked for.
    """
    dotnet = sdk.require("verify")
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-verify-") as scratch:
        folder = Path(scratch)
        split = split_answers.write_split(folder / TEST_SPLIT, contract)
        calls = load_calls()
        golden_files.write(folder / GOLDEN_CALLS, calls, contract.tokenizer)
        examination = Examination(contract, calls, split, tolerances, settings.threads, settings.least_cosine)
        ran = replay_runtimes(dotnet, manifest, examination, settings.runtimes, folder)
    departure = ran.explain_departure()
    if ran.absent and not departure and settings.mode == "required":
        raise PipelineError(next(iter(ran.absent.values())))
    reason = departure or ran.absent.get(BOUND, "")
    report = report_unverified(manifest, settings.mode, reason)
    report = report.model_copy(update={"runtimes": ran.list_runtimes(), "note": ran.describe_notes()})
    if not ran.replays:
        return report
    first = next(iter(ran.replays.values()))
    comparisons = [*first.calls, *first.split]
    details = {
        "verified": not reason,
        "sdk": dotnet.version,
        "runtime": first.versions.dotnet,
        "onnxruntime": first.versions.onnxruntime,
        "onnxruntime_python": ", ".join(manifest.onnxruntime.proven),
        "ways": list(derive_layout(contract).methods),
        "threads": settings.threads,
        "rows": answers.count_rows(first.calls) * settings.threads,
        "values": sum(entry.values for entry in first.calls) * settings.threads
        + sum(entry.values for entry in first.split),
        "outputs": answers.summarize(comparisons),
        "exempt": dict(tolerances.exempt),
        "texts": text_answers.summarize(first.texts) if first.texts else None,
        "test_rows": len(split),
        "task": first.task,
        "comparisons": [entry for replay in ran.replays.values() for entry in replay.comparisons],
        "attribution": attribute_departure(ran, parity if is_of_package(parity, manifest) else None),
    }
    return report.model_copy(update=details)


def attribute_departure(ran: Matrix, parity: ParityReport | None) -> Attribution | None:
    """Whether the client or an onnxruntime is wrong, by the first version that departs; None where none does."""
    right = [version for version, replay in ran.replays.items() if not replay.problem]
    wrong = next(((version, replay) for version, replay in ran.replays.items() if replay.problem), None)
    if wrong is None:
        return None
    version, replay = wrong
    return attribute_dotnet(replay.comparisons, version, parity, right)


def describe_runs(report: DotnetReport) -> str:
    """What was run, and on what."""
    names: dict[str, list[str]] = {}
    for entry in report.runtimes:
        if entry.onnxruntime is not None:
            names.setdefault(entry.onnxruntime, []).append(entry.note or NAMES.get(entry.asked, "verify.runtimes"))
    onnxruntime = f"onnxruntime {report.onnxruntime}"
    if len(report.runtimes) > 1:
        versions = [f"{version} ({' and '.join(reasons)})" for version, reasons in names.items()]
        onnxruntime = f"{'each on ' if len(versions) > 1 else ''}onnxruntime {join_versions(versions)}"
    texts = report.texts
    texts_note = (
        f"; {texts.texts:,} texts, every token equal, smallest cosine {texts.least_cosine:.9f}" if texts else ""
    )
    note = f"; {report.note}" if report.note else ""
    return (
        f"{report.rows:,} rows through {len(report.ways)} ways in, {report.threads} threads; "
        f"{split_answers.describe_split(report.test_rows, report.task)}; {report.runtime}, SDK {report.sdk}, {onnxruntime}"
        f"{texts_note}{note}{describe_exempt(report.exempt)}"
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


def is_of_package(parity: ParityReport, manifest: Manifest) -> bool:
    """Whether the gate has judged the graph that is in the package."""
    return parity.models.get("simplify") == manifest.files.get(f"model/{manifest.model}")


def run(params: Params) -> None:
    contract, manifest, mode = load_contract(), read_package(), params.verify.mode
    parity = read_parity()
    if mode == "off":
        report = report_unverified(manifest, mode, "verify.mode=off")
    elif mode == "auto" and sdk.version(sdk.find()) is None:
        report = report_unverified(manifest, mode, "there is no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
    else:
        tolerances = make_policy(params.parity, "dotnet", contract.scales, [tensor.name for tensor in contract.outputs])
        report = verify_package(contract, manifest, params.verify, tolerances, parity)
    write_report(report)
    write_text(PROOF_PAGE, render_page(parity, contract, report, package=manifest.package_version))
    if report.departs:
        origin = f"; {report.attribution.sentence}" if report.attribution else ""
        raise PipelineError(
            f".NET does not answer like PyTorch: {report.reason}{origin} (all of it: {DOTNET_REPORT}, {PROOF_PAGE})"
        )
    if report.verified:
        say("verify", f"verified in .NET: {describe_runs(report)}")
    else:
        ran = f"; what ran answers like PyTorch: {describe_runs(report)}" if report.sdk else ""
        say("verify", f"not verified in .NET: {report.reason}{ran}")
