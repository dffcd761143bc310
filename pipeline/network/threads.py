"""How many threads torch computes with: decided by how much there is to compute, never by a clock. Imports torch.

The threads of an operation wait for each other by spinning. Where the cores are shared with other processes, a network
whose operations are short then takes several times as long on two threads as on one; where they are not, it gains a few
seconds. So a small network gets one thread, which also gives the same bits on every machine; a large one gets them all.
`python benchmarks/threads.py` measures what the limit was chosen from.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from pipeline.core.errors import PipelineError

# What torch takes of itself: the cores that this process may use, or OMP_NUM_THREADS.
AVAILABLE = torch.get_num_threads()
# Multiply-adds of one forward call from which on a network gets all of them.
LARGE_CALL = 10**9


def _recurrent_flops(series: Tensor, input_weight: Tensor, state_weight: Tensor, *_: Any, **__: Any) -> int:
    """Of one layer in one direction, at every step of series [time, batch, size]."""
    return 2 * series.shape[0] * series.shape[1] * (input_weight.numel() + state_weight.numel())


_FORMULAS: dict[Any, Callable[..., int]] = {
    **flop_registry,
    # What torch computes on a processor with one operator that its own table leaves out: an LSTM, attention.
    torch.ops.aten.mkldnn_rnn_layer: _recurrent_flops,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[
        torch.ops.aten._scaled_dot_product_flash_attention
    ],
}


class _FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the floating-point operations of what runs within it; torch's own FlopCounterMode takes 1.2 s to start."""

    flops: int = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        # Tensors with rules of their own, such as nested ones, and control flow, such as torch.cond, are not counted.
        if types or not isinstance(func, OpOverload):
            return func(*args, **kwargs)
        formula = _FORMULAS.get(func.overloadpacket)
        if formula is None:
            with self:  # in inference mode what is made of other operators arrives whole
                parts = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if parts is NotImplemented else parts
        result = func(*args, **kwargs)
        self.flops += formula(*args, **kwargs, out_val=result)
        return result


# torch wraps the method in one that imports its compiler, which here has nothing to do.
_FlopCounter.__torch_dispatch__ = inspect.unwrap(_FlopCounter.__torch_dispatch__)  # type: ignore[method-assign]


def count_multiply_adds(call: Callable[[], object]) -> int:
    """Multiply-adds of the matrix products, convolutions, attention and recurrent layers in `call`.

    torch's random state is afterwards what it was before.

    Returns:
        The number; 0 for a call that works, and not while it is watched: torch compiles control flow such as torch.cond.
    """
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides a whole encoder layer in one operator
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad(), _FlopCounter() as counter:  # type: ignore[no-untyped-call]
            call()
    except (RuntimeError, PipelineError):
        if compiler := sys.modules.get("torch._dynamo"):
            compiler.reset()  # it would remember that it could not compile the call
        return 0
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
    return int(counter.flops // 2)


def set_threads(multiply_adds: int, setting: int | Literal["auto"] = "auto") -> str:
    """Let torch compute with `setting` threads; `auto`: one, or for large calls all that are AVAILABLE.

    Args:
        multiply_adds: Of one forward call, as count_multiply_adds counts them.
        setting: What the user wants.

    Returns:
        What it is now, and why.
    """
    if setting == "auto":
        threads = AVAILABLE if multiply_adds >= LARGE_CALL else 1
        reason = f"{multiply_adds:,} multiply-adds a call, {'below' if multiply_adds < LARGE_CALL else 'not below'} {LARGE_CALL:,}"
    else:
        threads, reason = setting, "as train.threads says"
    torch.set_num_threads(threads)
    return f"{threads} thread{'s' if threads > 1 else ''}: {reason}"
