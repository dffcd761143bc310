"""The worst rows, as what they are: what went in beside what PyTorch and the graph answered."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.core.answer_evidence import AnswerView, Scalar, ValueView, WorstRow
from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.charts import draw_series
from pipeline.parity.page.markup import Markup, number, of_allowed, safe, scalar, section, share, tag

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
        "beyond the limit" if beyond and not any(value > 1 for value in used) else of_allowed(max(used, default=0.0))
    )
    specs = {tensor.name: tensor for tensor in contract.outputs}
    head = tag("h3", tag("span", f"{row.case}, row {row.row}"), tag("small", words))
    pictures = [picture for answer in row.answers for picture in _pictures(answer)]
    went_in = tag("div", *_inputs(row.inputs), *pictures, class_="inputs")
    return tag("article", head, went_in, _answers(row.answers, specs), class_="card bad" if beyond else "card")


def _inputs(inputs: Sequence[ValueView]) -> Iterator[Markup]:
    """Pictures, texts and lines each by themselves; single values together, as name and value."""
    pairs: list[Markup] = []
    for view in inputs:
        if view.kind == "values" or (view.kind == "text" and len(view.texts) == 1 and len(view.texts[0]) <= 24):
            values = ", ".join(view.texts or map(scalar, view.values))
            count = count_values(view.shape)
            more = f" … ({count:,})" if count > len(view.values or view.texts) else ""
            wide = "wide" if len(values + more) > 16 else None
            pairs.append(tag("div", tag("dt", view.name), tag("dd", values + more), class_=wide))
            continue
        if view.kind == "picture":
            label = (
                f"{view.name}, {'×'.join(map(str, view.shape))}; black is {number(view.low)}, white {number(view.high)}"
            )
            drawn = Markup(f'<img src="data:image/png;base64,{safe(view.png)}" alt="{safe(label)}">')
            yield tag(
                "figure", drawn, tag("figcaption", f"{view.name} {'×'.join(map(str, view.shape))}"), class_="picture"
            )
        elif view.kind == "text":
            yield tag(
                "figure", *(tag("blockquote", text or "(empty)") for text in view.texts), tag("figcaption", view.name)
            )
        else:
            values_drawn = [as_height(value) for value in view.values]
            yield tag(
                "figure",
                draw_series(values_drawn, view.name),
                tag("figcaption", f"{view.name} [{count_values(view.shape):,}]"),
            )
    if pairs:
        yield tag("dl", *pairs, class_="pairs")


def _answers(answers: Sequence[AnswerView], specs: Mapping[str, TensorSpec]) -> Markup:
    """One table: an output of one value is a line, any other a heading and the values that say most."""
    head = tag("tr", *(tag("th", text, scope="col") for text in ("", "expected", "got", "difference")))
    groups = []
    for answer in answers:
        labels = specs[answer.output].labels if answer.output in specs else []
        if answer.size == 1:
            groups.append(tag("tbody", _line(answer, 0, labels, tag("code", answer.output))))
            continue
        note = share(answer.used) if answer.used is not None and answer.differs else _note(answer)
        name = tag(
            "tr", tag("th", tag("code", answer.output), colspan="3", scope="rowgroup"), tag("td", note), class_="group"
        )
        lines = [_line(answer, place, labels, name_place(answer, place, labels)) for place in choose_places(answer)]
        groups.append(tag("tbody", name, *lines))
    return tag("div", tag("table", tag("thead", head), *groups), class_="answers")


def _pictures(answer: AnswerView) -> Iterator[Markup]:
    for side, png in zip(("expected", "got"), answer.pictures, strict=False):
        drawn = Markup(f'<img src="data:image/png;base64,{safe(png)}" alt="{safe(answer.output)}, {side}">')
        yield tag("figure", drawn, tag("figcaption", f"{answer.output}, {side}"), class_="picture")


def _note(answer: AnswerView) -> str:
    return "differs" if answer.differs else "equal"


def choose_places(answer: AnswerView) -> list[int]:
    """The places that are shown: the largest answers, and the largest difference among them; in their order."""
    places = range(len(answer.expected))
    if len(answer.expected) <= SHOWN:
        return list(places)
    size = {place: _magnitude(answer.expected[place], answer.got[place]) for place in places}
    apart = {place: subtract(answer.expected[place], answer.got[place]) or 0.0 for place in places}
    worst = max(places, key=lambda place: apart[place])
    largest = [place for place in sorted(places, key=lambda place: -size[place]) if place != worst]
    return sorted([worst, *largest[: SHOWN - 1]])


def name_place(answer: AnswerView, place: int, labels: Sequence[str]) -> str:
    """Which value of the answer it is: its class, or where it stands."""
    index = answer.places[place]
    if len(index) == 1 and answer.size == len(labels):
        return labels[index[0]]
    return f"[{', '.join(map(str, index))}]"


def _line(answer: AnswerView, place: int, labels: Sequence[str], where: str) -> Markup:
    expected, got = answer.expected[place], answer.got[place]
    apart = subtract(expected, got)
    difference = "=" if expected == got else "≠" if apart is None else number(apart)
    beyond = expected != got and (answer.used is None or answer.used > 1)
    cells = [
        tag("th", where, scope="row"),
        *(
            tag("td", name_value(value, labels), class_="long" if isinstance(value, str) else None)
            for value in (expected, got)
        ),
        tag("td", difference),
    ]
    return tag("tr", *cells, class_="unlike" if beyond else None)


def name_value(value: Scalar, labels: Sequence[str]) -> str:
    """A value; a class number by its label."""
    return labels[value] if isinstance(value, int) and 0 <= value < len(labels) else scalar(value)


def _magnitude(*values: Scalar) -> float:
    return max(abs(value) if isinstance(value, int | float) else float("inf") for value in values)


def as_height(value: Scalar) -> float | None:
    """Where a value of a series stands; None where it is no number."""
    return value if isinstance(value, int | float) else {"true": 1.0, "false": 0.0}.get(value)


def subtract(expected: Scalar, got: Scalar) -> float | None:
    """Got less expected, without a sign; None where one of both is no number."""
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return abs(got - expected)
    return None


def count_values(shape: Sequence[int]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size
