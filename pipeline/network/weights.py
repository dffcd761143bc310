"""Weights that somebody brings: a state_dict out of any file that can be read without running what is in it."""

import json
import pickle  # for the name of its error alone
import re
import zipfile
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from pipeline.core.errors import PipelineError
from pipeline.core.files import missing

PICKLES = (".pt", ".pth", ".bin", ".ckpt")
# Keys under which training frameworks put a state_dict.
WRAPPERS = ("state_dict", "model_state_dict", "model")
# torch._export.serde.schema.ScalarType
PT2_DTYPES = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}


def read_state(path: Path, made_by: str) -> dict[str, Tensor]:
    """The state_dict in a .safetensors, .pt, .pth, .bin, .ckpt or .pt2 file; memory is taken as its values are used.

    Raises:
        PipelineError: The file is missing, damaged, of another kind, or would need arbitrary unpickling.
    """
    if not path.exists():
        raise missing(path, made_by)
    expected = f"{path}: expected a state_dict (.safetensors, {', '.join(PICKLES)}) or a torch.export program (.pt2)"
    if path.suffix not in (".safetensors", ".pt2", *PICKLES):
        raise PipelineError(f"{expected}, got a file that ends in {path.suffix or 'nothing'!r}")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        if path.suffix == ".pt2":
            return read_pt2(path)
        # Memory-mapped where possible; torch's old format, which is no zip archive, cannot be.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        refused_name = re.search(r"GLOBAL (\S+) was not an allowed", str(error))
        reason = f" (it names {refused_name.group(1)})" if refused_name else ""
        raise PipelineError(
            f"{expected}, got a pickle that would run code when it is read{reason}: it is refused; save model.state_dict() instead of "
            "the model"
        ) from None
    except (SafetensorError, zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError, KeyError) as error:
        raise PipelineError(
            f"{expected}, got a damaged or other file ({' '.join(str(error).split())[:200]}); make it again with {made_by}"
        ) from None
    for key in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise PipelineError(f"{expected}, got a {type(content).__name__} that is not a mapping of names to tensors")
    return content


def read_pt2(path: Path) -> dict[str, Tensor]:
    """The weights of a torch.export archive, from its JSON index: torch.export.load would unpickle.

    Raises:
        ValueError: The archive holds no weights in this form, or a pickled one.
    """
    with zipfile.ZipFile(path) as archive:
        index = next(
            (name for name in archive.namelist() if name.endswith("data/weights/model_weights_config.json")), None
        )
        if index is None:
            raise ValueError("it has no data/weights/model_weights_config.json")
        folder = index.rpartition("/")[0]
        state = {}
        for name, entry in json.loads(archive.read(index))["config"].items():
            tensor_meta = entry["tensor_meta"]
            if entry["use_pickle"] or tensor_meta is None or tensor_meta["dtype"] not in PT2_DTYPES:
                raise ValueError(f"{name} is pickled, or of a type that is not read here")
            flat = torch.frombuffer(
                bytearray(archive.read(f"{folder}/{entry['path_name']}")), dtype=PT2_DTYPES[tensor_meta["dtype"]]
            )
            sizes, strides = ([part["as_int"] for part in tensor_meta[key]] for key in ("sizes", "strides"))
            state[name] = torch.as_strided(flat, sizes, strides, tensor_meta["storage_offset"]["as_int"]).contiguous()
    return state
