"""Values of an engine's answer are found again in the text that was read."""

from scopix_server.categories import locate
from tests.support.perceptions import page

SEEN = page(
    [("Sheet C-301", 50, 50), ("City of Oakridge", 50, 100), ("Steel to ASTM", 50, 150), ("A615 grade 60", 50, 200)]
)


def test_lines_parts_of_lines_and_values_over_lines() -> None:
    data = {
        "jurisdiction": "CITY OF OAKRIDGE",
        "sheet/no": "C-301",
        "standards": ["ASTM A615", "ASTM A36"],
        "rooms": [{"name": "Sheet", "area": None}],
        "count": 3,
    }
    assert locate(data, SEEN) == [
        {"field": "/jurisdiction", "regions": [1]},
        {"field": "/sheet~1no", "regions": [0]},
        {"field": "/standards/0", "regions": [2, 3]},
        {"field": "/rooms/0/name", "regions": [0]},
    ]


def test_short_texts_must_be_a_line() -> None:
    assert locate({"a": "of", "b": ""}, SEEN) == []
    assert locate({"a": "B2"}, page([("B2", 1, 1)])) == [{"field": "/a", "regions": [0]}]


def test_nothing_is_found_on_an_empty_picture() -> None:
    assert locate({"a": "text"}, page([])) == []
