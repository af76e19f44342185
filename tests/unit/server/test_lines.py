"""Lines of tenants: who waits for how many of whom."""

import threading

from scopix_server.db.lines import Lines


def test_a_tenant_waits_for_one_item_of_each_other() -> None:
    lines: Lines[str] = Lines()
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        lines.put(name[0], name)
    taken = [lines.take(wait=False) for _ in range(2)]
    lines.put("d", "d1")
    taken += [lines.take(wait=False) for _ in range(6)]
    assert taken == ["a1", "b1", "c1", "a2", "b2", "d1", "a3", None]


def test_what_is_there_is_taken_after_the_end() -> None:
    lines: Lines[str] = Lines()
    lines.put("a", "a1")
    lines.close()
    assert [lines.take(wait=True) for _ in range(2)] == ["a1", None]


def test_who_waits_is_woken() -> None:
    lines: Lines[str] = Lines()
    taken: list[str | None] = []
    thread = threading.Thread(target=lambda: taken.append(lines.take(wait=True)))
    thread.start()
    lines.put("a", "a1")
    thread.join(30)
    assert taken == ["a1"]
