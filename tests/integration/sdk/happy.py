"""A well-behaved Scopix, as far as the SDK needs one: routes for the misbehaving server when it behaves."""

from typing import Any

from tests.integration.sdk.faulty_server import FaultyServer, Reply, Seen, json_reply

IMAGE_ID = "0d9c2f7e-0000-4000-8000-000000000001"
UPLOADED = {
    "image_id": IMAGE_ID,
    "filename": "photo.png",
    "object_key": "t/0d/photo.png",
    "upload_method": "STREAMING",
    "status": "processing",
    "media_type": "image",
    "deduplicated": False,
    "description_status": "pending",
    "created_at": "2026-01-02T03:04:05Z",
    "invented_by_a_newer_server": [1, 2],
}
DETAILS = {
    "id": IMAGE_ID,
    "original_filename": "photo.png",
    "object_key": "t/0d/photo.png",
    "media_type": "image",
    "tags": ["mine", "kitchen"],
    "ai_tags": ["kitchen"],
    "upload_description": "A kitchen with a window.",
    "visible_text": "OPEN",
    "text_regions": [{"text": "OPEN", "bbox": {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.1}, "confidence": 0.98}],
    "description_status": "completed",
    "thumbnail_url": "http://127.0.0.1/thumb",
    "created_at": "2026-01-02T03:04:05Z",
}


def status_body(description: str, *, terminal: bool | None = None, **more: Any) -> dict[str, Any]:
    done = description in ("completed", "failed", "skipped")
    return {
        "image_id": IMAGE_ID,
        "unified_status": "completed" if done else "processing",
        "component_statuses": {"variant_status": "pending", "description_status": description},
        "is_terminal": done if terminal is None else terminal,
        **more,
    }


def behave(server: FaultyServer, *, states: tuple[str, ...] = ("completed",), **details: Any) -> None:
    """Accept uploads; answer status questions with `states` in turn, the last one for ever."""
    left = list(states)

    def status(_: Seen) -> Reply:
        return json_reply(status_body(left.pop(0) if len(left) > 1 else left[0]))

    server.routes |= {
        "POST /api/v2/files/upload": json_reply(UPLOADED, 201),
        f"GET /api/v2/files/{IMAGE_ID}": json_reply({**DETAILS, **details}),
        f"GET /api/v2/files/{IMAGE_ID}/processing-status": status,
    }
