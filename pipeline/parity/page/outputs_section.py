"""By output: how large its answers are, what may differ, how much of that is used, and what weakens the proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.parity.page.markup import Markup, bar, join, mark, number, row, section, share, table, tag

_WORDS = {"bad": "failed", "none": "not judged", "ok": "passed"}


@dataclass(frozen=True)
class _Output:
    """One output, or what stands for one where none could be compared, and its comparisons in Python and in .NET."""

    name: str
    spec: TensorSpec | None
    compared: Sequence[Comparison]

    @property
    def failed(self) -> list[Comparison]:
        return [entry for entry in self.compared if not entry.passed]

    @property
    def worst(self) -> Comparison | None:
        """The one that comes closest to its limit, of those that have one and are judged."""
        measured = [entry for entry in self.compared if entry.used is not None and not entry.exempt]
        return max(measured, key=lambda entry: entry.used or 0.0, default=None)

    def used(self, *, in_dotnet: bool) -> float | None:
        shares = [one.used for one in self.compared if one.used is not None and (one.stage == "dotnet") == in_dotnet]
        return max(shares, default=None)


def render_outputs(parity: ParityReport, contract: Contract, dotnet: DotnetReport | None) -> Markup:
    """A row an output, failed ones first; and what failed before any output could be compared."""
    compared = [*parity.comparisons, *(dotnet.comparisons if dotnet else [])]
    specs = {tensor.name: tensor for tensor in contract.outputs}
    names = dict.fromkeys([*specs, *(entry.output for entry in compared)])
    outputs = [_Output(name, specs.get(name), [one for one in compared if one.output == name]) for name in names]
    outputs.sort(key=lambda output: not output.failed)
    caught = parity.power.outputs if parity.power else {}
    heads = ["output", "scale", "allowed", "largest difference", "used", *(["mutants caught"] if caught else [])]
    rows = []
    for output in outputs:
        last = [caught.get(output.name, "–")] if caught else []
        cells = [_label(output, parity), *_numbers(output, contract), *last]
        rows.append(row(*cells, heads=heads, class_="failed" if output.failed else None))
        if output.failed:
            rows[-1] = join([rows[-1], _problem(output, len(heads))])
    return section("outputs", "By output", *_remarks(parity), table(heads, rows, "Outputs, and the tolerance of each"))


def _label(output: _Output, parity: ParityReport) -> Markup:
    exempt = output.name in parity.exempt
    kind = "bad" if output.failed else "none" if exempt or not output.compared else "ok"
    form = f"{output.spec.dtype} [{', '.join(map(str, output.spec.shape))}]" if output.spec else ""
    remarks = [form, "not judged" if exempt else "", "hardly varies" if output.name in parity.unvarying else ""]
    name = tag("span", mark(kind, _WORDS[kind]), tag("code", output.name), class_="name")
    return tag("th", name, tag("small", " · ".join(filter(None, remarks))), scope="row")


def _numbers(output: _Output, contract: Contract) -> list[object]:
    largest = max((entry.max_abs for entry in output.compared if entry.max_abs is not None), default=None)
    worst = output.worst
    if worst is None:
        allowed = "must be equal" if output.spec and output.compared else "–"
        return ["–", allowed, number(largest), "–"]
    scale, used = contract.scales.get(output.name), output.used(in_dotnet=True)
    in_dotnet = "" if used is None else f"in .NET {share(used)}"
    margin = f"margin {number(1 / worst.used)} times" if worst.used and worst.used <= 1 else ""
    return [
        number(scale.scale if scale else worst.scale),
        join([number(worst.tolerance), tag("small", f"rtol {number(worst.rtol)}")]),
        number(largest),
        join([bar(output.used(in_dotnet=False)), *(tag("small", note) for note in (margin, in_dotnet) if note)]),
    ]


def _problem(output: _Output, columns: int) -> Markup:
    worst = max(output.failed, key=lambda entry: (entry.max_abs is None, entry.used or 0.0))
    count = len(output.failed)
    where = f"{worst.stage}, call {worst.case}: {worst.problem}"
    more = f" (and {count - 1} more)" if count > 1 else ""
    return tag("tr", tag("td", where + more, colspan=str(columns)), class_="problem")


def _remarks(parity: ParityReport) -> Iterator[Markup]:
    """What weakens the proof: outputs that are not judged, and those that hardly vary."""
    words: Mapping[str, str] = {output: f": {reason} (parity.exempt)" for output, reason in parity.exempt.items()}
    for output, reason in words.items():
        yield tag("p", tag("strong", "Not judged: "), tag("code", output), reason, class_="remark")
    for output in parity.unvarying:
        why = " is the same for nearly all rows, so that comparing it proves little; it is compared at a tenth of what is allowed."
        yield tag("p", tag("strong", "Hardly varies: "), tag("code", output), why, class_="remark")
