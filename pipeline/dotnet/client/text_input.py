"""Values for the templates of a client that takes text: its tokenizer, and which inputs the token ids fill. Pure."""

from collections.abc import Mapping
from typing import Any

from pipeline.core.contract import Contract, Role
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis

TEMPLATES = ("Characters.cs", "Texts.cs", "Tokenizer.cs")
# The library that splits words into pieces, in a version that `verify` has run.
LIBRARY = {"Microsoft.ML.Tokenizers": "2.0.1"}
# C# expression for the values of an input in one row, by the input's role.
_ROLE_EXPRESSIONS: Mapping[Role, str] = {"ids": "ids", "mask": "mask", "types": "new long[ids.Length]"}
# Runs of the character table in a line of C#.
_RUNS_PER_LINE = 16


def libraries(contract: Contract) -> dict[str, str]:
    """NuGet packages that the client needs beside onnxruntime, with their versions."""
    return LIBRARY if contract.tokenizer else {}


def template_values(contract: Contract, layout: Layout, characters: str) -> dict[str, Any]:
    """Values for the templates; `tokenizer` is None for a model without one.

    Args:
        contract: What the client is for.
        layout: The contract's layout.
        characters: The tokenizer's character table, as pipeline/tokenizer/wordpiece.py writes it.

    Raises:
        PipelineError: The tokenizer does not fill every input, or fills one that is not int64 of shape [batch, tokens].
    """
    tokenizer = contract.tokenizer
    if tokenizer is None:
        return {"tokenizer": None}
    roles = {name: role for role, name in tokenizer.fills.items()}
    by_name = {view.name: view for view in layout.inputs}
    for name in (*by_name, *roles):
        if name not in roles or name not in by_name:
            raise PipelineError(
                f"model.tokenizer.inputs: expected every input of the model, {list(by_name)}, got {list(roles)}: {literal(name)} is not in "
                "both lists; a text alone must be enough for a call"
            )
        view = by_name[name]
        if view.type != "long" or len(view.shape) != 1 or not isinstance(view.shape[0], Axis) or not layout.batched:
            raise PipelineError(
                f"input {literal(name)}: expected int64 of shape [batch, tokens], both axes dynamic, for the tokenizer to fill, got "
                f"{view.tensor.dtype} {view.tensor.shape}: change the network, or leave model.tokenizer out"
            )
    runs = characters.split("\n")[:-1]
    return {
        "tokenizer": tokenizer,
        "special": sorted(tokenizer.special.items(), key=lambda entry: (-len(entry[0]), entry[1])),
        "runs": len(runs),
        "characters": [" ".join(runs[start : start + _RUNS_PER_LINE]) for start in range(0, len(runs), _RUNS_PER_LINE)],
        "has_mask": "mask" in tokenizer.fills,
        "text_arguments": ", ".join(_ROLE_EXPRESSIONS[roles[view.name]] for view in layout.inputs),
    }
