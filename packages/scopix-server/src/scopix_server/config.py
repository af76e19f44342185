"""Every setting, with its meaning. The only file that reads the environment.

A setting is taken from the command line, else from its `SCOPIX_*` variable, else from its default.
"""

import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "worker_environment"]

_MIB = 1024 * 1024
_WORKER_DEFAULTS = {
    # Measured: glibc keeps the large blocks of one image's text recognition from the next one; handing them back at
    # once lowers the peak of a mixed run from 860 to 650 MB, for 5 to 10 % more CPU.
    "MALLOC_MMAP_THRESHOLD_": str(8 * _MIB),
    "MALLOC_TRIM_THRESHOLD_": str(8 * _MIB),
    # One thread a process: more than cores halve the throughput, and native pools spin while they wait.
    "OMP_NUM_THREADS": "1",
}


class Settings(BaseSettings):
    """The settings of a server and its workers."""

    model_config = SettingsConfigDict(env_prefix="SCOPIX_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("scopix"),
        description="Folder for the database, the stored files, the keys of the server and its model cache.",
    )
    public_url: str | None = Field(
        None, description="Address under which clients reach the server, for links; default: the one they used."
    )
    log_format: Literal["console", "json"] = Field("console", description="How logs are written to standard error.")
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

    default_plan: Literal["free", "starter", "professional", "enterprise", "custom"] = Field(
        "custom", description="Plan of the tenants that were given none; custom limits only the files of a batch."
    )
    plans: str | None = Field(
        None,
        description='Changed limits of plans: JSON such as `{"free": {"requests_per_minute": 20}}` (null: unlimited), '
        "or the path of a JSON file.",
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
    worker_jobs_per_process: int = Field(500, ge=1, description="After so many images such a process is replaced.")
    worker_job_seconds: float = Field(180.0, gt=0, description="An image that takes longer is given up.")
    worker_memory_bytes: int | None = Field(
        None, ge=1_000_000_000, description="Address space such a process may use; default: no limit."
    )
    worker_stop_seconds: int = Field(10, ge=0, description="At shutdown, jobs under way may take so long to end.")
    ocr_side: int = Field(
        1280,
        ge=320,
        le=4096,
        description="Longest side in pixels for finding text; 960 saves 150 MB a process.",
    )

    @property
    def database_url(self) -> str:
        """Where the files, the descriptions and the jobs are recorded."""
        return f"sqlite:///{self.data_dir / 'scopix.db'}"


def worker_environment() -> dict[str, str]:
    """Return the environment for worker processes: ours, with defaults for what native libraries read from it."""
    return {**_WORKER_DEFAULTS, **os.environ}
