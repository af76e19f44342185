"""What of a file is embedded: whole, in pieces of about a hundred words, in any script."""

from hypothesis import given
from hypothesis import strategies as st

from scopix_server.domain.embedding import MAX_PASSAGES, Passage, passages_of

NOTHING = {"title": None, "description": "", "tags": (), "things": (), "fields": {}, "visible_text": None, "pieces": ()}


def texts(**known: object) -> list[str]:
    return [passage.text for passage in passages_of(**{**NOTHING, **known})]  # type: ignore[arg-type]


def test_a_description_stands_by_itself_and_with_all_that_is_short() -> None:
    found = texts(
        title="Lunch",
        description="A receipt of a café.",
        tags=("receipt", "food"),
        things=("cup", "food"),
        fields={"vendor_name": "Café Ada", "total": 12.5, "empty": None, "items": [{"name": "Tea"}, {"name": "Cake"}]},
        visible_text="Thank you",
    )
    fields = "vendor name: Café Ada; total: 12.5; items name: Tea; items name: Cake"
    assert found == [
        "Lunch. A receipt of a café.",
        f"Lunch. A receipt of a café. receipt, food, cup. {fields}. Thank you.",
    ]
    assert texts(description="A dog.") == ["A dog."]


def test_a_longer_text_has_passages_of_its_own() -> None:
    text = "These are twenty-five words. " * 7
    assert texts(description="A letter.", visible_text=text) == ["A letter.", text.strip()]


def test_of_nothing_comes_nothing() -> None:
    assert texts() == []


def test_the_pieces_of_a_document_stand_for_its_text_and_know_their_pages() -> None:
    found = passages_of(**{**NOTHING, "visible_text": "the beginning", "pieces": [(1, "one"), (2, "two")]})  # type: ignore[arg-type]
    assert found == [Passage("one", 1), Passage("two", 2)]


def test_a_file_has_no_more_than_so_many() -> None:
    pieces = [(number, "word") for number in range(2 * MAX_PASSAGES)]
    assert len(texts(pieces=pieces)) == MAX_PASSAGES


@given(st.text(alphabet="ab 山川\u3042\n", max_size=3000))
def test_a_long_text_is_cut_without_loss(text: str) -> None:
    found = texts(visible_text=text)
    assert "".join("".join(found).split()).rstrip(".") == "".join(text.split())
    assert all(len(piece.split()) <= 101 and len(piece) <= 850 for piece in found)
    assert not found or 2 * min(map(len, found)) > max(map(len, found)) - 100


def test_chinese_is_cut_sooner_since_a_sign_says_more() -> None:
    assert max(map(len, texts(visible_text="山" * 1000))) <= 300
