"""What a client that takes text has: its tokenizer, and which inputs the token ids fill. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.contract import Contract, Role, TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis

# C# expression for the values of an input in one row, by the input's role.
_ROLE_EXPRESSIONS: Mapping[Role, str] = {"ids": "_ids", "mask": "_mask", "types": "new long[_ids.Length]"}
# Runs of the character table in a line of C#.
_RUNS_PER_LINE = 16


@dataclass(frozen=True)
class TextInput:
    """What the client of a model with a tokenizer has.

    `special` are special tokens and their numbers, longer ones first; `characters` are the lines of the character table; `arguments` are
    the values of a row by its token ids.
    """

    tokenizer: TokenizerSpec
    special: Sequence[tuple[str, int]]
    characters: Sequence[str]
    has_mask: bool
    arguments: str


def describe_text(contract: Contract, layout: Layout, characters: str) -> TextInput | None:
    """What the templates need of a model with a tokenizer; None for one without.

    Args:
        contract: What the client is for.
        layout: The contract's layout.
        characters: The tokenizer's character table, as pipeline/tokenizer/wordpiece.py writes it.

    Raises:
        PipelineError: The tokenizer does not fill every input, or fills one that is not int64 of shape [batch, tokens].
    """
    tokenizer = contract.tokenizer
    if tokenizer is None:
        return None
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
    return TextInput(
        tokenizer=tokenizer,
        special=sorted(tokenizer.special.items(), key=lambda entry: (-len(entry[0]), entry[1])),
        characters=[" ".join(runs[start : start + _RUNS_PER_LINE]) for start in range(0, len(runs), _RUNS_PER_LINE)],
        has_mask="mask" in tokenizer.fills,
        arguments=", ".join(_ROLE_EXPRESSIONS[roles[view.name]] for view in layout.inputs),
    )
