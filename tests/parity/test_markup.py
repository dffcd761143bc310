import math

import pytest

from pipeline.parity.page.markup import (
    SEEN,
    Markup,
    bar,
    mark,
    megabytes,
    number,
    of_allowed,
    prose,
    row,
    scalar,
    sentence,
    share,
    table,
    tag,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.29854, "0.299"),
        (-0.5, "−0.5"),
        (14045.0, "14,000"),
        (999999.0, "1×10⁶"),
        (9.5367e-07, "9.54×10⁻⁷"),
        (-2e-07, "−2×10⁻⁷"),
        (1e-3, "0.001"),
        (3.2e12, "3.2×10¹²"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (-1234567, "−1,234,567"), (0.12345, "0.123"), ("nan", "NaN"), ("-inf", "−∞"), ("a", "a")],
)
def test_values_of_rows(value, text):
    assert scalar(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0 %"), (0.29854, "29.9 %"), (1.0, "100 %"), (30.0, "30 times")]
)
def test_shares(value, text):
    assert share(value) == text


def test_what_a_share_is_of():
    assert (of_allowed(0.5), of_allowed(30.0)) == ("50 % of what is allowed", "30 times what is allowed")


@pytest.mark.parametrize(("size", "text"), [(999, "999 bytes"), (118589, "119 kB"), (2.43e9, "2.43 GB"), (5e6, "5 MB")])
def test_sizes(size, text):
    assert megabytes(int(size)) == text


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "<b>", Markup("<i>x</i>"), 3) == "<p>&lt;b&gt;<i>x</i>3</p>"


def test_attributes_are_escaped_renamed_and_left_out():
    assert tag("a", class_='x"', aria_label="<", id=None) == '<a class="x&quot;" aria-label="&lt;"></a>'


def test_a_cell_that_is_markup_is_no_cell_in_a_cell():
    assert row(tag("th", "n"), 1, tag("code", "c")) == "<tr><th>n</th><td>1</td><td><code>c</code></td></tr>"


def test_cells_that_know_their_heads_say_them_and_the_first_does_not():
    cells = (tag("th", "n"), 1, tag("td", "c", class_="long"))
    assert row(*cells, heads=("name", "<b>", "more")) == (
        '<tr><th>n</th><td data-head="&lt;b&gt;">1</td><td data-head="more" class="long">c</td></tr>'
    )


@pytest.mark.parametrize(("heads", "cards"), [((), False), (("name", "size"), True)])
def test_a_table_whose_cells_know_their_heads_is_cards_on_a_phone(heads, cards):
    html = table(["name", "size"], [row(tag("th", "n"), 1, heads=heads)], "sizes")
    assert ("cards-on-phone" in html) == cards


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("run `a <b>` now", "Run <code>a &lt;b&gt;</code> now"),
        ("one ` alone", "One ` alone"),
        ("", ""),
    ],
)
def test_a_sentence_has_a_capital_and_code(text, html):
    assert sentence(text) == html


def test_a_path_keeps_its_letters():
    assert prose("reports/x: `y`") == "reports/x: <code>y</code>"


def test_a_long_table_is_folded():
    rows = [row(number) for number in range(SEEN + 10)]
    assert "<summary>10 more</summary>" in table(["n"], rows, "numbers")


def test_a_table_that_is_a_little_longer_is_not_folded():
    assert "<details" not in table(["n"], [row(number) for number in range(SEEN + 3)], "numbers")


def test_a_bar_beyond_its_limit_is_full_and_red():
    assert 'class="bar bad"' in bar(30.0)
    assert "width:100.0%" in bar(30.0)


def test_a_bar_within_its_limit():
    assert 'class="bar"' in bar(0.25)
    assert "width:25.0%" in bar(0.25)


@pytest.mark.parametrize("kind", ["ok", "bad", "note", "none"])
def test_a_mark_says_what_it_means(kind):
    assert f'class="mark {kind}"' in mark(kind, "what")
    assert 'aria-label="what"' in mark(kind, "what")
