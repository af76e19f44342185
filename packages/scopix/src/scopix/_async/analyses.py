"""One request with a picture, answered with what was seen on it."""

import uuid
from collections.abc import Sequence
from typing import Any

from scopix._async.finding import AsyncFinding
from scopix._concurrency import run_blocking_async
from scopix._errors import ValidationError
from scopix._multipart import FormBody
from scopix._request import Request, json_body, parse_response
from scopix._results import result_from_details, with_request_id
from scopix._upload import UploadFields, prepare_part
from scopix.types.files import ImageAnalysis
from scopix.types.results import UploadResult
from scopix.types.vocabulary import ContentCategory, StorageTarget

__all__ = ["AsyncAnalyses"]


class AsyncAnalyses(AsyncFinding):
    """The part of `client.files` that takes and describes a picture at once."""

    async def analyze(
        self,
        file: Any = None,
        *,
        url: str | None = None,
        filename: str | None = None,
        timeout: float = 30.0,
        content_category: ContentCategory | str = ContentCategory.GENERAL,
        storage_target: StorageTarget | str = StorageTarget.DEFAULT,
        title: str | None = None,
        tags: Sequence[str] | None = None,
        skip_duplicates: bool = False,
        folder_id: str | None = None,
        project_id: str | None = None,
        custom_schema_id: str | None = None,
    ) -> UploadResult:
        """Send one picture, and get back what was seen on it: one request, where `upload` makes several.

        `file` is what `upload` takes, up to 100 MiB; or the server fetches it from a public `url`. It is stored
        either way. The server waits for `timeout` seconds (0 to 60): a description that takes longer is still pending
        in the result, and `wait_for_description` has it later. The other arguments are those of `upload`.

        Raises `ValidationError`, also for an address that the server does not call or that leads to no picture, and
        the server's errors.
        """
        if (file is None) == (url is None):
            raise ValidationError("give a file or a url, one of them", details={"field": "file"})
        fields = UploadFields(
            content_category=content_category,
            storage_target=storage_target,
            auto_describe=True,
            skip_duplicates=skip_duplicates,
            title=title,
            tags=tags,
            folder_id=folder_id,
            project_id=project_id,
            custom_schema_id=custom_schema_id,
        )
        body, content = None, None
        if url is None:
            part = await run_blocking_async(lambda: prepare_part(file, filename, fields))
            pairs = [pair for pair in fields.to_pairs() if pair[0] != "auto_describe"]
            body = FormBody([*pairs, ("timeout", f"{timeout:g}")], [part])
        else:
            options = {name: value for name, value in fields.to_json().items() if name != "auto_describe"}
            named = {} if filename is None else {"filename": filename}
            content = json_body({**options, **named, "url": url, "timeout": timeout})
        request = Request(
            method="POST",
            url=f"{self._config.url}/images/analyze",
            endpoint="POST /images/analyze",
            body=body,
            content=content,
            # One key for all attempts: a retry after a lost answer must not store the picture twice.
            idempotency_key=uuid.uuid4().hex,
            # The server waits, and may fetch the picture before that.
            extra_seconds=timeout + (0 if url is None else 30),
        )
        answer = parse_response(ImageAnalysis, await self._transport.send(request))
        return with_request_id(result_from_details(answer), answer.request_id)
