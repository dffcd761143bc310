"""reports/parity.json as a page: the gate's result, how far from the tolerance each graph stays, and every comparison."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from pipeline.core.parity_report import Comparison, ParityReport, TaskReport
from pipeline.parity.attribution import describe_unoptimized
from pipeline.parity.power_section import render_power

STYLE = """
:root { color-scheme: light dark; --ok: #1a7f37; --bad: #c62828; --note: #b58900; --line: #8884; --bar: #4a78c2; }
@media (prefers-color-scheme: dark) { :root { --ok: #3fb950; --bad: #ff6b60; --note: #d9a514; --bar: #6b9be0; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: 1rem; }
.verdict { border-left: .4rem solid; padding: .5rem 1rem; margin: 1rem 0; }
.verdict.ok { border-color: var(--ok); } .verdict.bad { border-color: var(--bad); }
.remark { border-left: .4rem solid var(--note); padding: .2rem 1rem; }
td.bad { color: var(--bad); font-weight: 600; } td.ok { color: var(--ok); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .87em; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .45rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { vertical-align: bottom; } td { vertical-align: top; }
.names-1 :is(th, td):nth-child(-n+1), .names-3 :is(th, td):nth-child(-n+3), .names-4 :is(th, td):nth-child(-n+4) { text-align: left; }
.names-4 td:nth-child(3) { white-space: normal; min-width: 12rem; overflow-wrap: anywhere; }
td.problem { white-space: normal; padding-left: 1.5rem; color: var(--bad); }
td.problem div { position: sticky; left: 1.5rem; max-width: min(64rem, 100vw - 5rem); text-align: left; }
svg { width: 100%; height: auto; } svg text { fill: currentColor; font-size: 12px; }
footer { margin-top: 2rem; opacity: .7; font-size: .85rem; overflow-wrap: anywhere; }
"""


def render_html(report: ParityReport) -> str:
    """The page for one parity report."""
    kind, word = ("ok", "passed") if report.passed else ("bad", "failed")
    gate = "Every graph answers what PyTorch answered." if report.passed else report.gate[:1].upper() + report.gate[1:]
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            f"<title>Parity of {escape(report.model)}: {word}</title><style>{STYLE}</style>",
            f"<h1>Parity of {escape(report.model)}</h1>",
            f'<div class="verdict {kind}"><strong>The gate {word}.</strong> {escape(gate)}</div>',
            *(
                [f"<p>{escape(report.attribution.sentence[:1].upper() + report.attribution.sentence[1:])}.</p>"]
                if report.attribution
                else []
            ),
            f"<p>{len(report.comparisons)} comparisons, {report.values:,} values, onnxruntime {escape(report.onnxruntime)}. "
            f"Largest difference {_number(report.max_abs)}{_describe_margin(report)}.</p>",
            *_remarks(report),
            *_task(report.task),
            *render_power(report.power),
            "<h2>How much of the tolerance is used</h2>",
            "<p>|got - expected| / (tolerance + rtol * |expected|), the largest of each graph and output; the red line is the limit. The tolerance "
            "is a share of the output's own scale (the 90th percentile of PyTorch's answers). "
            "Outputs without a tolerance (integers, text) must be equal and are not drawn.</p>",
            _chart(report.comparisons),
            "<h2>Every comparison</h2>",
            *_table(report.comparisons),
            f"<footer>contract {report.contract_sha256[:16]} · "
            + " · ".join(f"{escape(stage)} {digest[:16]}" for stage, digest in report.models.items())
            + "</footer></html>\n",
        ]
    )


def _remarks(report: ParityReport) -> Iterator[str]:
    """What weakens the proof: outputs that are not judged, and those that hardly vary."""
    for output, reason in report.exempt.items():
        yield f'<p class="remark"><strong>Not judged:</strong> {escape(output)}: {escape(reason)} (parity.exempt)</p>'
    if remark := describe_unoptimized(report.comparisons, report.unoptimized):
        yield f'<p class="remark"><strong>Without onnxruntime\'s optimizer:</strong> {escape(remark)}</p>'
    for output in report.unvarying:
        yield (
            f'<p class="remark"><strong>Hardly varies:</strong> {escape(output)} is the same for nearly all rows, so that comparing it proves '
            "little; it is compared at a tenth of what is allowed.</p>"
        )


def _describe_margin(report: ParityReport) -> str:
    """How far the closest answer is from its limit, behind a semicolon; empty where nothing has a tolerance."""
    if report.used is None or report.margin is None:
        return ""
    if report.used > 1:
        return f"; the worst is {_number(report.used)} times what is allowed"
    return f"; {_number(report.margin)} times as much would pass"


def _number(value: float | None) -> str:
    """Three significant digits; large ones without an exponent."""
    if value is None:
        return "–"
    return f"{float(f'{value:.3g}'):,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"


def _task(task: TaskReport | None) -> Iterator[str]:
    if task is None:
        return
    better = f"{task.direction} is better"
    heads = ("model", "value", "loss", "changed rows", "better / worse", "bound (95 %)")
    yield f'<h2>{escape(task.metric).capitalize()} on {task.rows:,} test rows ({better})</h2><div class="scroll"><table class="names-1"><tr>'
    yield f"{''.join(f'<th>{head}</th>' for head in heads)}</tr>"
    yield f"<tr><td>eager</td><td>{task.eager:.4f}</td><td></td><td></td><td></td><td></td></tr>"
    for name, score in (("export", task.export), ("simplify", task.simplify)):
        cells = ["–" if score is None else f"{score:.4f}", "", "", "", ""]
        if paired := task.paired.get(name):
            rows = "–" if paired.worse is None else f"{paired.better} / {paired.worse}"
            bound = (
                f"{paired.bound:.2%} of rows get worse"
                if paired.bound_of == "worse rows"
                else f"loss {paired.bound:.3g}"
            )
            cells = [cells[0], f"{paired.loss:.3g}", f"{paired.changed}", rows, bound]
        yield f"<tr><td>{name}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield f"</table></div><p>A graph may lose {task.budget:g}. The bound is reported, not gated.</p>"


def _chart(comparisons: Sequence[Comparison]) -> str:
    """A bar for each graph and output that has a tolerance: how much of it was used, on a logarithmic scale."""
    worst: dict[tuple[str, str], float] = {}
    for entry in comparisons:
        if entry.used is not None:
            key = (entry.stage, entry.output)
            worst[key] = max(worst.get(key, 0.0), entry.used)
    if not worst:
        return "<p>No output has a tolerance above zero: all must be equal.</p>"
    low = -6
    high = max(1, math.ceil(math.log10(max([1.0, *worst.values()]))) + 1)

    def x(used: float) -> float:
        return 200 + 520 * (max(math.log10(max(used, 1e-300)), low) - low) / (high - low)

    height = 26 * len(worst) + 30
    parts = [
        f'<svg viewBox="0 0 800 {height}" role="img" aria-label="Share of the tolerance used, by graph and output">'
    ]
    step = math.ceil((high - low) / 8)  # more labels than that lie on each other
    for power in range(low, high + 1):
        parts.append(
            f'<line x1="{x(10.0**power):.1f}" x2="{x(10.0**power):.1f}" y1="0" y2="{height - 24}" stroke="var(--line)"/>'
        )
        if power % step == 0:
            parts.append(
                f'<text x="{x(10.0**power):.1f}" y="{height - 8}" text-anchor="middle">{_number(100 * 10.0**power)} %</text>'
            )
    for place, ((stage, output), used) in enumerate(worst.items()):
        y = 26 * place + 6
        color = "var(--bar)" if used <= 1 else "var(--bad)"
        parts.append(
            f'<text x="190" y="{y + 13}" text-anchor="end">{escape(stage)}: {escape(output)}</text>'
            f'<rect x="200" y="{y}" width="{max(2.0, x(used) - 200):.1f}" height="16" fill="{color}"/>'
            f'<text x="{x(used) + 6:.1f}" y="{y + 13}">{_number(float(f"{100 * used:.2g}"))} %</text>'
        )
    parts.append(
        f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="0" y2="{height - 24}" stroke="var(--bad)" stroke-width="2"/></svg>'
    )
    return "".join(parts)


def _table(comparisons: Sequence[Comparison]) -> Iterator[str]:
    heads = (
        "graph",
        "case",
        "output",
        "batch",
        "values",
        "max abs",
        "max rel",
        "mean abs",
        "scale",
        "tolerance",
        "required",
        "used",
        "passed",
    )
    yield '<div class="scroll"><table class="names-3"><tr>' + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"
    for entry in sorted(comparisons, key=lambda entry: entry.passed):
        numbers = [
            _number(getattr(entry, key))
            for key in ("max_abs", "max_rel", "mean_abs", "scale", "tolerance", "required_tolerance", "used")
        ]
        cells = [
            entry.stage,
            entry.case,
            entry.output,
            "–" if entry.batch is None else entry.batch,
            f"{entry.values:,}",
            *numbers,
        ]
        mark = (
            "<td>exempt</td>"
            if entry.exempt
            else '<td class="ok">yes</td>'
            if entry.passed
            else '<td class="bad">no</td>'
        )
        yield "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + mark + "</tr>"
        if entry.problem:
            yield f'<tr><td class="problem" colspan="{len(heads)}"><div>{escape(entry.problem)}</div></td></tr>'
    yield "</table></div>"
