"""package.golden: which golden calls travel in the package, for the self-test of the client that is generated for them. Pure."""

from collections.abc import Sequence
from typing import get_args

from pipeline.core.contract import TokenizerSpec
from pipeline.core.golden import GoldenCall, Purpose
from pipeline.dotnet.nuget import golden_files
from pipeline.settings.params import GoldenMode

# Of slim: calls of one purpose, and bytes of all calls together.
MOST_CALLS = 4
MOST_BYTES = 256 * 1024


def choose_calls(calls: Sequence[GoldenCall], mode: GoldenMode) -> list[GoldenCall]:
    """The calls that travel, in their order.

    Slim takes whole calls, never some rows of one: PyTorch has answered just these rows together, and nobody knows here whether rows
    of a call influence each other. Of each purpose it takes the smallest calls, `MOST_CALLS` at most: the smallest of every purpose,
    then the second of every purpose, and so on, leaving out what would exceed `MOST_BYTES` together. The smallest call of all
    travels whatever its size, since a self-test without a call proves nothing.
    """
    if mode == "full":
        return list(calls)
    if mode == "none":
        return []
    sizes = [_count_bytes(call) for call in calls]
    purposes: tuple[Purpose, ...] = get_args(Purpose)
    by_size = sorted(range(len(calls)), key=lambda place: (sizes[place], place))
    ranked = {purpose: [place for place in by_size if calls[place].purpose == purpose] for purpose in purposes}
    candidates = [places[rank] for rank in range(MOST_CALLS) for places in ranked.values() if rank < len(places)]
    chosen, total = set(by_size[:1]), sum(sizes[place] for place in by_size[:1])
    for place in candidates:
        if place not in chosen and total + sizes[place] <= MOST_BYTES:
            chosen.add(place)
            total += sizes[place]
    return [call for place, call in enumerate(calls) if place in chosen]


def encode_travelling(
    calls: Sequence[GoldenCall], tokenizer: TokenizerSpec | None, policy: bytes, mode: GoldenMode
) -> dict[str, bytes]:
    """The files that travel, by their paths in the package; nothing where no call does.

    Args:
        calls: All golden calls.
        tokenizer: That of a model that takes text.
        policy: policy.json, by which the self-test judges.
        mode: `package.golden`.
    """
    chosen = choose_calls(calls, mode)
    if not chosen:
        return {}
    return {**golden_files.files(chosen, tokenizer), f"{golden_files.FOLDER}/{golden_files.POLICY}": policy}


def _count_bytes(call: GoldenCall) -> int:
    """Of its files: inputs and outputs, or texts, their tokens and outputs."""
    arrays = [*call.inputs.values(), *call.outputs.values()]
    return sum(len(golden_files.encode(array)) for array in arrays) + sum(len(text.encode()) for text in call.texts)
