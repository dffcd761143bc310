"""Golden rows as a service takes and answers them in JSON, and a service to post them to."""

import base64
import http.client
import json
import math
import subprocess
from types import TracebackType
from typing import Any, Self

import numpy as np

from pipeline.core.arrays import Array, Arrays
from pipeline.core.contract import Contract


class WebProgram:
    """A program that prints its address, and serves until its standard input ends."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        printed = self._process.stdout.readline().strip()
        assert printed.startswith("http://"), printed
        self.address = printed.removeprefix("http://")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """The answer, which must not be an error."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", f"/{path}", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        assert response.status == 200, answer
        return dict(json.loads(answer))


def give(contract: Contract, inputs: Arrays, nested: bool) -> list[dict[str, Any]]:
    """The rows of a call: arrays nested by their shape, or flat with the sizes of their axes beside them."""
    rows = []
    for row in _split(contract, inputs):
        values = {name: np.asarray(array).tolist() if nested else _flatten(array) for name, array in row.items()}
        sizes = {
            size: row[tensor.name].shape[place]
            for tensor in contract.inputs
            for place, size in enumerate(tensor.shape[1 if contract.batched else 0 :])
            if isinstance(size, str) and size not in values
        }
        rows.append(values if nested else {**values, **sizes})
    return rows


def expect(contract: Contract, outputs: Arrays) -> list[dict[str, Any]]:
    """The answers for the rows of a call: flat arrays, bytes as base64, sizes only where no length tells them."""
    rows = []
    for row in _split(contract, outputs):
        answer = {name: _answer(array) for name, array in row.items()}
        if contract.name == "image":
            answer["height"], answer["width"] = row["grey"].shape
        rows.append(answer)
    return rows


def _split(contract: Contract, arrays: Arrays) -> list[Arrays]:
    if not contract.batched:
        return [arrays]
    rows = len(next(iter(arrays.values())))
    return [{name: array[row] for name, array in arrays.items()} for row in range(rows)]


def _answer(array: Array) -> Any:
    array = np.asarray(array)
    if array.dtype == np.uint8 and array.ndim:
        return base64.b64encode(array.tobytes()).decode()
    values = [_shorten(value) for value in array.flatten()]
    return values if array.ndim else values[0]


def _shorten(value: Any) -> Any:
    """A value as its type's shortest text reads; None for what is not finite."""
    if isinstance(value, np.floating):
        return float(str(value)) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def _flatten(array: Array) -> Any:
    array = np.asarray(array)
    return array.flatten().tolist() if array.ndim else array.item()
