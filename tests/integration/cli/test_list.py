"""`scopix list`: tables that fit, every filter, pages, and lines for programs."""

import pytest

from tests.integration.cli.files import json_lines, listed, put, put_many, widths
from tests.integration.sdk.faulty_server import json_reply
from tests.support.images import encoded, picture

NASTY = "\x1b[31mred\x1b[0m \x1b]0;owned\x07 [bold]x[/] \u202egpj \x9b2J"


@pytest.fixture(scope="module")
def many(scopix_server):
    """230 files, so that two pages are not enough."""
    return put_many(scopix_server, "many", 230)


@pytest.mark.parametrize("columns", [20, 40, 80, 120, 200])
def test_the_table_fits_the_terminal(real, scopix_server, columns):
    put(scopix_server, f"wide{columns}", name="東京" * 60 + ".png", title="A title " * 20)
    result = real("list", "--tag", f"wide{columns}", COLUMNS=str(columns))
    assert result.exit_code == 0
    assert widths(result.stdout) <= columns
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == "1 file\n"


def test_what_a_terminal_obeys_is_not_printed(real, scopix_server):
    file_id = put(scopix_server, "nasty", title=NASTY[:250])
    for arguments in (["list", "--tag", "nasty"], ["search", "owned"], ["get", file_id], ["show", file_id]):
        printed = real(*arguments, COLUMNS="200").stdout
        assert "[31mred" in printed
        assert "[bold]x[/]" in printed
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed), arguments
    for arguments in (["list", "--json", "--tag", "nasty"], ["search", "--json", "owned"], ["get", "--json", file_id]):
        assert real(*arguments).stdout.isascii()


def test_pages_and_all(real, many):
    first = real("list", "--tag", "many", "--sort", "uploaded", "--order", "asc", "--ids")
    assert first.stdout.split() == many[:20]
    assert first.stderr == "20 of 230 files; more with --offset 20 or --all\n"
    later = real(
        "list", "--tag", "many", "--sort", "uploaded", "--order", "asc", "--ids", "--offset", 5, "--limit", 210
    )
    assert later.stdout.split() == many[5:215]
    everything = real("list", "--tag", "many", "--sort", "uploaded", "--order", "asc", "--ids", "--all")
    assert everything.stdout.split() == many
    assert everything.stderr == "230 files\n"


def test_a_long_table_has_one_heading(real, many):
    result = real("list", "--tag", "many", "--all")
    lines = result.stdout.splitlines()
    assert len(lines) == 232
    assert [line.startswith("Id") for line in lines] == [True, *[False] * 231]
    # The columns of later pages stand under those of the first.
    assert len({line.index(" KB") for line in lines[2:]}) == 1


def test_json_has_what_the_api_says(real, scopix_server, many):
    result = real("list", "--tag", "many", "--limit", "3", "--json")
    items = json_lines(result.stdout)
    expected = listed(scopix_server, tags="many", limit=3)
    assert [item["id"] for item in items] == [item["id"] for item in expected]
    assert items[0]["filename"] == expected[0]["filename"]


def test_every_filter_narrows(real, scopix_server):
    plain = put(scopix_server, "narrow", name="plain.png")
    photo = put(
        scopix_server, "narrow,second", encoded(picture(64, 64, 3)), "photo.png", describe=True, content_category="map"
    )
    text = put(scopix_server, "narrow", b"some plain words\n", "notes.txt", title="Zeta")

    def found(*arguments):
        result = real("list", "--tag", "narrow", "--ids", *arguments)
        assert result.exit_code == 0, result.stderr
        return set(result.stdout.split())

    assert found() == {plain, photo, text}
    assert found("--tag", "second") == {photo}
    assert found("--described") == {photo}
    assert found("--not-described") == set()
    assert found("--status", "completed") == {photo}
    assert found("--status", "skipped", "--status", "completed") == {plain, photo, text}
    assert found("--media-type", "document") == {text}
    assert found("--category", "map", "--category", "mining") == {photo}
    assert found("--id", plain, "--id", text) == {plain, text}
    assert found("--search", "zeta") == {text}
    assert found("--search", "zeta", "--in", "visible-text") == set()
    assert found("--since", "2020-01-01") == {plain, photo, text}
    assert found("--until", "2020-01-01") == set()
    assert found("--since", "2999-01-01T10:00+02:00") == set()
    ordered = real("list", "--tag", "narrow", "--ids", "--sort", "size", "--order", "asc").stdout.split()
    assert ordered[0] == text
    assert real("list", "--tag", "narrow", "--ids", "--sort", "title").stdout.split()[0] == text


def test_a_day_counts_to_its_end(real, scopix_server):
    file_id = put(scopix_server, "today")
    day = listed(scopix_server, tags="today")[0]["created_at"][:10]
    for options in (["--since", day, "--until", day], ["--since", day], ["--until", day]):
        assert real("list", "--tag", "today", "--ids", *options, TZ="UTC").stdout.split() == [file_id], options


def test_why_there_is_no_description_stands_under_the_name(run, server):
    item = {"id": "a" * 8, "filename": "x.png", "description_status": "failed", "description_error": "too \x1bdark"}
    server.routes["GET /api/v2/files"] = json_reply({"items": [item], "total_count": 1, "has_more": False})
    lines = run("list").stdout.splitlines()
    assert "failed" in lines[2]
    assert "too dark" in lines[3]


def test_an_unknown_word_of_a_newer_server_is_shown(run, server):
    item = {"id": "a" * 8, "filename": "x.png", "description_status": "dreaming"}
    server.routes["GET /api/v2/files"] = json_reply({"items": [item], "total_count": 1, "has_more": False})
    assert "dreaming" in run("list").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "yesterday"],
        ["--until", "0001-01-01T00:00+14:00"],
        ["--limit", "0"],
        ["--offset", "-1"],
        ["--status", "lost"],
        ["--media-type", "song"],
        ["--category", "song"],
        ["--sort", "age"],
        ["--in", "dreams"],
    ],
)
def test_wrong_usage(run, server, arguments):
    result = run("list", *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr
    assert server.seen == []


def test_too_many_ids_are_refused_by_the_server(real):
    ids = [part for _ in range(501) for part in ("--id", "x")]
    result = real("list", *ids)
    assert result.exit_code == 1
    assert "500" in result.stderr


def test_no_connection_and_a_wrong_key(run, server, real):
    server.stop()
    assert run("list").exit_code == 3
    assert real("list", SCOPIX_API_KEY="scopix_" + "x" * 40).exit_code == 3


def test_nothing_found(real):
    result = real("list", "--tag", "nobody has this")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 files\n")
