"""docs/settings.md says every setting, and is made of the code and conf/ as they are."""

from pydantic import Field

import settings_page
from pipeline.settings.model import Section
from settings_page import Listing, Row, rows, spell


class Drill(Section):
    """How a hole is made.

    Attributes:
        speed: How fast.
    """

    # How deep,
    # in mm.
    depth: int = Field(default=3, ge=1)
    bit: str | None  # What turns.
    oil: bool
    speed: float


def test_settings_md_is_of_today():
    assert settings_page.PAGE.read_text() == settings_page.page(), "make it again: python tests/settings_page.py"


def test_every_setting_says_what_it_does():
    assert settings_page.undescribed() == [], "write a comment above the setting, in its class or in conf/"


def test_a_row_has_comment_type_and_default():
    conf = {"oil": "Whether it is oiled."}
    assert list(rows(Drill, "drill.", {"bit": "steel", "oil": True}, Listing(conf))) == [
        Row("drill.depth", "whole number, at least 1", "`3`", "How deep, in mm."),
        Row("drill.bit", "text or null", "`steel`", "What turns."),
        Row("drill.oil", "`true` or `false`", "`true`", "Whether it is oiled."),
        Row("drill.speed", "number", "none: say it", "How fast."),
    ]


def test_values_of_a_mapping_are_listed_once():
    class Box(Section):
        left: dict[str, Drill]  # Holes.
        right: dict[str, Drill]  # Holes.

    listed = {row.setting: row.purpose for row in rows(Box, "box.", {}, Listing({}))}
    assert "box.left.<name>.depth" in listed
    assert listed["box.right"] == "Holes. Each as `box.left.<name>`."


def test_comments_of_conf_go_by_key(tmp_path):
    path = tmp_path / "default.yaml"
    path.write_text("# The file's own.\n_target_: x\n# How many\n# rows.\nrows: 3\nnet:\n  # Its name.\n  name: a\n")
    assert settings_page.conf_comments(path) == {"rows": "How many rows.", "net.name": "Its name."}


def test_a_type_is_spelt_in_words():
    assert spell(list[int]) == "list of whole number"
