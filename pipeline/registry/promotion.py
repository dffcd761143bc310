"""Which version is the champion: moved by the gate's paired rule, or by hand; every move is on record."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.registry.champion_alias import ChampionAlias
from pipeline.registry.champion_history import NONE
from pipeline.registry.promotion_rule import Judgement
from pipeline.registry.run_content import Evidence
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

# How often the new version is compared, where other publishers move the champion meanwhile.
ATTEMPTS = 3


class Decision(NamedTuple):
    """The version that is champion now ("" where none is), and why, in a sentence."""

    champion: str
    sentence: str


def move_aliases(client: "MlflowClient", params: Params, evidence: Evidence, version: str) -> Decision:
    """Put the aliases where they belong after `version` has been registered."""
    publish = params.publish
    name, settings = publish.registered_model, publish.champion
    client.set_registered_model_alias(name, publish.alias, version)
    alias = ChampionAlias(client, name, settings.alias)

    def compare(champion: str) -> Judgement:
        from pipeline.registry.champion_trial import compare_with_champion

        return compare_with_champion(client, name, champion, evidence.contract, settings.budget)

    if sentence := find_exemption(alias, version, settings.rule):
        return Decision(alias.read(), sentence)
    return decide(alias, version, compare)


def find_exemption(alias: ChampionAlias, version: str, rule: str) -> str:
    """Why nothing is compared, and the alias stays where it is; "" where the rule decides.

    As long as nobody has moved the alias, what was decided of a version is said again in the same words.
    """
    champion, move = alias.read(), alias.read_last_move(version)
    if champion == version:
        return (
            describe_place(alias, version, move.before, move.why)
            if move
            else f"version {version} is {alias.alias}, by hand"
        )
    stays = describe_stay(alias, champion, version)
    if rule == "never":
        return f"{stays}: publish.champion.rule is never; {offer_hand(version)}"
    decision = alias.read_decision(version)
    if decision.startswith(stays):
        return decision
    return f"{stays}: it was decided on when it was published before; {offer_hand(version)}" if decision or move else ""


def decide(alias: ChampionAlias, version: str, compare: Callable[[str], Judgement]) -> Decision:
    """Make `version` champion where it is at least as good.

    The champion may move while `compare` works: it is looked at again before the alias moves, and after. Who moved it by hand is
    respected; another publisher's champion is compared with too.

    Args:
        alias: The champion's.
        version: The new version.
        compare: Judges the new version beside another one.
    """
    champion = alias.read()
    for _ in range(ATTEMPTS):
        try:
            judgement = compare(champion) if champion else judge_first(alias)
        except PipelineError as error:
            # Not for good: when this version is published again, it is compared again.
            stays = describe_stay(alias, champion, version)
            return Decision(champion, f"{stays}, which could not be compared with it ({error}); {offer_hand(version)}")
        present = alias.read()
        if present == champion:
            if not judgement.moves:
                stays = describe_stay(alias, champion, version)
                return record(alias, version, Decision(champion, f"{stays}: {judgement.why}; {offer_hand(version)}"))
            alias.move(version, "paired" if champion else "first", champion, judgement.why)
            present = alias.read()
            if present == version:
                return Decision(version, describe_place(alias, version, champion, judgement.why))
        if alias.was_moved_by_hand(present, version):
            change = f"moved {alias.alias} to version {present}" if present else f"took {alias.alias} away"
            sentence = f"somebody {change} by hand while version {version} was compared, and so it stays; {offer_hand(version)}"
            return record(alias, version, Decision(present, sentence))
        champion = present
    return Decision(
        champion,
        f"version {champion} is {alias.alias}: other publishers moved it {ATTEMPTS} times while version {version} was compared; "
        f"{offer_hand(version)}",
    )


def judge_first(alias: ChampionAlias) -> Judgement:
    """The first version becomes champion, unless there was a champion that somebody put down."""
    if alias.list_moves():
        return Judgement(False, "somebody took the alias away")
    return Judgement(True, "there was none before")


def describe_place(alias: ChampionAlias, version: str, before: str, why: str) -> str:
    place = f", in the place of version {before}" if before not in ("", NONE) else ""
    return f"version {version} is {alias.alias}{place}: {why}"


def describe_stay(alias: ChampionAlias, champion: str, version: str) -> str:
    if not champion:
        return f"no version is {alias.alias}, and version {version} does not become it"
    return f"version {champion} stays {alias.alias}, not version {version}"


def offer_hand(version: str) -> str:
    return f"`python -m pipeline promote {version}` moves it by hand"


def record(alias: ChampionAlias, version: str, decision: Decision) -> Decision:
    alias.record_decision(version, decision.sentence)
    return decision
