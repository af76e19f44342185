"""Names, titles, tags and categories."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopix.types.vocabulary import REST_CATEGORIES, ContentCategory
from scopix_server.domain.errors import ValidationFailed
from scopix_server.domain.file import check_tags, check_title, display_name


@given(st.text(max_size=600))
def test_a_displayed_name_is_always_safe(raw: str) -> None:
    name = display_name(raw)
    assert 1 <= len(name) <= 255
    assert "/" not in name
    assert "\\" not in name
    assert name not in {".", ".."}
    assert not any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in name)
    assert not set(name) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert display_name(name) == name


def test_an_ordinary_name_stays() -> None:
    assert display_name("Grundriß – 2. OG (final).jpeg") == "Grundriß – 2. OG (final).jpeg"


def test_a_long_name_keeps_its_extension() -> None:
    assert display_name("a" * 400 + ".webp") == "a" * 250 + ".webp"


def test_tags_lose_blanks_and_doubles_and_keep_their_order() -> None:
    assert check_tags([" b ", "a", "", "b"]) == ("b", "a")


def test_titles() -> None:
    assert check_title("  ") is None
    assert check_title("t" * 255) == "t" * 255
    with pytest.raises(ValidationFailed, match="256 characters"):
        check_title("t" * 256)


def test_every_category_of_the_sdk_is_taken_and_three_more() -> None:
    assert {category.value for category in ContentCategory} < set(REST_CATEGORIES)
    assert set(REST_CATEGORIES) - {category.value for category in ContentCategory} == {
        "pid",
        "pfd",
        "facility_assessment",
    }
