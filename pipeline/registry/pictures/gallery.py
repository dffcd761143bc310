"""Every picture of a run, drawn light and dark, and logged."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.reports import TrainReport, read_report
from pipeline.registry.pictures.canvas import Picture, draw_png
from pipeline.registry.pictures.parity_picture import picture_parity
from pipeline.registry.pictures.rows_picture import picture_rows
from pipeline.registry.pictures.task_picture import picture_task
from pipeline.registry.pictures.training_picture import picture_training
from pipeline.registry.run_content import Evidence

if TYPE_CHECKING:
    from mlflow import MlflowClient

# The run's folder of pictures, and the folder of each scheme in it.
FOLDER = "pictures"
SCHEMES = {"light": False, "dark": True}


def log_pictures(client: "MlflowClient", run_id: str, evidence: Evidence) -> None:
    """Draw what there is to draw of the evidence, light and dark, and log it under `pictures/`."""
    pictures = list(paint(evidence, read_report(TrainReport)))
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures:
            for scheme, dark in SCHEMES.items():
                file = Path(folder, scheme, f"{picture.name}.png")
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(draw_png(picture, dark=dark))
        if pictures:
            client.log_artifacts(run_id, folder, FOLDER)


def embed_pictures(run_id: str, evidence: Evidence) -> list[str]:
    """Lines of Markdown that show the light pictures in a run's note: MLflow's page takes an image by a link to its own server."""
    link = f"get-artifact?run_uuid={run_id}&path={FOLDER}/light"
    return [f"![{picture.title}]({link}/{picture.name}.png)" for picture in paint(evidence, read_report(TrainReport))]


def paint(evidence: Evidence, train: TrainReport) -> Iterator[Picture]:
    """The pictures that there are of a model: what it did not do, it has no picture of."""
    painted = (
        picture_training(evidence.curves, train),
        picture_task(evidence.parity),
        picture_parity(evidence.parity),
        picture_rows(evidence.parity, evidence.contract),
    )
    yield from (picture for picture in painted if picture)
