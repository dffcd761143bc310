"""The worst rows, as what they are: what went in beside what PyTorch and the graph answered."""

from collections.abc import Iterator, Sequence

from pipeline.core.answer_evidence import AnswerView, Scalar, ValueView, WorstRow
from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.charts import draw_series
from pipeline.parity.page.markup import Markup, join, number, scalar, section, share, tag

# Values of one answer that a card shows.
SHOWN = 4


def render_rows(parity: ParityReport, contract: Contract) -> Markup | None:
    """A card for each row; None where there are none."""
    evidence = parity.evidence
    if evidence is None or not evidence.rows:
        return None
    cards = [_card(row, contract) for row in evidence.rows]
    differ = any(answer.differs for row in evidence.rows for answer in row.answers)
    about = (
        f"The rows whose answers came closest to their limit, or went beyond it, in the graph of {evidence.stage}: each once, the worst first."
        if differ
        else "No answer of any row differs; these are the first."
    )
    return section("rows", "Worst rows", tag("p", about), tag("div", *cards, class_="cards"))


def _card(row: WorstRow, contract: Contract) -> Markup:
    used = [answer.used for answer in row.answers if answer.used is not None]
    beyond = any(value > 1 for value in used) or any(answer.used is None and answer.differs for answer in row.answers)
    words = (
        "beyond the limit"
        if beyond and not any(value > 1 for value in used)
        else f"{share(max(used, default=0.0))} of what is allowed"
    )
    specs = {tensor.name: tensor for tensor in contract.outputs}
    head = tag("h3", tag("span", f"{row.case}, row {row.row}"), tag("small", words))
    went_in = tag("div", *_inputs(row.inputs), class_="inputs")
    answers = (_answer(answer, specs.get(answer.output)) for answer in row.answers)
    return tag("article", head, went_in, *answers, class_="card bad" if beyond else "card")


def _inputs(inputs: Sequence[ValueView]) -> Iterator[Markup]:
    """Pictures, texts and lines each by themselves; single values together, as name and value."""
    pairs: list[Markup] = []
    for view in inputs:
        if view.kind == "values" or (view.kind == "text" and len(view.texts) == 1 and len(view.texts[0]) <= 24):
            values = ", ".join(map(scalar, view.values or view.texts))
            count = _size(view.shape)
            more = f" … ({count:,})" if count > len(view.values or view.texts) else ""
            pairs.append(tag("div", tag("dt", view.name), tag("dd", values + more)))
            continue
        if view.kind == "picture":
            label = (
                f"{view.name}, {'×'.join(map(str, view.shape))}; black is {number(view.low)}, white {number(view.high)}"
            )
            drawn = Markup(f'<img src="data:image/png;base64,{view.png}" alt="{tag("i", label)[3:-4]}">')
            yield tag(
                "figure", drawn, tag("figcaption", f"{view.name} {'×'.join(map(str, view.shape))}"), class_="picture"
            )
        elif view.kind == "text":
            yield tag(
                "figure", *(tag("blockquote", text or "(empty)") for text in view.texts), tag("figcaption", view.name)
            )
        else:
            values_drawn = [
                value if isinstance(value, int | float) else {"true": 1.0, "false": 0.0}.get(value)
                for value in view.values
            ]
            yield tag(
                "figure",
                draw_series(values_drawn, view.name),
                tag("figcaption", f"{view.name} [{_size(view.shape):,}]"),
            )
    if pairs:
        yield tag("dl", *pairs, class_="pairs")


def _answer(answer: AnswerView, spec: TensorSpec | None) -> Markup:
    labels = spec.labels if spec else []
    name = tag("h4", tag("code", answer.output), tag("small", _note(answer)))
    pictures = [
        tag(
            "figure",
            Markup(f'<img src="data:image/png;base64,{png}" alt="{side}">'),
            tag("figcaption", side),
            class_="picture",
        )
        for side, png in zip(("expected", "got"), answer.pictures, strict=False)
    ]
    head = tag("tr", *(tag("th", text, scope="col") for text in ("", "expected", "got", "difference")))
    chosen = _choose(answer)
    rows = [_line(answer, place, labels) for place in chosen]
    content = tag("table", tag("thead", head), tag("tbody", *rows))
    return tag("div", name, tag("div", *pictures, class_="inputs") if pictures else "", content, class_="answered")


def _note(answer: AnswerView) -> str:
    if answer.used is None:
        return "differs" if answer.differs else "equal"
    return f"{share(answer.used)} of what is allowed" if answer.differs else "equal"


def _choose(answer: AnswerView) -> list[int]:
    """The places that are shown: the largest answers, and the largest difference among them; in their order."""
    places = range(len(answer.expected))
    if len(answer.expected) <= SHOWN:
        return list(places)
    size = {place: _magnitude(answer.expected[place], answer.got[place]) for place in places}
    apart = {place: _difference(answer.expected[place], answer.got[place]) or 0.0 for place in places}
    worst = max(places, key=lambda place: apart[place])
    largest = [place for place in sorted(places, key=lambda place: -size[place]) if place != worst]
    return sorted([worst, *largest[: SHOWN - 1]])


def _line(answer: AnswerView, place: int, labels: Sequence[str]) -> Markup:
    index = answer.places[place]
    expected, got = answer.expected[place], answer.got[place]
    where = ""
    if index and answer.size > 1:
        last = index[-1]
        where = (
            labels[last]
            if labels and len(index) == 1 and answer.size == len(labels)
            else f"[{', '.join(map(str, index))}]"
        )
    apart = _difference(expected, got)
    difference = "=" if expected == got else "≠" if apart is None else number(apart)
    cells = [
        tag("th", where, scope="row"),
        *(tag("td", _name(value, labels)) for value in (expected, got)),
        tag("td", difference),
    ]
    return tag(
        "tr", *cells, class_=None if expected == got else "unlike" if answer.used is None or answer.used > 1 else None
    )


def _name(value: Scalar, labels: Sequence[str]) -> Markup:
    """A value; a class number with its label, where that says more."""
    if isinstance(value, int) and 0 <= value < len(labels) and labels[value] != str(value):
        return join([labels[value], tag("small", f" ({value})")])
    return join([scalar(value)])


def _magnitude(*values: Scalar) -> float:
    return max(abs(value) if isinstance(value, int | float) else float("inf") for value in values)


def _difference(expected: Scalar, got: Scalar) -> float | None:
    """Got less expected, without a sign; None where one of both is no number."""
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return abs(got - expected)
    return None


def _size(shape: Sequence[int]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size
