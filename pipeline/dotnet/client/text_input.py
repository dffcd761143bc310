"""What the templates of a client that reads text ask for: its tokeniser, and which inputs its numbers fill. Pure."""

from collections.abc import Mapping
from typing import Any

from pipeline.core.contract import Contract, Role
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis

TEMPLATES = ("Characters.cs", "Texts.cs", "Tokenizer.cs")
# What cuts words into pieces, in a version that verify has run.
LIBRARY = {"Microsoft.ML.Tokenizers": "2.0.1"}
# C# of a row's values, by what they are.
_VALUES: Mapping[Role, str] = {"ids": "ids", "mask": "mask", "types": "new long[ids.Length]"}
# Runs of the table of characters in a line of C#.
_RUNS = 16


def libraries(contract: Contract) -> dict[str, str]:
    """Packages that the client needs beside onnxruntime, and their versions."""
    return LIBRARY if contract.tokenizer else {}


def values(contract: Contract, plan: Layout, characters: str) -> dict[str, Any]:
    """Values for the templates; `tokenizer` is None for a model that reads no text.

    Raises:
        PipelineError: The tokeniser does not fill every input, or one is not a row of numbers of any length.
    """
    tokenizer = contract.tokenizer
    if tokenizer is None:
        return {"tokenizer": None}
    roles = {name: role for role, name in tokenizer.fills.items()}
    by_name = {view.name: view for view in plan.inputs}
    for name in (*by_name, *roles):
        if name not in roles or name not in by_name:
            raise PipelineError(
                f"model.tokenizer.inputs: expected every input of the model, {list(by_name)}, got {list(roles)}: {literal(name)} is not in "
                "both; a text alone must be enough for a call"
            )
        view = by_name[name]
        if view.type != "long" or len(view.shape) != 1 or not isinstance(view.shape[0], Axis) or not plan.batched:
            raise PipelineError(
                f"input {literal(name)}: a tokeniser fills int64 of shape [batch, tokens], both of any size, got {view.tensor.dtype} "
                f"{view.tensor.shape}: change the network, or leave model.tokenizer out"
            )
    runs = characters.split("\n")[:-1]
    return {
        "tokenizer": tokenizer,
        "special": sorted(tokenizer.special.items(), key=lambda entry: (-len(entry[0]), entry[1])),
        "runs": len(runs),
        "characters": [" ".join(runs[start : start + _RUNS]) for start in range(0, len(runs), _RUNS)],
        "has_mask": "mask" in tokenizer.fills,
        "text_arguments": ", ".join(_VALUES[roles[view.name]] for view in plan.inputs),
    }
