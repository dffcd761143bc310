"""MLflow's list of runs with the columns that matter: a saved view, kept in a tag of the experiment as MLflow's page keeps it.

MLflow 3.17 applies a view only from its link, `?viewStateShareKey=<key>`, and then looks for the tag `mlflow.sharedViewState.<key>` of
the experiment. The page writes a JSON envelope (name, times, and the state as text, compressed or not) when a person saves a view; the
same is written here.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.settings.model import Direction

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

TAG = "mlflow.sharedViewState."
# MLflow's page lists it under this name among the saved views.
NAME = "Torch2DotNet"
# What every validated run has beside the task's metric, with widths in px: at 1400 px none is hidden.
PARITY_COLUMNS = {
    "metrics.`parity.margin`": 105,
    "metrics.`parity.power`": 100,
    "metrics.`graph.bytes`": 95,
    "tags.`dotnet.verified`": 115,
    # Of a run that failed: the beginning of why.
    "tags.`gate`": 175,
}
METRIC_WIDTH = 115
NEWEST_FIRST = "attributes.start_time"


@dataclass(frozen=True)
class ViewState:
    """A view of an experiment's runs: `metric` is the column that sorts them, "" where the newest come first."""

    metric: str = ""
    direction: Direction = "higher"

    def build_state(self) -> dict[str, Any]:
        """What MLflow's page keeps of a view: the search, the order of runs, and the columns with their order and widths."""
        widths = ({f"metrics.`{self.metric}`": METRIC_WIDTH} if self.metric else {}) | PARITY_COLUMNS
        return {
            "searchFilter": "",
            "orderByKey": f"metrics.`{self.metric}`" if self.metric else NEWEST_FIRST,
            "orderByAsc": bool(self.metric) and self.direction == "lower",
            "startTime": "ALL",
            "lifecycleFilter": "Active",
            "modelVersionFilter": "All Runs",
            "datasetsFilter": [],
            "selectedColumns": list(widths),
            "columnOrder": list(widths),
            "columnWidths": widths,
        }

    def encode(self) -> str:
        """The tag's value. The times are 0: the same view is the same bytes."""
        return json.dumps({"name": NAME, "createdAt": 0, "updatedAt": 0, "state": json.dumps(self.build_state())})

    @property
    def key(self) -> str:
        """The view's name in links: another one for other columns, so that a view which a person has changed since stays theirs."""
        return hashlib.sha256(self.encode().encode()).hexdigest()[:12]


def write_view(client: "MlflowClient", experiment: "Experiment", view: ViewState) -> bool:
    """Keep the view in the experiment, unless it is there.

    Returns:
        Whether it is there now; not where this user may not write.
    """
    from mlflow.exceptions import MlflowException

    tag = TAG + view.key
    if tag not in experiment.tags:
        try:
            client.set_experiment_tag(experiment.experiment_id, tag, view.encode())
        except MlflowException:
            return False
    return True
