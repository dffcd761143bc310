"""Which version is the champion: moved by the gate's paired rule, or by hand; every move is on record."""

from typing import TYPE_CHECKING, NamedTuple

from pipeline.registry.run_content import Evidence
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient


class Decision(NamedTuple):
    """The version that is champion now ("" where none is), and why, in a sentence."""

    champion: str
    sentence: str


def move_aliases(client: "MlflowClient", params: Params, evidence: Evidence, version: str) -> Decision:
    """Put the aliases where they belong after `version` has been registered."""
    client.set_registered_model_alias(params.publish.registered_model, params.publish.alias, version)
    return Decision("", "")
