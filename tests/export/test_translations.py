"""Each translation of the project's own against torch, at several sizes, with ties, NaN, and infinities where they matter."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pipeline.export.adapter import Adapter
from pipeline.export.exporters import ExportRequest, export
from pipeline.graph.session import answer, open_session

RNG = np.random.default_rng(3)


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def ties(*shape, dtype=np.float32):
    return RNG.integers(-3, 3, shape).astype(dtype)


def extremes(*shape):
    array = ties(*shape)
    array.flat[:: max(1, array.size // 5)] = np.inf
    array.flat[1 :: max(1, array.size // 4)] = -np.inf
    return array


def with_nan(*shape):
    array = ties(*shape)
    array.flat[::5] = np.nan
    return array


BORDERS = torch.tensor([-2.0, -1.0, 0.0, 0.0, 1.5])


def scatter(reduce, include_self):
    def forward(x):
        index = (x.abs() * 7).long() % 3
        return x[:, :3].scatter_reduce(1, index, x, reduce, include_self=include_self)

    return forward


def scatter_integers(x):
    index = x.abs() % 2
    return x[:, :3].scatter_reduce(1, index, x, "mean", include_self=False)


def search_rows(x):
    return torch.searchsorted(x.sort(1).values, x + 0.0), torch.searchsorted(x.sort(1).values, x, side="right")


CASES = {
    "sort": (lambda x: tuple(torch.sort(x, stable=True, dim=1)), ties),
    "sort downwards": (lambda x: tuple(torch.sort(x, stable=True, dim=1, descending=True)), ties),
    "sort halves": (lambda x: tuple(torch.sort(x, stable=True, dim=1)), lambda *s: ties(*s, dtype=np.float16)),
    "sort bytes": (lambda x: tuple(torch.sort(x, stable=True, dim=1)), lambda *s: np.abs(ties(*s)).astype(np.uint8)),
    "argsort": (lambda x: torch.argsort(x, dim=1, stable=True), ties),
    **{
        f"scatter {reduce} {include_self}": (scatter(reduce, include_self), floats)
        for reduce in ("sum", "mean", "amax", "amin", "prod")
        for include_self in (True, False)
    },
    "scatter infinities": (
        lambda x: x[:, :3].scatter_reduce(1, torch.zeros_like(x).long(), x.abs(), "amin", include_self=False),
        extremes,
    ),
    "scatter integers": (scatter_integers, lambda *s: ties(*s, dtype=np.int64)),
    "bucketize": (lambda x: torch.bucketize(x, BORDERS), ties),
    "bucketize right": (lambda x: torch.bucketize(x, BORDERS, right=True, out_int32=True), ties),
    "bucketize nan": (lambda x: torch.bucketize(x, BORDERS), with_nan),
    "bucketize integers": (lambda x: torch.bucketize(x, BORDERS), lambda *s: ties(*s, dtype=np.int64)),
    "search in rows": (search_rows, ties),
    "search by a sorter": (lambda x: torch.searchsorted(x, x, sorter=x.argsort(1)), ties),
    "products": (lambda x: x.cumprod(1), floats),
    "products of booleans": (lambda x: (x > 0).cumprod(1), floats),
    "products of integers": (lambda x: x.cumprod(-1), lambda *s: ties(*s, dtype=np.int64)),
    "products in another type": (lambda x: x.cumprod(1, dtype=torch.float64), floats),
    "products of an axis within": (lambda x: x[:, :, None].expand(-1, -1, 2).cumprod(1), floats),
    "cummax": (lambda x: tuple(x.cummax(1)), ties),
    "cummin": (lambda x: tuple(x.cummin(1)), ties),
    "cummax infinities": (lambda x: tuple(x.cummax(1)), extremes),
    "cummin of an axis within": (lambda x: tuple(x[:, :, None].expand(-1, -1, 2).cummin(1)), ties),
    "cummax bytes": (lambda x: tuple(x.cummax(1)), lambda *s: np.abs(ties(*s)).astype(np.uint8)),
    "shifted bytes": (
        lambda x: (x >> 1, x << 2, x >> x.clamp(max=7)),
        lambda *s: RNG.integers(0, 256, s, dtype=np.uint8),
    ),
    "shifted integers": (lambda x: (x >> 1, x << 2), lambda *s: ties(*s, dtype=np.int64)),
    "average 1": (lambda x: functional.adaptive_avg_pool1d(x[:, None], 3), floats),
    "max 1": (lambda x: functional.adaptive_max_pool1d(x[:, None], 3), floats),
}


def run_both(forward, arrays, axes):
    """The graph's answers and the network's, at each of `arrays`; the first is the example."""
    network = type("Net", (nn.Module,), {"forward": staticmethod(forward)})()
    adapter = Adapter(network, ["x"], {"x": 0}, []).eval()
    outputs = {name: list(array.shape) for name, array in adapter.answer({"x": arrays[0]}).items()}
    for shape in outputs.values():
        shape[0] = "batch"
    return adapter, outputs


@pytest.fixture
def check(tmp_path):
    def check(forward, arrays, axes):
        adapter, outputs = run_both(forward, arrays, axes)
        request = ExportRequest({"x": arrays[0]}, outputs, {"x": axes}, 20, tmp_path)
        session = open_session(export("dynamo", adapter, request).model.SerializeToString())
        for array in arrays:
            expected, got = adapter.answer({"x": array}), answer(session, {"x": array})
            for name, values in expected.items():
                assert got[name].dtype == values.dtype
                np.testing.assert_allclose(got[name], values, rtol=1e-5, atol=1e-6)

    return check


@pytest.mark.parametrize("name", CASES)
def test_translated(name, check):
    forward, draw = CASES[name]
    check(forward, [draw(4, size) for size in (6, 3, 11)], {0: "batch", 1: "size"})


PICTURES = {
    "average": lambda x: torch.cat([functional.adaptive_avg_pool2d(x, size).flatten(1) for size in (1, 2, 3, 5)], 1),
    "average of one axis": lambda x: functional.adaptive_avg_pool2d(x, (None, 3)),
    "max": lambda x: torch.cat([functional.adaptive_max_pool2d(x, size).flatten(1) for size in (1, 2, (3, 4))], 1),
    "places": lambda x: functional.adaptive_max_pool2d(x, (3, 2), return_indices=True),
    "average of volumes": lambda x: functional.adaptive_avg_pool3d(x[:, None], (1, 2, 3)),
    "places in volumes": lambda x: functional.adaptive_max_pool3d(x[:, None], (1, 2, 3), return_indices=True),
}


@pytest.mark.parametrize("name", PICTURES)
def test_adaptive_pooling_of_any_size(name, check):
    sizes = [(12, 12), (10, 14), (7, 5), (3, 4)]
    check(PICTURES[name], [floats(2, 2, *size) for size in sizes], {0: "batch", 2: "height", 3: "width"})


def test_windows_of_one_size_are_an_ordinary_pool(tmp_path):
    adapter, outputs = run_both(lambda x: functional.adaptive_avg_pool2d(x, 2), [floats(2, 2, 6, 4)], {})
    model = export(
        "dynamo", adapter, ExportRequest({"x": floats(2, 2, 6, 4)}, outputs, {"x": {0: "batch"}}, 20, tmp_path)
    ).model
    assert [node.op_type for node in model.graph.node] == ["AveragePool"]
