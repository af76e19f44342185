"""Every setting, with its meaning. The only file that reads the environment.

A setting is taken from the command line, else from its `SCOPIX_*` variable, else from its default.
"""

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, FilePath, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "environment_value", "worker_environment"]

_MIB = 1024 * 1024
_WORKER_DEFAULTS = {
    # Huge pages, where the kernel gives them to who asks: memory comes in fewer pieces. It must be set before a process
    # starts; the rest of what is ruled about memory is in `jobs/heap.py`.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # One thread a process: more than cores halve the throughput, and native pools spin while they wait.
    "OMP_NUM_THREADS": "1",
}


# The settings that make up an entry of one engine.
_ENGINE_FIELDS = (
    "engine_kind",
    "engine_name",
    "engine_url",
    "engine_model",
    "engine_key",
    "engine_model_file",
    "engine_projector_file",
    "engine_concurrency",
    "engine_connect_seconds",
    "engine_total_seconds",
    "engine_image_side",
    "engine_jpeg_quality",
    "engine_max_tokens",
    "engine_temperature",
    "engine_price_in",
    "engine_price_out",
    "engine_headers",
    "engine_fallbacks",
)


class Settings(BaseSettings):
    """The settings of a server and its workers."""

    model_config = SettingsConfigDict(env_prefix="SCOPIX_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("scopix"),
        description="Folder for the database, the stored files, the keys of the server and its model cache.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Address of a PostgreSQL database, `postgresql://USER:PASSWORD@HOST:5432/DATABASE`; default: an "
        "SQLite file in the data folder.",
    )
    database_connections: int = Field(
        10, ge=2, le=1000, description="Connections to PostgreSQL that each process may hold for its own work."
    )
    link_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="What signs links, the same for all servers behind one address; default: one made at the first "
        "start and kept in the data folder.",
    )
    public_url: str | None = Field(
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
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="What is shown for /metrics as `Authorization: Bearer ...`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    max_file_bytes: int = Field(100 * _MIB, ge=1, description="Largest image in bytes.")
    max_document_bytes: int = Field(50 * _MIB, ge=1, description="Largest document in bytes.")
    max_batch_files: int = Field(200, ge=1, le=10_000, description="Files in one batch request.")
    max_batch_bytes: int = Field(2048 * _MIB, ge=1, description="Bytes of one batch request.")
    max_image_pixels: int = Field(200_000_000, ge=1, description="Images with more pixels are refused on their header.")
    work_pixels: int = Field(
        50_000_000, ge=100_000, description="Images with more pixels are reduced to about so many before they are read."
    )
    body_idle_seconds: float = Field(
        60.0, gt=0, description="An upload from which nothing arrives so long is given up."
    )
    reserved_disk_bytes: int = Field(256 * _MIB, ge=0, description="Uploads are refused when less disk would remain.")
    max_uploads_at_once: int = Field(256, ge=1, description="Uploads that each web process takes in at once.")
    max_tenant_uploads_at_once: int = Field(128, ge=1, description="Those of one tenant; its keys share them.")
    max_upload_bytes_at_once: int = Field(
        32 * 1024 * _MIB, ge=1, description="Bytes of the uploads that each web process takes in at once."
    )
    max_tenant_upload_bytes_at_once: int = Field(16 * 1024 * _MIB, ge=1, description="Those of one tenant.")
    durability: Literal["each", "none"] = Field(
        "each",
        description="each: an acknowledged file survives a power cut; none: it survives a crash of the process only.",
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
    sweep_minutes: float = Field(
        60.0, ge=0, description="So often a worker removes what had its time; 0: only `scopix-server sweep` does."
    )

    storage: Literal["local", "s3"] = Field(
        "local", description="Where files are stored: in the data directory, or in a bucket of any S3 server."
    )
    s3_bucket: str | None = Field(None, description="The bucket, when files are stored in one.")
    s3_region: str = Field("us-east-1", description="Its region.")
    s3_endpoint_url: str | None = Field(None, description="Address of the S3 server; default: Amazon's in the region.")
    s3_public_endpoint_url: str | None = Field(
        None, description="Address under which clients reach the S3 server, for links; default: the same."
    )
    s3_access_key_id: SecretStr | None = Field(None, description="Access key for the bucket.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret that belongs to the access key.")
    s3_force_path_style: bool | None = Field(
        None, description="Whether the bucket stands in the path of its addresses; default: not at Amazon's."
    )

    direct_uploads: Literal["server", "presigned"] = Field(
        "server",
        description="Where the parts of direct uploads go: to this server, or by presigned links straight into its "
        "bucket, which clients must then reach.",
    )

    encryption_key: SecretStr | None = Field(
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
    worker_memory_bytes: int | None = Field(
        None, ge=1_000_000_000, description="Address space such a process may use; default: no limit."
    )
    worker_stop_seconds: int = Field(10, ge=0, description="At shutdown, jobs under way may take so long to end.")
    server_stop_seconds: int = Field(10, ge=0, description="At shutdown, requests under way may take so long to end.")
    ocr_side: int = Field(
        1280,
        ge=320,
        le=4096,
        description="Longest side in pixels for finding text; 960 saves 150 MB a process.",
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

    engine_url: str | None = Field(
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
    engine_key: SecretStr | None = Field(None, description="API key of the endpoint.")
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
    engine_price_in: float = Field(0.0, ge=0, description="Price of a million tokens that the engine reads.")
    engine_price_out: float = Field(0.0, ge=0, description="Price of a million tokens that the engine writes.")
    engine_headers: dict[str, SecretStr] = Field(
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

    @property
    def engine_entry(self) -> dict[str, Any] | None:
        """The one engine of these settings, in the words of an entry of `engines_file`; None for none."""
        if self.engine_url is None and self.engine_kind == "openai":
            return None
        entry = {name.removeprefix("engine_"): getattr(self, name) for name in _ENGINE_FIELDS}
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
        given = self.database_url.get_secret_value().strip() if self.database_url else ""
        return given or f"sqlite:///{self.data_dir / 'scopix.db'}"


def worker_environment() -> dict[str, str]:
    """Return the environment for worker processes: ours, with defaults for what native libraries read from it."""
    return {**_WORKER_DEFAULTS, **os.environ}


def environment_value(name: str) -> str | None:
    """Return a variable of the environment that the operator's own file names, such as one with an engine's key."""
    return os.environ.get(name)
