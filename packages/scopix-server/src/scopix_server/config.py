"""Every setting, with its meaning: read from the environment, trimmed and checked.

A setting is taken from the command line, else from its `SCOPIX_*` variable, else from its default.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, FilePath, SecretStr, ValidationError
from pydantic_settings import SettingsError

from scopix_server.config_server import ServerSettings
from scopix_server.config_values import Headers, HttpUrl, SecretToken
from scopix_server.domain.redaction import header_secrets, register_secrets, url_secrets
from scopix_server.environment import environment_value, tracing_headers

__all__ = ["Settings", "read_settings"]


class Settings(ServerSettings):
    """The settings of a server and its workers."""

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

    ocr_other_scripts: str = Field(
        "auto",
        pattern=r"^[A-Za-z_/]+(\+[A-Za-z_/]+)*$",
        description="Languages of `tesseract`, where it is installed, for lines in other scripts: auto (all it has for "
        "scripts that are not read otherwise), off, or such as `rus+ell`.",
    )

    keywords_as_tags: bool = Field(
        False, description="Whether the first 20 keywords that people wrote into an image file become tags of it."
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
