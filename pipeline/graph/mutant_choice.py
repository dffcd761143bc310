"""Which mutants of a graph are tried, and in which order: by chance that the graph itself seeds, the kinds in turn."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnx import ModelProto

from pipeline.graph.attribute_mutants import attribute_mutants
from pipeline.graph.frozen_mutants import frozen_mutants
from pipeline.graph.inference import TensorType
from pipeline.graph.mutants import KINDS, Kind, Mutant
from pipeline.graph.node_mutants import exchange_mutants, skip_mutants, stretch_mutants
from pipeline.graph.weight_mutants import (
    bias_mutants,
    rounded_mutants,
    row_mutants,
    scaled_mutants,
    weight_mutants,
)

Types = Mapping[str, TensorType]


class Subject(NamedTuple):
    """A graph whose mutants are wanted.

    `folder` is where weights are that `model` does not hold; `symbolic` has the types of its values, whatever the sizes
    (`inference.infer_types`), `fixed` those in the largest golden call.
    """

    model: ModelProto
    folder: Path
    symbolic: Types
    fixed: Types


def choose_mutants(subject: Subject, seed: int) -> Iterator[Mutant]:
    """Mutants of a graph, no two alike: one of each kind in turn, as long as there are some; one seed, one list.

    A kind that has no place left in the graph drops out. There are as many of single weights and rows as a tensor has, and those of
    later rounds are grosser (`weight_mutants.STRENGTHS`).
    """
    # A stream of random numbers for each kind: how many there are of one decides nothing of another.
    kinds = {
        kind: _mutants_of_kind(kind, subject, np.random.default_rng([seed, number]))
        for number, kind in enumerate(KINDS)
    }
    chosen: set[tuple[str, str, str]] = set()
    while kinds:
        for kind, mutants in list(kinds.items()):
            mutant = next((one for one in mutants if (one.kind, one.layer, one.change) not in chosen), None)
            if mutant is None:
                del kinds[kind]
                continue
            chosen.add((mutant.kind, mutant.layer, mutant.change))
            yield mutant


def _mutants_of_kind(kind: Kind, subject: Subject, random: np.random.Generator) -> Iterator[Mutant]:
    model, folder, symbolic, fixed = subject
    match kind:
        case "weight":
            yield from _in_rounds(weight_mutants, subject, random)
        case "rows":
            yield from _in_rounds(row_mutants, subject, random)
        case "scaled":
            yield from stretch_mutants(model, random)
            yield from _in_rounds(scaled_mutants, subject, random)
        case "bias":
            yield from bias_mutants(model, folder, random)
        case "rounded":
            yield from rounded_mutants(model, folder, random)
        case "attribute":
            yield from attribute_mutants(model, symbolic, random)
        case "exchange":
            yield from exchange_mutants(model, symbolic, random)
        case "skip":
            yield from skip_mutants(model, symbolic, random)
        case "frozen":
            yield from frozen_mutants(model, symbolic, fixed, random)


def _in_rounds(
    source: Callable[[ModelProto, Path, np.random.Generator, int], Iterator[Mutant]],
    subject: Subject,
    random: np.random.Generator,
) -> Iterator[Mutant]:
    """One mutant of each tensor, then another one, as long as a tensor has some."""
    for number in count():
        empty = True
        for mutant in source(subject.model, subject.folder, random, number):
            empty = False
            yield mutant
        if empty:
            return
