"""Builds and runs the examples: `python examples/run.py [NAME ...]`; without names, all of them but `search`, whose model is large.

Makes their packages first (feed.py). Needs a .NET SDK and a NuGet source with Microsoft.ML.OnnxRuntime.
"""

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import feed

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

EXAMPLES = Path(__file__).resolve().parent
ARTIFACTS = feed.BUILD / "artifacts"


def build(dotnet: Path, name: str) -> Path:
    """Compile one example; the folder of its program."""
    sdk.run(dotnet, "build", name, "--configuration", "Release", "--nologo", "--verbosity", "quiet", folder=EXAMPLES)
    return ARTIFACTS / "bin" / name / "release"


def run_program(*command: str | Path) -> str:
    """Run a program and return what it prints.

    Raises:
        PipelineError: It fails; its output is printed on stderr.
    """
    completed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    if completed.returncode:
        print(completed.stdout + completed.stderr, file=sys.stderr)
        raise PipelineError(f"`{' '.join(map(str, command))}` ended with {completed.returncode}")
    return completed.stdout


def run_console(dotnet: Path, name: str, *arguments: str) -> str:
    return run_program(dotnet, build(dotnet, name) / f"{name}.dll", *arguments)


def run_aot(dotnet: Path) -> str:
    """Publish the native program and run it."""
    target = ARTIFACTS / "publish" / "aot" / "native"
    publish = ("publish", "aot", "--configuration", "Release", "--use-current-runtime", "--output", str(target))
    sdk.run(dotnet, *publish, "--nologo", "--verbosity", "quiet", folder=EXAMPLES)
    return run_program(target / "read-digit")


def ask(url: str, body: object = None) -> tuple[int, str]:
    """Status and text of the service's answer; with `body`, to a POST request."""
    request = urllib.request.Request(  # noqa: S310
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def serve(dotnet: Path, name: str, requests: list[tuple[str, object]]) -> str:
    """Start a service, send the requests, and stop it; a line with the status and the text of each answer."""
    program = build(dotnet, name) / f"{name}.dll"
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [dotnet, program, "--urls", url, "--Logging:LogLevel:Default=Warning"]
    with subprocess.Popen(command, cwd=program.parent) as server:  # noqa: S603
        try:
            wait_until_healthy(server, url)
            answers = [ask(f"{url}{path}", body) for path, body in requests]
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=30)
        finally:
            server.kill()
    if code:
        raise PipelineError(f"the service ended with {code} when it was stopped")
    return "".join(f"{status}: {text}\n" for status, text in answers)


def run_service(dotnet: Path) -> str:
    """Ask for one digit and for two, and send an invalid request."""
    seven = [float(number) for number in (EXAMPLES / "digit.txt").read_text().split()]
    requests = [
        ("/predict", {"pixels": seven}),
        ("/predict/batch", {"rows": [seven, seven]}),
        ("/predict", {"pixels": [1, 2]}),
    ]
    return serve(dotnet, "service", requests)


def run_reviews(dotnet: Path) -> str:
    """Ask about texts, a very long one among them, and send an invalid request."""
    good, bad = "An EXCELLENT meal, friendly staff!", "A terrible, boring film..."
    requests = [
        ("/predict", {"text": good}),
        ("/predict/batch", [{"text": bad}, {"text": good}]),
        ("/predict", {"text": "word " * 200_000}),
        ("/predict", {"words": good}),
    ]
    return serve(dotnet, "reviews", requests)


def wait_until_healthy(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise PipelineError(f"the service ended with {server.returncode} before it answered")
        with contextlib.suppress(OSError):
            if ask(f"{url}/health") == (200, "Healthy"):
                return
        time.sleep(0.1)
    raise PipelineError("the service was not healthy within 30 s")


EXAMPLE_PROGRAMS = {
    "direct": lambda dotnet: run_console(dotnet, "direct"),
    "client": lambda dotnet: run_console(dotnet, "client"),
    "service": run_service,
    "service.tests": lambda dotnet: run_console(dotnet, "service.tests", "-noColor"),
    "reviews": run_reviews,
    "mlnet": lambda dotnet: run_console(dotnet, "mlnet"),
    "aot": run_aot,
    "search": lambda dotnet: run_console(dotnet, "search"),
}
# Example -> the model of feed.LARGE_MODELS that it needs.
LARGE = {"search": "minilm"}


def select(names: list[str]) -> list[str]:
    """The names, or those of all examples whose model is quickly made.

    Raises:
        PipelineError: There is no such example.
    """
    if unknown := [name for name in names if name not in EXAMPLE_PROGRAMS]:
        raise PipelineError(
            f"there is no such example; expected one of {', '.join(EXAMPLE_PROGRAMS)}, got {unknown[0]!r}"
        )
    return names or [name for name in EXAMPLE_PROGRAMS if name not in LARGE]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(EXAMPLE_PROGRAMS)}")
    names = parser.parse_args().names
    example = "examples"
    try:
        names = select(names)
        dotnet = sdk.require("an example").dotnet
        feed.main(
            [*(feed.MODELS if set(names) - set(LARGE) else ()), *(LARGE[name] for name in names if name in LARGE)]
        )
        for example in names:
            print(f"\n== {example}", flush=True)
            print(EXAMPLE_PROGRAMS[example](dotnet), end="", flush=True)
    except PipelineError as error:
        print(f"error: {example}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
