"""Searching by words and by meaning, against the running server: by REST, by the SDK and on the command line."""

from collections.abc import Iterator

import httpx2
import pytest

from scopix import SyncScopix, ValidationError
from scopix_server.analysis.embed import EmbedTexts
from scopix_server.embedding.sentence_encoder import SentenceEncoder
from tests.integration.api.test_files import upload
from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

ENCODER = SentenceEncoder()
TEXTS = {
    "dog": "A brown dog lies on a green meadow in the sun.",
    "receipt": "A receipt of a coffee shop: two espressos, 7.40 EUR, paid in cash.",
    "plan": "The floor plan of a flat with two bedrooms, a kitchen and a bathroom.",
    "boat": "A sailing boat on a lake at sunset, mountains behind it.",
}


def embed(server: InProcessServer) -> None:
    """What a thread of a worker does a second later."""
    work = EmbedTexts(server.database, ENCODER)
    while work.embed_some():
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[InProcessServer]:
    with serving(tmp_path_factory.mktemp("search"), database=database) as running:
        yield running


@pytest.fixture(scope="module")
def files(server: InProcessServer) -> dict[str, str]:
    with server.client() as http:
        ids = {}
        for seed, (name, text) in enumerate(TEXTS.items()):
            ids[name] = upload(http, encoded(picture(seed=seed)), f"{seed}.png", tags=f"batch,{name}")
            change = {"description": text, "ai_tags": []}
            http.patch(f"/files/{ids[name]}", json=change).raise_for_status()
    embed(server)
    return ids


@pytest.fixture
def http(server: InProcessServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def search(http: httpx2.Client, query: str, **more: object) -> list[dict[str, object]]:
    answer = http.get("/search", params={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def names(found: list[dict[str, object]], files: dict[str, str]) -> list[str]:
    of = {file_id: name for name, file_id in files.items()}
    return [of[hit["file"]["id"]] for hit in found]  # type: ignore[index]


def test_what_means_the_same_is_found_in_any_language(http: httpx2.Client, files: dict[str, str]) -> None:
    for query, name in {
        "puppy on the lawn": "dog",
        "Wohnungsgrundriss mit zwei Schlafzimmern": "plan",
        "un voilier sur le lac": "boat",
        "reçu du café": "receipt",
    }.items():
        (first, *_) = search(http, query)
        assert names([first], files) == [name], query
        assert first["found_by"] == ["meaning"] and 0.2 <= first["similarity"] <= 1.0  # type: ignore[operator]


def test_the_reason_is_told_and_both_reasons_come_first(http: httpx2.Client, files: dict[str, str]) -> None:
    (first, *rest) = search(http, "sailing boat")
    assert names([first], files) == ["boat"]
    assert (first["found_by"], first["score"]) == (["words", "meaning"], 1.0)
    assert all(hit["score"] < 1.0 for hit in rest)  # type: ignore[operator]
    (only,) = search(http, "espressos", mode="words")
    assert (names([only], files), only["found_by"], only["similarity"]) == (["receipt"], ["words"], None)
    assert names(search(http, "sailing boat", mode="meaning"), files)[0] == "boat"


def test_nonsense_finds_nothing(http: httpx2.Client, files: dict[str, str]) -> None:
    assert search(http, "xqzv wkkpt jjrrb") == []
    assert search(http, "::::") == []


def test_filters_hold_for_meaning_too(http: httpx2.Client, files: dict[str, str]) -> None:
    assert names(search(http, "an animal outdoors", tags="boat", mode="meaning"), files) in ([], ["boat"])
    assert names(search(http, "a dog", tags="dog"), files) == ["dog"]
    assert search(http, "a dog", tags="none") == []
    assert names(search(http, "a dog", ids=files["dog"]), files) == ["dog"]
    assert search(http, "a dog", ids=files["plan"], mode="meaning") == []


def test_another_tenant_finds_nothing(server: InProcessServer, files: dict[str, str]) -> None:
    key = server.new_tenant("other")
    with httpx2.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        assert search(http, "A brown dog lies on a green meadow in the sun.") == []


def test_deleted_and_changed_files(server: InProcessServer, http: httpx2.Client, files: dict[str, str]) -> None:
    new = upload(http, encoded(picture(seed=9)), "z.png")
    write = {"description": "A violin and its bow on red velvet.", "ai_tags": []}
    http.patch(f"/files/{new}", json=write).raise_for_status()
    assert http.get("/search", params={"query": "string instrument"}).json()["is_complete"] is False
    embed(server)
    answer = http.get("/search", params={"query": "string instrument"}).json()
    assert answer["is_complete"] is True
    assert [hit["file"]["id"] for hit in answer["items"]][:1] == [new]
    http.patch(f"/files/{new}", json={"description": "A red tractor in a field."}).raise_for_status()
    embed(server)
    assert new not in [hit["file"]["id"] for hit in search(http, "string instrument", mode="meaning")]
    assert search(http, "farm vehicle", mode="meaning")[0]["file"]["id"] == new  # type: ignore[index]
    http.delete(f"/files/{new}").raise_for_status()
    assert new not in [hit["file"]["id"] for hit in search(http, "farm vehicle")]


@pytest.mark.filterwarnings("ignore::scopix.InsecureTransportWarning")
def test_by_the_sdk(server: InProcessServer, files: dict[str, str]) -> None:
    with SyncScopix(api_key=server.api_key, base_url=server.base_url) as client:
        found = client.files.search("Hund auf der Wiese", limit=1, include_details=True)
        assert (found.mode, found.limit, found.is_complete) == ("hybrid", 1, True)
        (hit,) = found.items
        assert hit.file.id == files["dog"] and hit.details is not None
        assert hit.details.upload_description == TEXTS["dog"]
        assert client.files.search("a dog", tags=["none"]).items == []
        with pytest.raises(ValidationError):
            client.files.search("   ")


def test_without_embeddings_it_goes_by_words(tmp_path: object, http: httpx2.Client) -> None:
    with serving(tmp_path / "data", search_by_meaning="false") as plain, plain.client() as client:  # type: ignore[operator]
        upload(client, encoded(picture(seed=1)), "harbour.png")
        answer = client.get("/search", params={"query": "harbour"}).json()
        assert (answer["mode"], len(answer["items"]), answer["is_complete"]) == ("words", 1, True)
        refused = client.get("/search", params={"query": "harbour", "mode": "meaning"})
        assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (422, "mode")


def test_conditions_in_the_query_hold_for_meaning_too(http: httpx2.Client, files: dict[str, str]) -> None:
    assert names(search(http, "puppy tag:dog"), files) == ["dog"]
    assert search(http, "puppy tag:boat", mode="meaning") == []
    assert search(http, "puppy -meadow", mode="meaning") == []
    assert search(http, 'puppy "floor plan"', mode="meaning") == []
    assert names(search(http, "tag:plan", mode="meaning"), files) == []
    assert names(search(http, "tag:plan"), files) == ["plan"]


def test_search_says_what_was_no_condition(http: httpx2.Client, files: dict[str, str]) -> None:
    found = http.get("/search", params={"query": "dog colour:red category:unheard"}).json()
    assert [note.partition(";")[0] for note in found["notes"]] == [
        "There is no field 'colour'",
        "There is no category 'unheard'",
    ]
    assert http.get("/search", params={"query": "dog"}).json()["notes"] == []
