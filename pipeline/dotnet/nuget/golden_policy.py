"""golden/policy.json: by what the self-test judges an answer, which is what `verify` allows. Pure."""

import json
from typing import Any

import numpy as np

from pipeline.compare.policy import Policy
from pipeline.core.contract import Contract


def format_policy(policy: Policy, contract: Contract, least_cosine: float) -> bytes:
    """The file's content.

    `outputs` has for each output its `name`, numpy's `dtype` (or "string"), its `tolerance` (`atol`, `rtol`, `floor`, `cosine`, `top1`
    and `ulp`, as `Policy.tolerance` gives them; null for what must be equal), its `scale`, with the `axis` and the scales of its `channels`
    where these have their own, and the reason why it is not judged (`exempt`, "" where it is). `texts`, null without a tokenizer, has
    the inputs that tokens fill by their role (`fills`), the `outputs` in the order of the files texts.*.bin, and the smallest cosine between an answer
    and PyTorch's (`least_cosine`).

    Args:
        policy: That of the stage `dotnet`.
        contract: Its outputs and tokenizer.
        least_cosine: `verify.least_cosine`.
    """
    outputs = [_describe_output(policy, tensor.name, tensor.dtype) for tensor in contract.outputs]
    texts = None
    if contract.tokenizer:
        names = [tensor.name for tensor in contract.outputs]
        texts = {"fills": contract.tokenizer.fills, "outputs": names, "least_cosine": least_cosine}
    return (json.dumps({"outputs": outputs, "texts": texts}, indent=1) + "\n").encode()


def _describe_output(policy: Policy, name: str, dtype: str) -> dict[str, Any]:
    is_floating = dtype != "string" and np.dtype(dtype).kind == "f"
    scale = policy.scale(name)
    return {
        "name": name,
        "dtype": dtype,
        "tolerance": policy.tolerance(name, np.dtype(dtype))._asdict() if is_floating else None,
        "scale": scale.scale,
        "axis": scale.axis,
        "channels": scale.channels,
        "exempt": policy.exempt.get(name, ""),
    }
