"""The whole page: one file that loads nothing, from the typed reports alone. The same reports give the same bytes."""

from collections.abc import Sequence

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import ParityReport
from pipeline.core.release import PackageVersion
from pipeline.parity.page.answers_section import render_answers
from pipeline.parity.page.comparisons_section import render_comparisons
from pipeline.parity.page.dotnet_section import render_dotnet
from pipeline.parity.page.flow import render_flow
from pipeline.parity.page.graph_section import render_graph
from pipeline.parity.page.lineage_section import render_lineage
from pipeline.parity.page.markup import Markup, safe, tag
from pipeline.parity.page.outputs_section import render_outputs
from pipeline.parity.page.package_section import render_package
from pipeline.parity.page.power_section import render_power
from pipeline.parity.page.rows_section import render_rows
from pipeline.parity.page.stylesheet import STYLE
from pipeline.parity.page.task_section import render_task
from pipeline.parity.page.tolerance_section import render_tolerance
from pipeline.parity.page.verdict import judge, render_verdict


def render_page(
    parity: ParityReport,
    contract: Contract,
    dotnet: DotnetReport | None = None,
    departure: Sequence[str] = (),
    package: PackageVersion | None = None,
) -> str:
    """The report as HTML.

    Args:
        parity: What `validate` found.
        contract: The model's.
        dotnet: What `verify` found; None before it has run: then the page has no .NET half.
        departure: What `locate` says of where a failed gate began, line by line.
        package: The package's version and what changed; None before it is packed.
    """
    sections = [
        render_verdict(parity, contract, dotnet, departure),
        render_flow(parity, contract, dotnet),
        render_outputs(parity, contract, dotnet),
        render_answers(parity, contract),
        render_rows(parity, contract),
        render_task(parity, dotnet),
        render_power(parity.power),
        render_graph(parity),
        render_tolerance(parity, contract),
        render_comparisons(parity, dotnet),
        render_lineage(parity, contract, dotnet),
        render_dotnet(dotnet),
        render_package(package),
    ]
    _, verdict = judge(parity, dotnet)
    head = [
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        tag("title", f"{parity.model}: {verdict[:1].upper()}{verdict[1:]}"),
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
    ]
    made = "reports/proof.html, made by verify" if dotnet else "reports/parity.html, made by validate"
    body = [tag("main", *(part for part in sections if part is not None)), tag("footer", safe(made))]
    return f'<!doctype html>\n<html lang="en"><head>{"".join(head)}</head>\n<body>{"".join(body)}</body></html>\n'
