"""Character error rates with known answers."""

import pytest

from scopix_server.evaluation.text import ErrorCount, compare_lines, errors_in_order, plain


def free(truth, read):
    return compare_lines(truth, read)[0]


def test_the_example_of_the_textbooks():
    assert errors_in_order(["kitten"], ["sitting"]) == ErrorCount(3, 6)
    assert errors_in_order(["kitten"], ["sitting"]).rate == 0.5


@pytest.mark.parametrize(
    ("truth", "read", "errors"),
    [
        (["one two", "three"], ["one two", "three"], 0),
        (["one two", "three"], ["three", "one two"], 0),  # order does not matter
        (["Tarrow Wood"], ["TarrowWood"], 1),  # spaces do
        (["Total", "12.50"], ["Total 12.50"], 0),  # two lines read as one
        (["Unit price of the item"], ["Unit price", "of the item"], 0),  # one line read as two
        (["Harbour"], ["Harbor"], 1),
        (["Harbour", "Street"], ["Harbour"], 6),  # a line missing
        (["Harbour"], ["Harbour", "zzz"], 3),  # a line made up
        (["abcdef"], ["uvwxyz"], 12),  # nothing in common: missing and made up
        (["5", "5", "5"], ["5", "5"], 1),  # as often as it is there
        ([], [], 0),
        (["“Quoted” – text…"], ['"Quoted" - text...'], 0),
        (["12.5 m²"], ["12.5 m2"], 0),
    ],
)
def test_lines_are_compared_wherever_they_stand(truth, read, errors):
    assert free(truth, read).errors == errors


def test_the_order_counts_where_it_is_asked_for():
    truth, read = ["left one", "left two", "right one"], ["left one", "right one", "left two"]
    assert free(truth, read).errors == 0
    assert errors_in_order(truth, read).errors > 5


def test_a_part_must_be_well_read_to_be_taken_out_of_a_line():
    (count, differences) = compare_lines(["The council repaired the old bridge"], ["zxcvbridge"])
    assert count.errors >= len("The council repaired the old ")
    assert differences


def test_the_differences_name_what_is_wrong():
    (_, differences) = compare_lines(["Mill Lane", "Kelby"], ["Mil Lane", "Kelby"])
    assert [(piece.truth, piece.read) for piece in differences] == [("Mill Lane", "Mil Lane")]


def test_rates_add_up_by_characters_not_by_pictures():
    assert (ErrorCount(1, 10) + ErrorCount(0, 90)).rate == 0.01
    assert ErrorCount(3, 0).rate is None
    assert ErrorCount(0, 0).rate == 0.0


def test_rows_of_dots_are_no_text():
    assert errors_in_order(["1.1 Scope . . . . . . . 7", "2 Terms........9"], ["1.1 Scope 7", "2 Terms 9"]).errors == 0
    assert plain("and so on... 1.5") == "and so on... 1.5"


def test_many_lines_are_matched_in_bounded_time():
    truth = [f"Line number {n} of a very long page about nothing" for n in range(250)]
    read = [line.replace("very", "vory") for line in truth]
    assert free(truth, read).errors == 250


def test_plain_text_keeps_letters_and_spaces_apart():
    assert plain("  a\u00a0b\n c ") == "a b c"
    assert plain("e\u0301") == "é"
