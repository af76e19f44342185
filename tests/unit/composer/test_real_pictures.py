"""Faults that pictures from outside showed, each in a few lines of text."""

from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.description import Box, LabelGroup, Perception, Scene, TextRegion

FLAT = {"grey_share": 0.5, "colour_count": 300.0, "equal_neighbour_share": 0.97, "contrast": 0.3}
TAKEN = {"grey_share": 0.1, "colour_count": 9000.0, "equal_neighbour_share": 0.2, "contrast": 0.3, "bright_share": 0.3}


def region(text, x, y, width, height=0.03):
    return TextRegion(text, Box(x, y, width, height), 0.99)


def described(*regions, category="general", labels=(), scenes=(), **figures):
    seen = Perception(1000, 1000, text=regions, statistics={**FLAT, **figures}, labels=labels, scenes=scenes)
    return GroundedComposer().describe(seen, category)


def test_a_drawn_picture_titled_with_a_country_is_a_map_in_several_lines():
    lines = [region("HILLS", 0.4, 0.05, 0.14), region("of", 0.45, 0.09, 0.03), region("SCOTLAND", 0.37, 0.13, 0.2)]
    assert described(*lines, line_share=0.1).text.startswith('A map titled "HILLS of SCOTLAND".')
    assert described(*lines, line_share=0.7).text.startswith('A graphic headed "HILLS of SCOTLAND".')


def test_the_numbers_of_a_colour_scale_are_no_axis():
    numbers = [region(str(25 * step), 0.4 + 0.05 * step, 0.9, 0.02) for step in range(5)]
    text = described(region("Share of land covered by forest", 0.1, 0.03, 0.6, 0.05), *numbers, line_share=0.1).text
    assert "axis" not in text
    assert not text.startswith("A chart")


def test_produce_in_a_shop_is_named_where_neither_half_is_likely_enough():
    labels = (LabelGroup("plant or fruit", 0.35, "fig", 0.15), LabelGroup("building", 0.25, "grocery store", 0.2))
    answer = described(labels=labels, scenes=(Scene("shop or packaged goods", 0.25),), **TAKEN)
    assert "most likely shows fruit or vegetables in a shop" in answer.text
    assert {"fruit or vegetables", "shop"} <= set(answer.tags)


def test_what_is_hardly_read_on_a_photograph_is_not_told():
    def told(text, confidence):
        line = TextRegion(text, Box(0.1, 0.1, 0.1, 0.04), confidence)
        return GroundedComposer().describe(Perception(1200, 800, (line,), statistics=TAKEN), "general").text

    assert '"ropl"' not in told("ropl", 0.73)
    assert 'could not be read with certainty: "yoghur"' in told("yoghur", 0.80)
    assert 'Visible text: "K".' not in told("K", 0.91)
    assert 'Visible text: "K".' in told("K", 0.97)


def test_a_figure_is_not_called_a_page_and_one_of_its_labels_no_title():
    labels = [
        region(name, 0.1 + 0.3 * (at % 3), 0.1 + 0.12 * at, 0.15) for at, name in enumerate(["Encoder", "Tags"] * 3)
    ]
    seen = Perception(
        1600, 600, text=(*labels, region("BBoxes", 0.5, 0.2, 0.2, 0.06)), statistics={**FLAT, "bright_share": 0.9}
    )
    text = GroundedComposer().describe(seen, "document").text
    assert text.startswith("A page or figure with text in landscape format")
    assert "titled" not in text and "headed" not in text


def test_the_text_begins_with_the_first_line_of_its_paragraph():
    rows = ["The (quick) jumps", *(f"over the lazy dog and runs {at} times on" for at in range(6))]
    lines = [region(text, 0.1, 0.2 + 0.035 * at, 0.012 * len(text)) for at, text in enumerate(rows)]
    assert 'The text begins "The (quick) jumps"' in described(*lines, bright_share=0.9).text
