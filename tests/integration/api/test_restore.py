"""A file that is deleted while it waits, and restored when its jobs have come and gone, is described all the same."""

from pathlib import Path

import pytest

from tests.support.images import encoded, picture
from tests.support.inprocess import serving
from tests.support.waiting import wait_until, wait_until_described, wait_until_over


@pytest.mark.parametrize("describe", ["true", "false"])
def test_a_file_restored_after_its_job_found_it_deleted_goes_on(tmp_path: Path, describe: str) -> None:
    form = {"files": ("a.png", encoded(picture()))}
    with serving(tmp_path, worker=False) as server, server.client() as http:
        session = http.post("/files/upload/batch", files=form, data={"auto_describe": describe}).json()["session_id"]
        (file_id,) = server.setup.rows("SELECT file_id FROM session_files")[0]
        assert http.delete(f"/files/{file_id}").status_code == 200
    with serving(tmp_path) as server, server.client() as http:
        wait_until(lambda: server.setup.rows("SELECT DISTINCT status FROM workflow_status") == [("SUCCESS",)])
        assert http.post(f"/files/{file_id}/restore").status_code == 200
        # Nothing of it is done when the answer is given, and it is not taken for something that stands still.
        wait_until_described(http, file_id)
        query = "SELECT description_status, variant_status FROM files"
        wanted = ("completed" if describe == "true" else "skipped", "completed")
        wait_until(lambda: server.setup.rows(query) == [wanted])
        assert wait_until_over(http, session)["status"] == "completed"
        assert http.post(f"/files/{file_id}/describe").status_code == 202
