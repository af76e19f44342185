"""`scopix tag`, `edit`, `open`, `keys` and `webhooks`, against a real server."""

import re
import webbrowser
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.cli.files import json_lines, listed, put, widths
from tests.support.inprocess import InProcessServer

NOBODY = "00000000-0000-4000-8000-000000000000"


def details(server: InProcessServer, file_id: str) -> dict:
    with server.client() as http:
        return http.get(f"/files/{file_id}").json()


def test_tags_are_added_and_taken_off(real: Run, scopix_server: InProcessServer) -> None:
    first, second = put(scopix_server, "tagging,old", describe=True), put(scopix_server, "tagging")
    own = details(scopix_server, first)["ai_tags"]
    done = real("tag", first[:8], second, NOBODY, "--add", "roof, site", "--remove", "old")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "3 files: 2 tagged, 1 failed"
    changed = details(scopix_server, first)
    assert [tag for tag in changed["tags"] if tag not in own] == ["tagging", "roof", "site"]
    assert changed["ai_tags"] == own and set(own) <= set(changed["tags"])
    again = real("tag", second, "--add", "site", "--json")
    assert [line["state"] for line in json_lines(again.stdout)] == ["unchanged"]
    ids = real("list", "--tag", "roof", "--ids")
    assert real("tag", "-", "--remove", "roof", stdin=ids.stdout).exit_code == 0
    assert listed(scopix_server, tags="roof") == []
    assert "--add or --remove" in real("tag", first).stderr


def test_a_file_is_edited(real: Run, scopix_server: InProcessServer) -> None:
    file_id = put(scopix_server, "editing", describe=True)
    done = real(
        "edit", file_id[:8], "--title", "Ground floor", "--tags", "a,b", "--description", "-", stdin="Better.\n"
    )
    assert done.exit_code == 0, done.stderr
    changed = details(scopix_server, file_id)
    assert (changed["title"], changed["tags"][:2]) == ("Ground floor", ["a", "b"])
    assert changed["upload_description"] == "Better."
    (shown,) = json_lines(real("edit", file_id, "--title", "", "--json").stdout)
    assert shown["title"] in (None, "")
    for empty in (("--description", ""), ("--description", "-")):
        refused = real("edit", file_id, *empty, stdin="")
        assert refused.exit_code == 2 and "--allow-empty" in refused.stderr
    (shown,) = json_lines(real("show", file_id, "--json").stdout)
    assert shown["upload_description"] == "Better."
    assert real("edit", file_id, "--description", "", "--allow-empty").exit_code == 0
    nothing = real("edit", file_id)
    assert nothing.exit_code != 0 and "say what is to change" in nothing.stderr


