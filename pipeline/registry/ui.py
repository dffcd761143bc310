"""`make ui`: the MLflow UI on what was published, and the link that opens the right page."""

import os
import socket
import sys

from pipeline.core.errors import PipelineError
from pipeline.core.paths import PUBLISH_REPORT
from pipeline.core.reports import PublishReport, read_report
from pipeline.registry.tracking import choose_tracking_uri, locate_artifacts
from pipeline.settings.params import Params

HOST = "127.0.0.1"


def build_link(base: str) -> str:
    """The page with the last published run; MLflow opens in another mode unless it is told."""
    if not PUBLISH_REPORT.exists():
        return f"{base}/#/experiments?workflowType=machine_learning"
    published = read_report(PublishReport)
    return f"{base}/#/experiments/{published.experiment_id}/runs?workflowType=machine_learning"


def serve(params: Params, port: int) -> None:
    """Become an MLflow server on the local store; with a remote one, only print the link.

    Raises:
        PipelineError: The port is taken.
    """
    tracking_uri = choose_tracking_uri(params.publish)
    if tracking_uri.startswith(("http://", "https://")):
        print(build_link(tracking_uri.rstrip("/")))
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise PipelineError(
                f"port {port} on {HOST} cannot be used ({error}): choose another, `make ui PORT=5001`"
            ) from None
    print(
        f"MLflow UI, ready in about ten seconds (Ctrl-C ends it):\n  {build_link(f'http://{HOST}:{port}')}", flush=True
    )
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", tracking_uri]
    if root := locate_artifacts(tracking_uri):
        command += ["--default-artifact-root", root]
    # The job runner takes 25 of its 34 seconds to start, and three quarters of its memory; nothing here needs it.
    os.execve(sys.executable, command, {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})  # noqa: S606 (no shell is wanted)
