"""Every setting, with its meaning: read from the environment, trimmed and checked.

A setting is taken from the command line, else from its `SCOPIX_*` variable, else from its default.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import platformdirs
from pydantic import Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from scopix_server.config_values import Headers, HttpUrl, SecretDatabase, SecretHeader, SecretText, SecretToken
from scopix_server.domain.redaction import header_secrets, register_secrets, url_secrets
from scopix_server.environment import environment_value, tracing_headers

__all__ = ["Settings", "read_settings"]

_KIB, _MIB = 1024, 1024 * 1024


class Settings(BaseSettings):
    """The settings of a server and its workers."""

    model_config = SettingsConfigDict(env_prefix="SCOPIX_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("scopix"),
        description="Folder for the database, the stored files, the keys of the server and its model cache.",
    )
    database_url: SecretDatabase = Field(
        None,
        description="Address of a PostgreSQL database, `postgresql://USER:PASSWORD@HOST:5432/DATABASE`; default: an "
        "SQLite file in the data folder.",
    )
    database_connections: int = Field(
        10, ge=2, le=1000, description="Connections to PostgreSQL that each process may hold for its own work."
    )
    link_secret: SecretText = Field(
        None,
        min_length=16,
        description="What signs links, the same for all servers behind one address; default: one made at the first "
        "start and kept in the data folder.",
    )
    public_url: HttpUrl = Field(
        None, description="Address under which clients reach the server, for links; default: the one they used."
    )
    log_format: Literal["console", "json"] = Field("console", description="How logs are written to standard error.")
    tracing: bool = Field(
        False,
        description="Whether traces are sent by OpenTelemetry, as the OTEL_* variables say; needs the extra `otel`.",
    )
    metrics: Literal["off", "local", "token", "open"] = Field(
        "local",
        description="Who may read /metrics: nobody, this machine alone, those who show `SCOPIX_METRICS_TOKEN`, or "
        "everybody who reaches the server.",
    )
    metrics_token: SecretHeader = Field(
        None, min_length=16, description="What is shown for /metrics as `Authorization: Bearer ...`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    max_file_bytes: int = Field(100 * _MIB, ge=1, description="Largest image in bytes.")
    max_document_bytes: int = Field(50 * _MIB, ge=1, description="Largest document in bytes.")
    max_document_pages: int = Field(5000, ge=1, description="Pages of a document that are read; of more it is told.")
    max_ocr_pages: int = Field(2000, ge=0, description="Those of a document that are read by their pictures, at most.")
    max_batch_files: int = Field(200, ge=1, le=10_000, description="Files in one batch request.")
    max_batch_bytes: int = Field(2048 * _MIB, ge=1, description="Bytes of one batch request.")
    max_image_pixels: int = Field(200_000_000, ge=1, description="Images with more pixels are refused on their header.")
    work_pixels: int = Field(
        50_000_000, ge=100_000, description="Images with more pixels are reduced to about so many before they are read."
    )
    max_connections: int = Field(
        1000,
        ge=16,
        description="Connections that each web process holds; when all are taken, idle ones make room. As many as the "
        "limit of open files allows, two for a connection.",
    )
    max_address_connections: int | None = Field(
        None, ge=1, description="Those of one address; default: any number, since behind a proxy all share its address."
    )
    max_url_bytes: int = Field(
        32 * _KIB, ge=1024, description="Longest address of a request with its query; a list of 500 ids takes 20 KiB."
    )
    max_header_bytes: int = Field(32 * _KIB, ge=1024, description="All headers of a request together.")
    header_seconds: float = Field(
        20.0, gt=0, description="A request's address and headers must have arrived within so long."
    )
    keep_alive_seconds: int = Field(
        30, ge=1, description="A connection on which nothing is asked for so long after an answer is closed."
    )
    send_idle_seconds: float = Field(
        60.0,
        gt=0,
        description="A client that takes no more of an answer for so long (48 KiB of a long one) is hung up on.",
    )
    body_idle_seconds: float = Field(
        60.0, gt=0, description="An upload from which nothing arrives so long is given up."
    )
    min_body_bytes_per_second: int = Field(
        _KIB,
        ge=0,
        description="An upload of which less arrives is given up; only time spent waiting for the client counts, each "
        "SCOPIX_BODY_IDLE_SECONDS of it. Four at once over a slow mobile network (GPRS, 5 KiB/s) still pass.",
    )
    reserved_disk_bytes: int = Field(256 * _MIB, ge=0, description="Uploads are refused when less disk would remain.")
    max_uploads_at_once: int = Field(
        256,
        ge=1,
        description="Uploads that each web process takes in at once. A tenant may have as many as are still free: one "
        "alone half of them, each of two a third, and whoever comes next finds room.",
    )
    max_tenant_uploads_at_once: int = Field(128, ge=1, description="Those of one tenant at most; its keys share them.")
    max_upload_bytes_at_once: int = Field(
        32 * 1024 * _MIB,
        ge=1,
        description="Bytes of the uploads that each web process takes in at once, shared in the same way.",
    )
    max_tenant_upload_bytes_at_once: int = Field(16 * 1024 * _MIB, ge=1, description="Those of one tenant at most.")
    durability: Literal["each", "none"] = Field(
        "each",
        description="each: what was acknowledged survives a power cut (file, folders, row, job); none: it survives the "
        "end of the process only. What PostgreSQL and an S3 server do is set there.",
    )

    max_direct_upload_bytes: int | None = Field(
        None,
        ge=1,
        description="Largest file of a direct upload in bytes, images and documents alike; default: the limits of the "
        "other uploads.",
    )
    deleted_files_days: float = Field(
        30.0, ge=0, description="Deleted files can be restored for so long; then they are removed for good."
    )
    session_days: float = Field(
        30.0, ge=7, description="Upload sessions can be asked about for so long after the last that happened in them."
    )
    job_days: float = Field(7.0, ge=0, description="Records of ended jobs are kept for so long.")
    orphan_hours: float = Field(
        24.0,
        ge=1,
        description="Stored objects that belong to no file are removed when so old; they are looked for as often.",
    )
    search_by_meaning: bool = Field(True, description="Whether texts are embedded, to be found by what they mean.")
    sweep_minutes: float = Field(
        60.0, ge=0, description="So often a worker removes what had its time; 0: only `scopix-server sweep` does."
    )

    storage: Literal["local", "s3"] = Field(
        "local", description="Where files are stored: in the data directory, or in a bucket of any S3 server."
    )
    s3_bucket: str | None = Field(None, description="The bucket, when files are stored in one.")
    s3_region: str = Field("us-east-1", description="Its region.")
    s3_endpoint_url: HttpUrl = Field(None, description="Address of the S3 server; default: Amazon's in the region.")
    s3_public_endpoint_url: HttpUrl = Field(
        None, description="Address under which clients reach the S3 server, for links; default: the same."
    )
    s3_access_key_id: SecretToken = Field(None, description="Access key for the bucket.")
    s3_secret_access_key: SecretToken = Field(None, description="Secret that belongs to the access key.")
    s3_force_path_style: bool | None = Field(
        None, description="Whether the bucket stands in the path of its addresses; default: not at Amazon's."
    )
    direct_uploads: Literal["server", "presigned"] = Field(
        "server",
        description="Where the parts of direct uploads go: to this server, or by presigned links straight into its "
        "bucket, which clients must then reach.",
    )

    encryption_key: SecretText = Field(
        None,
        description="Key that encrypts the credentials of tenants' buckets: 32 random bytes in base64 (`openssl rand "
        "-base64 32`); default: one made at need in the data directory. After a comma, earlier keys.",
    )
    allowed_addresses: str = Field(
        "",
        description="Hosts and networks, separated by commas, that tenants may name although they are not public.",
    )

    webhook_retry_seconds: str = Field(
        "5,300,1800,7200,18000,36000,36000",
        pattern=r"^[0-9]{1,7}(,[0-9]{1,7}){0,19}$",
        description="Pauses between attempts to deliver a message to a webhook; after the last one it is given up.",
    )

    default_plan: Literal["free", "starter", "professional", "enterprise", "custom"] = Field(
        "custom", description="Plan of the tenants that were given none; custom limits only the files of a batch."
    )
    plans: str | None = Field(
        None,
        description='Changed limits of plans: JSON such as `{"free": {"requests_per_minute": 20}}` (null: unlimited), '
        "or the path of a JSON file.",
    )
    categories_dir: Path | None = Field(
        None,
        description="Folder with categories of your own, a YAML or JSON file each; default: `categories` in the data "
        "directory, if there is one.",
    )
    failed_requests_per_minute: int = Field(
        300, ge=1, description="Requests without a valid API key that an address may make in a minute."
    )
    sensitive_requests_per_minute: int = Field(
        60, ge=1, description="Requests that make, change or deactivate API keys which a key may make in a minute."
    )

    worker_processes: int = Field(
        default_factory=lambda: max(1, min(4, os.cpu_count() or 1)),
        ge=1,
        description="Images looked at at once, each in a process of about 0.7 GB; default: the cores, at most 4.",
    )
    worker_jobs_per_process: int = Field(
        1000, ge=1, description="After so many jobs, two to an image, such a process is replaced."
    )
    worker_job_seconds: float = Field(180.0, gt=0, description="An image that takes longer is given up.")
    worker_memory_bytes: int = Field(
        2_500_000_000,
        ge=1_000_000_000,
        description="Address space such a process may use (Linux); the most that was measured is 1.7 GB.",
    )
    worker_stop_seconds: int = Field(10, ge=0, description="At shutdown, jobs under way may take so long to end.")
    server_stop_seconds: int = Field(10, ge=0, description="At shutdown, requests under way may take so long to end.")
    analyzer: Literal["builtin", "scripted"] = Field(
        "builtin",
        description="What looks at images: builtin, or for tests scripted: made up from a hash of the pixels.",
    )
    scripted_seconds: float = Field(0.0, ge=0, le=60, description="Seconds the scripted one sleeps over an image.")
    ocr_side: int = Field(
        1280, ge=320, le=4096, description="Longest side in pixels for finding text; 960 saves 150 MB a process."
    )
    ocr_runtime: Literal["auto", "openvino", "onnxruntime"] = Field(
        "auto", description="What runs the networks that read; auto is onnxruntime (`doctor` says why)."
    )
    ocr_recogniser_file: FilePath | None = Field(
        None, description="ONNX model that reads text, for other scripts than Latin, Chinese and Japanese."
    )
    ocr_symbols_file: FilePath | None = Field(
        None, description="Text file with that model's symbols, a line each, if the model does not hold them."
    )
    ocr_detector_file: FilePath | None = Field(
        None, description="ONNX model that finds lines of text; the default one finds them in any script."
    )

    engine_url: HttpUrl = Field(
        None,
        description="Base address of an OpenAI-compatible vision endpoint, such as `http://localhost:11434/v1`: images "
        "are described by that engine; text is read by the built-in one all the same.",
    )
    engine_kind: Literal["openai", "llama"] = Field(
        "openai", description="openai: the endpoint at `SCOPIX_ENGINE_URL`; llama: a model file, run on this machine."
    )
    engine_name: str = Field("vlm", description="What requests and versions call this engine.")
    engine_model: str | None = Field(
        None, description="Model as the endpoint knows it; for llama the name it was pulled under (`models list`)."
    )
    engine_key: SecretToken = Field(None, description="API key of the endpoint.")
    engine_model_file: Path | None = Field(None, description="For llama: a GGUF model, instead of a pulled one.")
    engine_projector_file: Path | None = Field(
        None, description="For llama: the projector that belongs to it (mmproj)."
    )
    engine_concurrency: int = Field(
        2, ge=1, le=256, description="Questions the engine is asked at once, over all workers; below its own limit."
    )
    engine_connect_seconds: float = Field(5.0, gt=0, description="Longest time to connect to the engine.")
    engine_total_seconds: float = Field(
        180.0, gt=0, description="Longest time from asking the engine to the last byte of its answer."
    )
    engine_image_side: int = Field(
        1024, ge=64, le=8192, description="Longest side in pixels of the copy of an image that the engine is sent."
    )
    engine_jpeg_quality: int = Field(82, ge=1, le=95, description="JPEG quality of that copy.")
    engine_max_tokens: int = Field(1024, ge=16, description="Tokens of one answer at most.")
    engine_temperature: float = Field(0.1, ge=0, le=2, description="Temperature of the answers.")
    engine_max_description: int = Field(
        1900, ge=50, le=4000, description="Characters of a description that the engine is asked for, and kept, at most."
    )
    engine_max_tags: int = Field(20, ge=0, le=40, description="Tags that it is asked for, and kept, at most.")
    engine_extra_body: dict[str, Any] = Field(
        default_factory=dict,
        description='Further members of each request\'s body, as JSON: `{"reasoning_effort": "low"}`, '
        '`{"chat_template_kwargs": {"enable_thinking": false}}`, `{"think": false}`.',
    )
    engine_later_seconds: float = Field(
        900.0,
        ge=0,
        le=86_400,
        description="How long an image is told to come later before its fallbacks are asked. While the engine answers "
        "nobody, images without a fallback wait for as long as it takes.",
    )
    engine_ca_file: Path | None = Field(
        None,
        description="PEM file of the authorities that the engine's certificate is checked against. Default: "
        "`SSL_CERT_FILE` and `SSL_CERT_DIR`, else the public ones.",
    )
    engine_client_certificate: Path | None = Field(
        None, description="PEM file of a client certificate for the engine, with its key or without."
    )
    engine_client_key: Path | None = Field(None, description="PEM file of that certificate's key, unencrypted.")
    engine_price_in: float = Field(0.0, ge=0, description="Price of a million tokens that the engine reads.")
    engine_price_out: float = Field(0.0, ge=0, description="Price of a million tokens that the engine writes.")
    engine_headers: Headers = Field(
        default_factory=dict, description='Further headers of each request, as JSON: `{"X-Team": "archive"}`.'
    )
    engine_fallbacks: list[str] = Field(
        default_factory=list,
        description='Engines that answer while it is unavailable, as JSON; `["builtin"]` is the built-in describer. '
        "Default: images wait for it.",
    )
    engines_file: Path | None = Field(
        None, description="File that lists several engines (YAML, JSON or TOML; see the guide to engines)."
    )
    first_answer: Literal["engine", "fast"] = Field(
        "engine",
        description="engine: a file is completed when its engine has answered; fast: the built-in description is given "
        "at once, and replaced when the engine answers. Both stay as versions.",
    )
    description_language: str = Field(
        "en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language that engines write in, such as `de` or `pt-BR`. The built-in describer writes English.",
    )
    engine_threads: int | None = Field(
        None, ge=1, description="For llama: threads of the model; default: as many as llama.cpp thinks right."
    )

    models_table: Path | None = Field(
        None, description="Another table of models for `models pull`, such as one that names a mirror of your own."
    )

    def model_post_init(self, context: Any, /) -> None:
        """Let nobody be shown what is secret in these settings."""
        texts = {name: value.get_secret_value() for name, value in self if isinstance(value, SecretStr)}
        # An address is no secret, and names hosts that errors should name; what is secret in it is.
        register_secrets(*url_secrets(texts.pop("database_url", "")), environment_value("PGPASSWORD"))
        register_secrets(*texts.pop("encryption_key", "").replace(",", " ").split(), *texts.values())
        headers = {name: value.get_secret_value() for name, value in self.engine_headers.items()}
        register_secrets(*header_secrets(headers), *header_secrets(tracing_headers()))

    def without_secrets(self) -> "Settings":
        """Return the settings for a process that has no use for a secret."""
        none: dict[str, Any] = {name: None for name, value in self if isinstance(value, SecretStr)}
        return self.model_copy(update={**none, "engine_headers": {}})

    @property
    def engine_entry(self) -> dict[str, Any] | None:
        """The one engine of these settings, in the words of an entry of `engines_file`; None for none."""
        if self.engine_url is None and self.engine_kind == "openai":
            return None
        # The number of threads is the machine's, and the same for all.
        names = [name for name in type(self).model_fields if name.startswith("engine_") and name != "engine_threads"]
        entry = {name.removeprefix("engine_"): getattr(self, name) for name in names}
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in entry.items() if value is not None
        }

    @property
    def own_categories(self) -> Path | None:
        """Where categories of one's own are, if anywhere."""
        usual = self.data_dir / "categories"
        return self.categories_dir or (usual if usual.is_dir() else None)

    @property
    def is_shared(self) -> bool:
        """Whether other servers and workers may be at work on the same database, and in the same folder."""
        return not self.database_address.startswith("sqlite")

    @property
    def database_address(self) -> str:
        """Where the files, the descriptions and the jobs are recorded. It may hold a password."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'scopix.db'}"
        given = self.database_url.get_secret_value()
        # Put away from the environment before anything connects, so the driver would not find it there.
        password = environment_value("PGPASSWORD")
        if password is None or not given.startswith("postgres") or url_secrets(given):
            return given
        return f"{given}{'&' if '?' in given else '?'}password={quote(password, safe='')}"


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment, with what the command line gave (None: nothing).

    Raises:
        ValueError: some cannot be used; the message says which and why, and holds no value of any.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        # Without what was given: it may be a secret.
        wrong = error.errors(include_input=False, include_url=False)
        messages = [
            f"SCOPIX_{'.'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in wrong
        ]
        raise ValueError("; ".join(messages)) from None
    except SettingsError as error:
        named = re.search(r'field "(\w+)"', str(error))
        raise ValueError(f"SCOPIX_{named[1].upper() if named else '...'}: it must be JSON, and this is none") from None