def test_a_file_is_opened(real: Run, scopix_server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id, opened = put(scopix_server, "opening"), []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert real("open", file_id[:8]).stdout == ""
    assert opened == [f"{scopix_server.root}/files/{file_id}"]
    assert real("open", file_id, "--print").stdout.strip() == opened[0]
    assert "/content/" in real("open", file_id, "--original", "--print").stdout
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert real("open", file_id).stdout.strip() == opened[0]  # where there is no browser
    assert len(opened) == 1


@pytest.mark.parametrize("columns", ["80", "120"])
def test_keys_are_made_listed_and_revoked(real: Run, columns: str) -> None:
    name = f"of a shell {columns}"
    made = real("keys", "create", name, "--scope", "read", "--expires", "2999-01-31T12:00:00Z")
    assert made.exit_code == 0, made.stderr
    key = made.stdout.splitlines()[-1]
    assert re.fullmatch(r"scopix_[\w-]{20,}", key)
    assert real("list", "--limit", "1", SCOPIX_API_KEY=key).exit_code == 0
    shown = real("keys", COLUMNS=columns).stdout
    assert name in shown and "2999-01-31" in shown and key not in shown
    assert widths(shown) <= int(columns)
    (one,) = [line for line in json_lines(real("keys", "--json").stdout) if line["name"] == name]
    assert real("keys", "revoke", one["id"], "--reason", "lost").exit_code == 0
    assert real("list", SCOPIX_API_KEY=key).exit_code == 3
    assert name not in real("keys").stdout
    assert "revoked" in real("keys", "--all").stdout


def test_webhooks_are_made_listed_and_removed(real: Run) -> None:
    made = real("webhooks", "create", "http://127.0.0.1:9/hook", "--event", "file.failed", "--json")
    assert made.exit_code == 0, made.stderr
    (hook,) = json_lines(made.stdout)
    assert hook["secret"].startswith("whsec_")
    shown = real("webhooks").stdout
    assert hook["id"][:8] in shown and "file.failed" in shown and "active" in shown
    assert hook["secret"] not in shown
    assert real("webhooks", "ping", hook["id"]).exit_code == 0
    (sent,) = json_lines(real("webhooks", "deliveries", hook["id"], "--json").stdout)
    assert sent["event_type"] == "webhook.ping"
    assert "webhook.ping" in real("webhooks", "deliveries", hook["id"], COLUMNS="120").stdout
    assert real("webhooks", "delete", hook["id"]).exit_code == 0
    assert real("webhooks", "ping", hook["id"]).exit_code == 1


def test_the_vocabulary_is_kept_and_applied(real: Run, scopix_server: InProcessServer, tmp_path: Path) -> None:
    file_id = put(scopix_server, "vocabulary", describe=True)
    (terms := tmp_path / "terms.txt").write_text("# ours\nanything: picture, photo\nhard hat\n")
    assert real("tags", "vocabulary", "set", terms, "--mode", "only").exit_code == 0
    assert real("tags", "vocabulary", "add", "hard hats", "--synonym", "safety helmet").exit_code == 0
    shown = real("tags", "vocabulary")
    assert shown.stdout.splitlines() == ["anything: picture, photo", "hard hat: safety helmet"]
    (kept,) = json_lines(real("tags", "vocabulary", "--json").stdout)
    assert kept["mode"] == "only"
    (done,) = json_lines(real("tags", "vocabulary", "apply", "--json").stdout)
    assert done["examined"] >= done["changed"] > 0
    (details,) = json_lines(real("show", file_id, "--json").stdout)
    assert set(details["ai_tags"]) <= {"anything", "hard hat"}
    assert real("tags", "vocabulary", "suggest").exit_code == 0
    assert "stands for both" in real("tags", "vocabulary", "add", "photo").stderr
    assert real("tags", "vocabulary", "remove", "nothing").exit_code == 1
    # What `--json` prints is taken back, and an empty list gives the tags back.
    (copy := tmp_path / "copy.json").write_text(real("tags", "vocabulary", "--json").stdout)
    assert real("tags", "vocabulary", "set", copy).exit_code == 0
    (tmp_path / "none.txt").write_text("")
    assert real("tags", "vocabulary", "set", tmp_path / "none.txt", "--mode", "free").exit_code == 0
    assert real("tags", "vocabulary", "apply").exit_code == 0
    (details,) = json_lines(real("show", file_id, "--json").stdout)
    assert "hard hat" not in details["ai_tags"]


def test_rules_are_tried_made_and_what_waits_is_decided(
    real: Run, scopix_server: InProcessServer, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "name: look\ntrigger: described\nfilter: title:looked-at\nactions: [{do: review, reason: please}]\n"
    )
    tried = real("rules", "check", file)
    assert tried.exit_code == 0 and "look: 0 of" in tried.stderr and "review queue" in tried.stderr
    assert real("rules", "add", file).exit_code == 0
    assert "is there already" in real("rules", "add", file).stderr
    (rule,) = json_lines(real("rules", "--json").stdout)
    assert "look: described [title:looked-at] -> review" in real("rules").stdout
    file_id = put(scopix_server, "rules", title="looked-at", describe=True)
    (waiting,) = json_lines(real("review", "--json").stdout)
    assert (waiting["image_id"], waiting["reason"]) == (file_id, "please")
    assert file_id[:8] in real("rules", "runs").stdout
    assert real("review", "correct", waiting["id"], "--description", "Looked at.").exit_code == 0
    assert real("review", "accept", waiting["id"]).exit_code == 1
    assert real("review").stdout == ""
    (shown,) = json_lines(real("show", file_id, "--json").stdout)
    assert shown["upload_description"] == "Looked at."
    assert real("rules", "delete", rule["id"]).exit_code == 0
    file.write_text("name: [")
    assert real("rules", "check", file).exit_code == 2
