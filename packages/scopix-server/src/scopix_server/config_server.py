"""The settings of a server: where it listens and keeps things, what it takes, and how much of it.

What workers and engines are told is in `config.py`, which adds it.
"""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from scopix_server.config_values import HttpUrl, SecretDatabase, SecretHeader, SecretText, SecretToken

__all__ = ["ServerSettings"]

_KIB = 1024
_MIB = 1024 * _KIB


class ServerSettings(BaseSettings):
    """The settings of the web process, and what it shares with the workers."""

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
    max_image_pixels: int | None = Field(
        None,
        ge=1,
        le=2_000_000_000,
        description="Images with more pixels are refused on their header; default: 200 million, and 2,000 million, the "
        "most that is read in 700 MB, where `SCOPIX_MAX_FILE_BYTES` or that of direct uploads is above its default.",
    )
    tile_pixels: int = Field(
        50_000_000,
        ge=0,
        description="Images with more pixels get deep-zoom tiles, which take about a tenth to a half of the original's "
        "bytes; 0: none do. A browser shows smaller ones itself, in 200 MB.",
    )
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
    vector_memory_mib: int = Field(
        512, ge=0, description="MiB in which a server keeps vectors that are searched, of images and of texts."
    )
    sweep_minutes: float = Field(
        60.0, ge=0, description="So often a worker removes what had its time; 0: only `scopix-server sweep` does."
    )

    inspection_minutes: float = Field(
        10.0,
        ge=0,
        description="So long a day a worker compares stored files with what they were when they came; it goes on where "
        "it was. 0: only `scopix-server records inspect` does.",
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

    cors_origins: str = Field(
        "",
        pattern=r"^\s*(\*|https?://[A-Za-z0-9.:\[\]-]+(\s*,\s*https?://[A-Za-z0-9.:\[\]-]+)*)?\s*$",
        description="Origins whose pages may use the API from a browser, such as `https://app.example`, separated by "
        "commas; `*` for all. The page of the server itself needs none.",
    )
    fetch_urls: bool = Field(
        True,
        description="Whether `POST /images/analyze` fetches pictures whose address it is given. Addresses that are not "
        "public are refused, unless the list above names them.",
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

    @property
    def image_pixels(self) -> int:
        """The largest image in pixels. Who takes larger files than usual has sheets to put in."""
        if self.max_image_pixels is not None:
            return self.max_image_pixels
        usual = ServerSettings.model_fields["max_file_bytes"].default
        takes_large_files = max(self.max_file_bytes, self.max_direct_upload_bytes or 0) > usual
        return 2_000_000_000 if takes_large_files else 200_000_000

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of `cors_origins`, one by one."""
        return tuple(one.strip() for one in self.cors_origins.split(",") if one.strip())
