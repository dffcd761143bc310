"""Builds and runs the examples: `python examples/run.py [NAME ...]`; without names, all of them but `search`, whose model is large.

Makes their packages first (feed.py). Needs a .NET SDK and a NuGet source with Microsoft.ML.OnnxRuntime.
"""

import argparse
import contextlib
import json
import platform
import secrets
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
# Processor, as Python says it -> as Docker does.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


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


def publish_image(dotnet: Path) -> Path:
    """Make what the service's Dockerfile puts into its image, by the same commands; the folder of its program."""
    target = ARTIFACTS / "publish" / "service" / "image"
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine().lower())
    values = {"$TARGETARCH": architecture, "/app": str(target)}
    for line in (EXAMPLES / "service" / "Dockerfile").read_text().splitlines():
        if line.startswith("RUN dotnet "):
            command = [values.get(word, word) for word in line.split()[2:]]
            sdk.run(dotnet, *command, "--nologo", "--verbosity", "quiet", folder=EXAMPLES.parent)
    return target


def ask(url: str, body: object = None, key: str | None = None) -> tuple[int, str]:
    """Status and text of the service's answer; with `body`, to a POST request, with `key`, as the caller who has it."""
    request = urllib.request.Request(  # noqa: S310
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def serve(dotnet: Path, program: Path, requests: list[tuple[str, object, str | None]], *settings: str) -> str:
    """Start a service, send the requests, and stop it; a line with the status and the text of each answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [dotnet, program, "--urls", url, "--Logging:LogLevel:Default=Warning", *settings]
    with subprocess.Popen(command, cwd=program.parent) as server:  # noqa: S603
        try:
            wait_until_ready(server, url)
            answers = [ask(f"{url}{path}", body, key) for path, body, key in requests]
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=30)
        finally:
            server.kill()
    if code:
        raise PipelineError(f"the service ended with {code} when it was stopped")
    return "".join(f"{status}: {text}\n" for status, text in answers)


def run_service(dotnet: Path) -> str:
    """Ask for one digit and for two, send an invalid request, and one of nobody."""
    seven = {"pixels": [float(number) for number in (EXAMPLES / "digit.txt").read_text().split()]}
    key = secrets.token_hex(16)
    requests = [
        ("/digits", seven, key),
        ("/digits", {"rows": [seven, seven]}, key),
        ("/digits", {"pixels": [1, 2]}, key),
        ("/digits", seven, None),
    ]
    return serve(dotnet, publish_image(dotnet) / "service.dll", requests, f"--Callers:Keys:example={key}")


def run_reviews(dotnet: Path) -> str:
    """Ask about texts, a very long one among them, and send an invalid request."""
    good, bad = {"text": "An EXCELLENT meal, friendly staff!"}, {"text": "A terrible, boring film..."}
    bodies = [good, {"rows": [bad, good]}, {"text": "word " * 200_000}, {"words": "An EXCELLENT meal"}]
    return serve(dotnet, build(dotnet, "reviews") / "reviews.dll", [("/sentiment", body, None) for body in bodies])


def wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise PipelineError(f"the service ended with {server.returncode} before it answered")
        with contextlib.suppress(OSError):
            if ask(f"{url}/health/ready") == (200, "Healthy"):
                return
        time.sleep(0.1)
    raise PipelineError("the service was not ready within 30 s")


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
