"""The alias that consumers take, in MLflow's registry: read, and moved with a record."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.registry.champion_history import (
    DECIDED,
    Move,
    Placed,
    Rule,
    collect_moves,
    format_tags,
    is_by_hand,
    make_move,
    read_moves,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion


@dataclass(frozen=True)
class ChampionAlias:
    """The alias `alias` of the registered model `name`. Nothing is remembered: others move it too."""

    client: "MlflowClient"
    name: str
    alias: str

    def read(self) -> str:
        """The version that has the alias; "" where none has."""
        return str(self.client.get_registered_model(self.name).aliases.get(self.alias, ""))

    def list_versions(self) -> list["ModelVersion"]:
        return list(self.client.search_model_versions(f"name = '{self.name}'"))

    def list_moves(self) -> list[Placed]:
        """The moves on record, in their order."""
        return collect_moves(self.list_versions())

    def read_tags(self, version: str) -> dict[str, str]:
        return next((dict(entry.tags) for entry in self.list_versions() if str(entry.version) == version), {})

    def move(self, version: str, rule: Rule, before: str, why: str) -> None:
        """Give `version` the alias, on record.

        The record comes first: one of a move that did not come to be misleads nobody, a move without one looks like somebody's by hand.
        """
        move = make_move(self.list_moves(), rule, before, why)
        for key, value in format_tags(move, self.read_tags(version)).items():
            self.client.set_model_version_tag(self.name, version, key, value)
        self.client.set_registered_model_alias(self.name, self.alias, version)

    def was_moved_by_hand(self, champion: str, publisher: str) -> bool:
        """Whether a person, and no publication but that of `publisher`, gave `champion` the alias, or took it from all ("")."""
        return not champion or is_by_hand([move for move in self.list_moves() if move.version != publisher], champion)

    def read_decision(self, version: str) -> str:
        """What a publication decided of the version, in a sentence; "" where it did not, or made it champion."""
        return self.read_tags(version).get(DECIDED, "")

    def read_last_move(self, version: str) -> Move | None:
        """The last move to the version; None where it never was champion, by the record."""
        moves = read_moves(self.read_tags(version))
        return moves[-1] if moves else None

    def record_decision(self, version: str, sentence: str) -> None:
        """So that publishing the version again does not take back what people did since."""
        self.client.set_model_version_tag(self.name, version, DECIDED, sentence)
