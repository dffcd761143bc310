"""Pictures by output: how large the errors are, and where they stand."""

from pipeline.core.answer_evidence import OutputEvidence
from pipeline.core.contract import Contract
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.charts import draw_errors, draw_histogram, draw_scatter
from pipeline.parity.page.markup import Markup, number, section, tag

# Outputs that are seen before the others are unfolded.
OPEN = 3
# Outputs that are named where they are not drawn.
NAMED = 8


def render_answers(parity: ParityReport, contract: Contract) -> Markup:
    """Three drawings for each output with a tolerance; nothing where there is none."""
    evidence = parity.evidence
    if evidence is None or not evidence.outputs:
        text = "No answer could be compared with a tolerance: there is no error to draw."
        return section("answers", "Errors", tag("p", text))
    worst = sorted(evidence.outputs, key=lambda name: -max(map(abs, evidence.outputs[name].used), default=0.0))
    drawn = [_figure(name, evidence.outputs[name], evidence.stage) for name in worst]
    about = (
        f"All answers of the graph of {evidence.stage}, to the golden calls and the test split. The histogram counts every value, with a thin line for the "
        "other graph where it differs; the others draw a sample with the worst ones in it."
    )
    names = [tensor.name for tensor in contract.outputs if tensor.name not in evidence.outputs]
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    others = f" Not drawn: {listed}." if names else ""
    more = drawn[OPEN:]
    folded = [tag("details", tag("summary", f"{len(more)} more"), *more)] if more else []
    return section("answers", "Errors", tag("p", about + others), *drawn[:OPEN], *folded)


def _figure(name: str, output: OutputEvidence, stage: str) -> Markup:
    charts = [
        _panel("How large", draw_histogram(output.histograms, stage, name)),
        _panel("Got against expected", draw_scatter(output, name)),
        _panel("Error against its limit", draw_errors(output, name)),
    ]
    values = sum((*output.histograms[stage].counts, output.histograms[stage].equal))
    caption = tag("h3", tag("code", name), tag("small", f"{values:,} values, {number(len(output.used))} drawn"))
    return tag("div", caption, tag("div", *charts, class_="charts"), class_="answer")


def _panel(title: str, chart: Markup) -> Markup:
    return tag("figure", tag("figcaption", title), chart)
