"""Parts of a screen: code, logs, states, values and paths are no messages, fields, actions or headings."""

from typing import Any

from scopix_server.categories.builtin.screenshot import extract
from tests.support.perceptions import Written, page


def found(*lines: Written) -> dict[str, Any]:
    return extract(page(lines)).data


def test_code_and_logs_hold_no_fields_messages_or_actions() -> None:
    code: list[Written] = [
        ("@Workflow()", 300, 100),
        ("export class Hello {", 300, 140),
        ("name: string;", 300, 180),
        ("} catch (error) {", 300, 220),
        ("logger.error('Failed to update the stock');", 300, 260),
        ("2024-02-27 22:15:24 app: Migration successful", 300, 300),
        ("Local: helloTransaction", 40, 340),
    ]
    assert not {"fields", "messages", "actions"} & set(found(*code))


def test_a_message_is_a_sentence_and_ok_a_button_once() -> None:
    rows: list[Written] = [
        row for n in range(4) for row in ((f"step {n}", 300, 300 + 60 * n), ("OK", 700, 300 + 60 * n))
    ]
    said = found(("Run history", 300, 60, 40), ("Connection to the server failed", 300, 200), *rows)
    assert said["messages"] == ["Connection to the server failed"] and "actions" not in said
    assert found(("Delete it?", 300, 60, 40), ("It cannot be undone", 300, 200), ("OK", 700, 400))["actions"] == ["OK"]


def test_headings_stand_alone_and_paths_are_no_names() -> None:
    lines: list[Written] = [("/ Logs / app-logs", 20, 20, 30), ("Retention rules", 300, 120, 40)]
    lines += [
        ("24", 300, 300),
        ("hours", 400, 300, 30),
        ("Rows kept", 300, 400, 30),
        ("a line of plain words", 300, 480),
    ]
    lines += [(f"line {n} of plain words", 300, 540 + 40 * n) for n in range(5)]
    said = found(*lines)
    assert said["headings"] == ["Retention rules", "Rows kept"] and "application" not in said
