import pytest
import torch
from torch import nn
from torch.nn import functional

from pipeline.network import threads
from pipeline.network.threads import LARGE_CALL, count_multiply_adds, set_threads

ROWS, TIME = 6, 5


def encoder() -> nn.Module:
    """With frozen weights and in evaluation mode, torch runs it as one operator."""
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval().requires_grad_(False)


def attention(x: torch.Tensor) -> torch.Tensor:
    heads = x.unflatten(-1, (2, 4)).transpose(1, 2)
    return functional.scaled_dot_product_attention(heads, heads, heads)


SERIES = (ROWS, TIME, 8)
KINDS = {
    "linear": (nn.Linear(8, 3), SERIES, ROWS * TIME * 8 * 3),
    "matmul": (lambda x: x @ x.mT, SERIES, ROWS * TIME * TIME * 8),
    "einsum": (lambda x: torch.einsum("bij,bkj->bik", x, x), SERIES, ROWS * TIME * TIME * 8),
    "conv1d": (nn.Conv1d(8, 4, 3), (ROWS, 8, TIME), ROWS * (TIME - 2) * 8 * 4 * 3),
    "conv2d": (nn.Conv2d(8, 4, 3), (ROWS, 8, 7, 7), ROWS * 5 * 5 * 8 * 4 * 9),
    "gru": (nn.GRU(8, 4, batch_first=True), SERIES, ROWS * TIME * 3 * 4 * (8 + 4)),
    "lstm": (nn.LSTM(8, 4, batch_first=True), SERIES, ROWS * TIME * 4 * 4 * (8 + 4)),
    "lstm both ways, twice": (
        nn.LSTM(8, 4, num_layers=2, bidirectional=True, batch_first=True),
        SERIES,
        2 * 2 * ROWS * TIME * 4 * 4 * (8 + 4),
    ),
    "attention": (attention, SERIES, 2 * ROWS * TIME * TIME * 8),
    "encoder": (encoder(), SERIES, ROWS * TIME * (4 * 8 * 8 + 2 * TIME * 8 + 2 * 8 * 16)),
    "script": (torch.jit.script(nn.Linear(8, 3)), SERIES, ROWS * TIME * 8 * 3),
    "relu": (torch.relu, SERIES, 0),
}


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("kind", KINDS)
def test_multiply_adds(kind, mode):
    network, shape, expected = KINDS[kind]

    def call():
        with mode():
            network(torch.zeros(shape))

    assert count_multiply_adds(call) == expected


def test_multiply_adds_of_looking_up():
    assert count_multiply_adds(lambda: nn.Embedding(10, 4)(torch.zeros(3, dtype=torch.int64))) == 0


def test_control_flow_that_torch_compiles_counts_nothing_and_works_afterwards():
    def call() -> torch.Tensor:
        with torch.inference_mode():
            x = torch.ones(2, 4)
            return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: -x, (x,)) @ torch.ones(4, 3)

    call()
    assert count_multiply_adds(call) == 0
    assert call().sum() == 48


def test_counting_leaves_the_random_state():
    before = torch.get_rng_state()
    count_multiply_adds(lambda: functional.dropout(torch.ones(8)))
    assert torch.equal(torch.get_rng_state(), before)


def test_counting_leaves_the_fast_path_when_the_call_fails():
    with pytest.raises(ZeroDivisionError):
        count_multiply_adds(lambda: 1 / 0)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(threads, "AVAILABLE", 4)
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("multiply_adds", "setting", "says"),
    [
        (LARGE_CALL - 1, "auto", "1 thread: 999,999,999 multiply-adds a call, below 1,000,000,000"),
        (LARGE_CALL, "auto", "4 threads: 1,000,000,000 multiply-adds a call, not below 1,000,000,000"),
        (0, 3, "3 threads: as train.threads says"),
        (LARGE_CALL, 1, "1 thread: as train.threads says"),
    ],
    ids=["small", "large", "more than auto", "fewer than auto"],
)
def test_threads_that_are_taken(multiply_adds, setting, says, four_cores):
    assert set_threads(multiply_adds, setting) == says
    assert torch.get_num_threads() == int(says.partition(" ")[0])


UNCOUNTED = {
    "control flow": lambda: torch.cond(torch.tensor(True), lambda x: x @ x, lambda x: x, (torch.zeros(3, 3),)),
    "nested tensors": lambda: nn.Linear(4, 4)(
        torch.nested.nested_tensor([torch.zeros(2, 4), torch.zeros(3, 4)], layout=torch.jagged)
    ),
    "sparse tensors": lambda: torch.sparse.mm(torch.eye(3).to_sparse(), torch.zeros(3, 2)),
}


@pytest.mark.parametrize("kind", UNCOUNTED)
def test_what_cannot_be_counted_runs_all_the_same(kind):
    assert count_multiply_adds(UNCOUNTED[kind]) == 0
