"""The section of the package's README on the model as a web service, with a golden call as an example of a request."""

import base64
import json
from collections.abc import Sequence

import numpy as np

from pipeline.core.arrays import Array, Arrays
from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.client.members import View

# More values of a tensor are shortened: a request that is cut is none to send, but shows its form.
MOST_VALUES, SHOWN_VALUES = 64, 3
LONGEST_TEXT = 200


def describe_service(contract: Contract, identity: Identity, calls: Sequence[GoldenCall] = ()) -> list[str]:
    """Lines of Markdown.

    Args:
        contract: What the client is for.
        identity: Names and versions of the package.
        calls: Golden calls that travel, of which the smallest is the example; none for no example.
    """
    name = identity.class_name
    path = name.lower()
    health = [f"builder.Services.AddHealthChecks().Add{name}SelfTest();"] if identity.golden != "none" else []
    return [
        "## In a service",
        "",
        "```csharp",
        f'builder.Services.Add{name}(builder.Configuration.GetSection("{name}"));',
        *health,
        f'app.Map{name}("/{path}");',
        "```",
        "",
        *_describe_request(contract, derive_layout(contract, name), path, calls),
        *_describe_forms(contract, name),
        f"`Add{name}` registers `{name}` and `I{name}` as one singleton and a health check tagged `ready`; options are checked, and the model is loaded and run once, before",
        f"the first request. `AddKeyed{name}` registers several. A full queue is `{name}QueueFullException`, a model that fails `{name}Exception`; for endpoints of your own",
        f"`Add{name}ExceptionHandler` answers both with problem details.",
        "",
    ]


def _describe_forms(contract: Contract, name: str) -> list[str]:
    batched = derive_layout(contract, name).batched
    many = (
        'Several rows are `{"rows": [{…}, {…}]}`, files of any length a row on each line (`application/x-ndjson`). '
        if batched
        else ""
    )
    return [
        f"{many}What is wrong with a request is answered with problem details (RFC 9457) that name",
        "the field and what was expected. `AddOpenApi()` describes the endpoint; authorization, rate limits and CORS are added to it as to any other.",
        f"`app.Map{name}OpenInference()` answers clients of the Open Inference Protocol (Triton, KServe).",
        "",
    ]


def _describe_request(contract: Contract, layout: Layout, path: str, calls: Sequence[GoldenCall]) -> list[str]:
    if not calls:
        return []
    call = min(calls, key=lambda call: (not call.texts, call.purpose not in ("rows", "texts"), _count_values(call)))
    # The shell takes everything between apostrophes as it is, but an apostrophe.
    request = encode_request(contract, layout, call).replace("'", "'\\''")
    lines = ["```sh", f"curl http://localhost:5000/{path} --json '{request}'", "```", ""]
    if any(len(view.axes) > 1 for view in layout.outputs):
        return lines
    return [*lines, "```json", encode_answer(layout, call), "```", ""]


def _count_values(call: GoldenCall) -> int:
    return sum(array.size for array in call.inputs.values())


def encode_request(contract: Contract, layout: Layout, call: GoldenCall) -> str:
    """JSON of the first row of a golden call, as the endpoint takes it: a text, or the tokens where the call has no texts."""
    if contract.tokenizer and call.texts:
        return f'{{"text": {_encode_text(call.texts[0])}}}'
    return _encode_object(layout.inputs, call.inputs, layout)


def encode_answer(layout: Layout, call: GoldenCall) -> str:
    """JSON of PyTorch's answer to that row, as the endpoint gives it but for its digits."""
    return _encode_object(layout.outputs, call.outputs, layout, digits=4)


def _encode_object(views: Sequence[View], arrays: Arrays, layout: Layout, digits: int | None = None) -> str:
    members = []
    for view in views:
        row = arrays[view.name][0] if layout.batched else arrays[view.name]
        members.append(f'"{view.name}": {_encode_row(view, row, digits)}')
    return "{" + ", ".join(members) + "}"


def _encode_row(view: View, row: Array, digits: int | None) -> str:
    values = np.asarray(row)
    if view.names_classes:
        return json.dumps(view.labels[int(values)], ensure_ascii=False)
    if values.dtype == np.uint8 and values.ndim > 0 and len(view.axes) < 2:
        encoded = base64.b64encode(values.tobytes()).decode()
        return json.dumps(
            encoded if values.size <= MOST_VALUES else encoded[: 4 * SHOWN_VALUES] + "…", ensure_ascii=False
        )
    if len(view.axes) > 1:
        return _encode_nested(values, digits)
    texts = [_encode_value(value, digits) for value in values.reshape(-1)[: MOST_VALUES + 1]]
    if values.ndim == 0:
        return texts[0]
    shown = texts if values.size <= MOST_VALUES else [*texts[:SHOWN_VALUES], "…"]
    return "[" + ", ".join(shown) + "]"


def _encode_nested(values: Array, digits: int | None) -> str:
    """Arrays in arrays, which say the sizes that do not follow from the number of values; long ones are shortened."""
    if values.ndim == 0:
        return _encode_value(values[()], digits)
    shown = values if len(values) <= SHOWN_VALUES + 1 else values[:SHOWN_VALUES]
    parts = [_encode_nested(part, digits) for part in shown]
    return "[" + ", ".join([*parts, *(["…"] if len(shown) < len(values) else [])]) + "]"


def _encode_value(value: object, digits: int | None) -> str:
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, np.bool_ | np.integer):
        return json.dumps(value.item())
    if not isinstance(value, np.floating) or not np.isfinite(value):
        return "null"
    if digits:
        return f"{value:.{digits}g}"
    positional = value == 0 or 1e-5 < abs(float(value)) < 1e15
    return (np.format_float_positional if positional else np.format_float_scientific)(value, trim="-")


def _encode_text(text: str) -> str:
    return json.dumps(text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…", ensure_ascii=False)
