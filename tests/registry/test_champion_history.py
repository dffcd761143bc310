import getpass
from types import SimpleNamespace

import pytest

from pipeline.registry import champion_history
from pipeline.registry.champion_history import (
    Move,
    Placed,
    collect_moves,
    find_person,
    format_tags,
    is_by_hand,
    make_move,
    read_moves,
    walk_back,
)


def move(number: int, before: str = "none", rule: str = "paired") -> Move:
    return Move(move=number, since=f"2026-11-26T00:00:{number:02}.000Z", by="Ann", rule=rule, before=before, why="so")


def history(*places: tuple) -> list[Placed]:
    """Each place is a version, and where it is no promotion from the version before it, before and rule."""
    moves, before = [], "none"
    for number, (version, *rest) in enumerate(places, 1):
        rule, came_from = (*rest, "paired", before)[:2] if rest else ("paired", before)
        moves.append(Placed(version, move(number, came_from, rule)))
        before = version
    return moves


def test_a_record_is_readable():
    assert format_tags(move(3, "1"), {}) == {
        "champion.move": "3",
        "champion.since": "2026-11-26T00:00:03.000Z",
        "champion.by": "Ann",
        "champion.rule": "paired",
        "champion.before": "1",
        "champion.why": "so",
    }


def test_a_version_that_was_champion_three_times_has_three_records():
    tags: dict[str, str] = {}
    for number in (1, 3, 5):
        tags |= format_tags(move(number), tags)
    assert read_moves(tags) == [move(1), move(3), move(5)]


@pytest.mark.parametrize(
    "edit", [{"champion.move": "x"}, {"champion.rule": "mood"}, {"champion.earlier": "{"}, {"champion.earlier": "[1]"}]
)
def test_a_record_that_somebody_edited_out_of_form_is_none(edit):
    tags = format_tags(move(1), {}) | edit
    assert read_moves(tags) == ([move(1)] if "champion.earlier" in edit else [])


def test_moves_of_all_versions_come_in_their_order():
    first = format_tags(move(1), {})
    versions = [
        SimpleNamespace(version=1, tags=format_tags(move(3, "2", "rollback"), first)),
        SimpleNamespace(version=2, tags=format_tags(move(2, "1"), {})),
    ]
    assert [(place.version, place.move.move) for place in collect_moves(versions)] == [("1", 1), ("2", 2), ("1", 3)]


def test_the_next_move_is_numbered_dated_and_signed(monkeypatch):
    monkeypatch.setattr(champion_history, "find_person", lambda: "Ann")
    made = make_move(history(("1",), ("2",)), "by hand", "", "why")
    assert (made.move, made.by, made.rule, made.before, made.why) == (3, "Ann", "by hand", "none", "why")
    assert made.since.endswith("Z")


def test_who_is_git_s_user_or_the_login_name(monkeypatch):
    monkeypatch.setattr(champion_history, "run_git", lambda *_: "Ann Lee")
    assert find_person() == "Ann Lee"
    monkeypatch.setattr(champion_history, "run_git", lambda *_: "")
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert find_person() == "ann"


def test_a_user_without_a_name_is_unknown(monkeypatch):
    def refuse():
        raise KeyError("uid not found")

    monkeypatch.setattr(champion_history, "run_git", lambda *_: "")
    monkeypatch.setattr(getpass, "getuser", refuse)
    assert find_person() == "unknown"


ALL = ("1", "2", "3", "4")


@pytest.mark.parametrize(
    ("moves", "champion", "before"),
    [
        (history(("1",)), "1", []),
        (history(("1",), ("2",), ("3",)), "3", ["2", "1"]),
        # A rollback, and what a second one goes to.
        (history(("1",), ("2",), ("3",), ("2", "rollback")), "2", ["1"]),
        (history(("1",), ("2",), ("3",), ("2", "rollback"), ("4",)), "4", ["2", "1"]),
        # Champion twice, by promotion.
        (history(("1",), ("2",), ("1", "by hand")), "1", ["2"]),
        (history(("1",), ("2",), ("1", "by hand"), ("2", "rollback")), "2", ["1"]),
        # Moved in MLflow's pages, without a record: to 3, and then by a publication from 3 to 4.
        (history(("1",), ("2",)), "3", ["2", "1"]),
        (history(("1",), ("2",), ("4", "paired", "3")), "4", ["3", "2", "1"]),
    ],
)
def test_who_was_champion_before(moves, champion, before):
    assert list(walk_back(moves, champion, ALL)) == before


def test_a_version_that_was_deleted_is_passed_over():
    assert list(walk_back(history(("1",), ("2",), ("3",)), "3", ("1", "3"))) == ["1"]


@pytest.mark.parametrize(
    ("moves", "champion", "by_hand"),
    [
        (history(("1",), ("2",)), "2", False),
        (history(("1", "first")), "1", False),
        (history(("1",), ("2", "by hand")), "2", True),
        (history(("1",), ("2",), ("1", "rollback")), "1", True),
        (history(("1",), ("2",)), "1", True),
        ([], "1", True),
    ],
)
def test_who_moved_the_champion(moves, champion, by_hand):
    assert is_by_hand(moves, champion) is by_hand


def test_two_publishers_whose_moves_have_one_number_are_no_hands():
    moves = [Placed("1", move(1)), Placed("2", move(2, "1")), Placed("3", move(2, "1"))]
    assert not is_by_hand(moves, "2")
    assert not is_by_hand(moves, "3")
