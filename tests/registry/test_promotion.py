from collections.abc import Callable

import pytest
from registry_doubles import NAME, MemoryClient

from pipeline.core.errors import PipelineError
from pipeline.registry.champion_alias import ChampionAlias
from pipeline.registry.promotion import ATTEMPTS, decide, find_exemption
from pipeline.registry.promotion_rule import Judgement

BY_HAND = "`python -m pipeline promote {}` moves it by hand"


@pytest.fixture
def client() -> MemoryClient:
    """A registry in which version 1 has become champion, and 2, 3 and 4 are published."""
    registry = MemoryClient()
    registry.add("1", "2", "3", "4")
    decide(ChampionAlias(registry, NAME, "champion"), "1", judge_never)
    return registry


@pytest.fixture
def alias(client) -> ChampionAlias:
    return ChampionAlias(client, NAME, "champion")


def judge_never(_: str) -> Judgement:
    raise AssertionError("nothing is to be compared")


def judge_as(moves: bool, meanwhile: Callable[[], None] = lambda: None) -> Callable[[str], Judgement]:
    """Says whether the new version is good enough, after something has happened `meanwhile`."""

    def compare(champion: str) -> Judgement:
        meanwhile()
        return Judgement(moves, f"compared with {champion}")

    return compare


def test_the_first_version_is_champion(client, alias):
    assert client.aliases == {"champion": "1"}
    assert client.versions["1"].tags["champion.rule"] == "first"
    assert client.versions["1"].tags["champion.before"] == "none"


def test_at_least_as_good_a_version_is_champion_on_record(client, alias):
    decision = decide(alias, "2", judge_as(True))
    assert decision == ("2", "version 2 is champion, in the place of version 1: compared with 1")
    assert client.aliases == {"champion": "2"}
    tags = client.versions["2"].tags
    assert [tags[f"champion.{key}"] for key in ("move", "rule", "before", "why")] == [
        "2",
        "paired",
        "1",
        "compared with 1",
    ]


def test_a_worse_version_leaves_the_champion(client, alias):
    decision = decide(alias, "2", judge_as(False))
    assert decision == ("1", f"version 1 stays champion, not version 2: compared with 1; {BY_HAND.format(2)}")
    assert client.aliases == {"champion": "1"}
    assert client.versions["2"].tags == {"champion.decided": decision.sentence}


def test_a_champion_that_somebody_put_down_has_no_successor(client, alias):
    client.aliases.clear()
    decision = decide(alias, "2", judge_never)
    assert decision.champion == ""
    assert decision.sentence == (
        f"no version is champion, and version 2 does not become it: somebody took the alias away; {BY_HAND.format(2)}"
    )
    assert client.aliases == {}


def test_a_champion_that_cannot_be_compared_stays_until_the_next_time(client, alias):
    def refuse(_: str) -> Judgement:
        raise PipelineError("its package is gone")

    assert decide(alias, "2", refuse) == (
        "1",
        f"version 1 stays champion, not version 2, which could not be compared with it (its package is gone); {BY_HAND.format(2)}",
    )
    assert find_exemption(alias, "2", "paired") == ""


def test_a_champion_that_is_published_again_is_champion_in_the_same_words(alias):
    decision = decide(alias, "2", judge_as(True))
    assert find_exemption(alias, "2", "paired") == decision.sentence
    assert find_exemption(alias, "2", "never") == decision.sentence


def test_a_champion_by_somebody_s_hand_without_a_record_stays(client, alias):
    client.aliases["champion"] = "3"
    assert find_exemption(alias, "3", "paired") == "version 3 is champion, by hand"


def test_what_was_decided_is_said_again_in_the_same_words(alias):
    decision = decide(alias, "2", judge_as(False))
    assert find_exemption(alias, "2", "paired") == decision.sentence


def test_a_rule_that_never_moves(alias):
    assert find_exemption(alias, "2", "never") == (
        f"version 1 stays champion, not version 2: publish.champion.rule is never; {BY_HAND.format(2)}"
    )


def test_a_version_that_is_new_is_exempt_from_nothing(alias):
    assert find_exemption(alias, "2", "paired") == ""


@pytest.mark.parametrize("moves", [True, False])
def test_publishing_again_takes_back_nothing_that_people_did(moves, alias):
    decide(alias, "2", judge_as(moves))
    alias.move("3", "by hand", "2", "I know better")
    assert find_exemption(alias, "2", "paired") == (
        f"version 3 stays champion, not version 2: it was decided on when it was published before; {BY_HAND.format(2)}"
    )


def test_another_publisher_s_champion_is_compared_with_too(client, alias):
    compared = []

    def compare(champion: str) -> Judgement:
        compared.append(champion)
        if champion == "1":
            alias.move("3", "paired", "1", "better than 1")
        return Judgement(True, f"compared with {champion}")

    assert decide(alias, "2", compare) == ("2", "version 2 is champion, in the place of version 3: compared with 3")
    assert compared == ["1", "3"]
    assert client.versions["2"].tags["champion.before"] == "3"


def test_two_first_publishers_compare(client):
    client.aliases.clear()
    for version in client.versions.values():
        version.tags.clear()
    alias = ChampionAlias(client, NAME, "champion")
    set_alias = client.set_registered_model_alias

    def lose_the_race(*arguments: str) -> None:
        client.set_registered_model_alias = set_alias
        set_alias(*arguments)
        alias.move("3", "first", "", "there was none before")

    client.set_registered_model_alias = lose_the_race
    decision = decide(alias, "2", judge_as(False))
    assert decision.sentence.startswith("version 3 stays champion, not version 2: compared with 3")
    assert client.aliases == {"champion": "3"}


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize(
    "move",
    [lambda alias: alias.move("4", "by hand", "1", "mine"), lambda alias: alias.client.aliases.update(champion="4")],
)
def test_who_moves_it_by_hand_meanwhile_is_respected(move, moves, client, alias):
    decision = decide(alias, "2", judge_as(moves, lambda: move(alias)))
    assert decision == (
        "4",
        f"somebody moved champion to version 4 by hand while version 2 was compared, and so it stays; {BY_HAND.format(2)}",
    )
    assert client.aliases == {"champion": "4"}
    assert client.versions["2"].tags["champion.decided"] == decision.sentence


def test_who_takes_it_away_meanwhile_is_respected(client, alias):
    decision = decide(alias, "2", judge_as(True, client.aliases.clear))
    assert decision.sentence.startswith("somebody took champion away by hand while version 2 was compared")
    assert client.aliases == {}


def test_publishers_do_not_compare_for_ever(client, alias):
    compared = []

    def compare(champion: str) -> Judgement:
        compared.append(champion)
        alias.move("4" if champion == "3" else "3", "paired", champion, "better")
        return Judgement(True, "")

    decision = decide(alias, "2", compare)
    assert (decision.champion, len(compared)) == (client.aliases["champion"], ATTEMPTS)
    assert decision.sentence == (
        f"version 3 is champion: other publishers moved it 3 times while version 2 was compared; {BY_HAND.format(2)}"
    )
