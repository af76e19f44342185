"""GET /metrics: the length of the queue, and who may look. What workers measure is tested with real ones."""

from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.images import encoded, picture
from tests.support.inprocess import InProcessServer, serving

TOKEN = "a-token-for-the-figures"


class Metrics:
    """The samples of one look at /metrics."""

    def __init__(self, text: str) -> None:
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name with these labels."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(s.labels) for s in self.samples if s.name == name]


def look(server: InProcessServer, **headers: str) -> Metrics:
    answer = httpx2.get(f"{server.root}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    return Metrics(answer.text)


def test_the_length_of_the_queue_and_the_age_of_its_oldest(tmp_path: Path, database: str) -> None:
    with serving(tmp_path, database=database, worker=False) as server, server.client() as http:
        ids = [
            http.post("/files/upload", files={"file": ("a.png", encoded(picture(seed=n)))}).json()["image_id"]
            for n in range(3)
        ]
        plain = {"files": {"file": ("a.png", encoded(picture(seed=9)))}, "data": {"auto_describe": "false"}}
        http.post("/files/upload", **plain)
        server.setup.rows("UPDATE files SET created_at = '2020-01-01T00:00:00.000000Z' WHERE id = ?", ids[0])
        server.setup.rows("UPDATE files SET description_status = 'processing' WHERE id = ?", ids[1])
        found = look(server)
        assert found.value("scopix_jobs", kind="describe", state="waiting") == 2
        assert found.value("scopix_jobs", kind="describe", state="running") == 1
        assert found.value("scopix_jobs", kind="render", state="waiting") == 1
        assert found.value("scopix_oldest_job_seconds", kind="describe") > 5 * 365 * 86400
        assert found.value("scopix_oldest_job_seconds", kind="render") < 3600
        assert found.value("scopix_workers_alive") == 0


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({"metrics": "off"}, {}, 404),
        ({"metrics": "open"}, {"X-Forwarded-For": "203.0.113.7"}, 200),
        ({"metrics": "token", "metrics_token": TOKEN}, {}, 401),
        ({"metrics": "token", "metrics_token": TOKEN}, {"Authorization": "Bearer wrong"}, 401),
        ({"metrics": "token", "metrics_token": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_who_else_may_look_is_a_setting(tmp_path: Path, settings: dict, headers: dict, status: int) -> None:
    with serving(tmp_path, worker=False, **settings) as server:
        assert httpx2.get(f"{server.root}/metrics", headers=headers).status_code == status
        assert TOKEN not in server.log
