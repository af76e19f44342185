"""Which engines there are: from the settings, or from a file that lists several.

engines:
  - name: big
    url: http://gpu-1:8000/v1
    model: Qwen/Qwen3-VL-8B-Instruct
    key_env: GPU_KEY
    weight: 3
    fallbacks: [small]
  - name: small
    url: http://localhost:11434/v1
    model: qwen3-vl:2b
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from scopix_server.domain.engine_choice import EngineChoice
from scopix_server.domain.engines import BUILTIN, HUMAN, EngineSpec, VisionEngine
from scopix_server.domain.settings_checks import check_header_name, check_header_value, check_http_url, check_token

__all__ = ["SecretOf", "build_engine", "read_engines"]

SecretOf = Callable[[str], str | None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PROXY_SCHEMES = ("socks5h", "socks5", "https", "http")
# What is asked about, of whom, and how the answer comes back.
_OUR_MEMBERS = frozenset({"messages", "model", "stream", "response_format", "n", "tools", "functions"})


class _Entry(BaseModel):
    """One engine as it is written down."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Literal["openai", "llama", "builtin"] = "openai"
    url: str = ""
    model: str = Field("", max_length=255)
    key: SecretStr | None = None
    key_env: str | None = None
    weight: float | None = Field(None, ge=0, le=1_000_000)
    fallbacks: list[str] = Field(default_factory=list, max_length=16)
    fallback_for: list[str] = Field(default_factory=list, max_length=16)
    concurrency: int = Field(2, ge=1, le=256)
    connect_seconds: float = Field(5.0, gt=0, le=300)
    total_seconds: float = Field(180.0, gt=0, le=3600)
    image_side: int = Field(1024, ge=64, le=8192)
    jpeg_quality: int = Field(82, ge=1, le=95)
    price_in: float = Field(0.0, ge=0)
    price_out: float = Field(0.0, ge=0)
    max_tokens: int = Field(1024, ge=16, le=1_000_000)
    temperature: float = Field(0.1, ge=0, le=2)
    max_description: int = Field(1900, ge=50, le=4000)
    extra_body: dict[str, Any] = Field(default_factory=dict, max_length=32)
    max_tags: int = Field(20, ge=0, le=40)
    later_seconds: float = Field(900.0, ge=0, le=86_400)
    headers: dict[str, SecretStr] = Field(default_factory=dict, max_length=32)
    proxy: SecretStr | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    model_file: str | None = None
    projector_file: str | None = None
    context_tokens: int = Field(8192, ge=1024, le=1_000_000)
    idle_seconds: float = Field(300.0, ge=0)

    @field_validator("url", mode="after")
    @classmethod
    def _address(cls, url: str) -> str:
        return check_http_url(url) if url else url

    @field_validator("key", mode="after")
    @classmethod
    def _key(cls, key: SecretStr | None) -> SecretStr | None:
        return key and SecretStr(check_token(key.get_secret_value()))

    @field_validator("proxy", mode="after")
    @classmethod
    def _proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        return proxy and SecretStr(check_http_url(proxy.get_secret_value(), schemes=_PROXY_SCHEMES, with_user=True))

    @field_validator("headers", mode="after")
    @classmethod
    def _headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {
            check_header_name(name): SecretStr(check_header_value(value.get_secret_value()))
            for name, value in headers.items()
        }

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "_Entry":
        if not _NAME.fullmatch(self.name):
            raise ValueError("a name has 1 to 64 letters, digits, dots, dashes and underscores")
        if self.name == HUMAN or (self.name == BUILTIN) != (self.kind == BUILTIN):
            raise ValueError(f"the name '{self.name}' is taken: '{BUILTIN}' is the built-in describer's alone")
        if self.kind == "openai" and not self.url:
            raise ValueError("an engine needs a url: http(s)://HOST[:PORT]/PATH")
        self.url = self.url.rstrip("/").removesuffix("/chat/completions")
        if ours := sorted(_OUR_MEMBERS & self.extra_body.keys()):
            raise ValueError(f"extra_body cannot hold {', '.join(ours)}: these are what the server asks with")
        if self.client_key and not self.client_certificate:
            raise ValueError("a client_key needs its client_certificate")
        if self.kind == "llama" and bool(self.model_file) != bool(self.projector_file):
            raise ValueError("a model_file needs its projector_file, and the other way round")
        if self.kind == "llama" and not (self.model or self.model_file):
            raise ValueError("a llama engine needs a model that was pulled, or model_file and projector_file")
        return self


def read_engines(
    single: Mapping[str, Any] | None, file: Path | None, secret_of: SecretOf, models: Callable[[str], tuple[str, str]]
) -> EngineChoice:
    """Return the engines that are configured.

    Args:
        single: the one engine of the settings, in the words of an entry; None for none.
        file: lists several, as YAML, JSON or TOML.
        secret_of: returns an environment variable.
        models: returns the GGUF pair of a model that was pulled, whether it is there or not. Raises LookupError for
            a name that nobody knows.

    Raises:
        ValueError: something is wrong with an entry; the message says where.
    """
    entries = [] if single is None else [("the settings", dict(single))]
    if file is not None:
        entries += [(f"entry {number} of {file}", raw) for number, raw in enumerate(_listed(file), start=1)]
    read = [_entry(where, raw) for where, raw in entries]
    names = [entry.name for entry in read]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two engines are called '{name}'")
    known = {*names, BUILTIN}
    for entry in read:
        for other in (*entry.fallbacks, *entry.fallback_for):
            if other not in known:
                raise ValueError(f"the engine '{entry.name}' names '{other}', which is not there")
    return EngineChoice(tuple(_spec(entry, read, secret_of, models) for entry in read))


def build_engine(
    spec: EngineSpec, *, threads: int | None = None, environment: Mapping[str, str] | None = None
) -> VisionEngine:
    """Build what talks to an engine. Nothing is asked and nothing is loaded yet.

    Args:
        threads, environment: of the process of a local model; see `LlamaEngine`.
    """
    # Loaded by who asks engines: the web process only needs their names.
    if spec.kind == "llama":
        from scopix_server.vlm.llama import LlamaEngine

        return LlamaEngine(spec, threads=threads, environment=environment)
    from scopix_server.vlm.openai_compatible import OpenAICompatibleEngine

    return OpenAICompatibleEngine(spec)


def _listed(file: Path) -> list[Any]:
    try:
        text = file.read_text()
    except OSError as error:
        raise ValueError(f"the file '{file}' cannot be read: {error.strerror}") from None
    try:
        if file.suffix == ".toml":
            found: Any = tomllib.loads(text)
        elif file.suffix == ".json":
            found = json.loads(text)
        else:
            found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        # The library's message quotes the line, which may hold a key.
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise ValueError(f"the file '{file}' cannot be understood{where}: {problem or 'it is no YAML'}") from None
    except ValueError as error:
        raise ValueError(f"the file '{file}' cannot be understood: {error}") from None
    listed = found.get("engines") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise ValueError(f"the file '{file}' has no list 'engines'")
    return listed


def _entry(where: str, raw: object) -> _Entry:
    try:
        return _Entry.model_validate(raw)
    except ValidationError as error:
        # Without the values: one of them may be a key.
        messages = (f"{'.'.join(map(str, e['loc'])) or 'entry'}: {e['msg']}" for e in error.errors(include_input=False))
        raise ValueError(f"{where}: {'; '.join(messages)}") from None


def _spec(
    entry: _Entry, all_entries: Iterable[_Entry], secret_of: SecretOf, models: Callable[[str], tuple[str, str]]
) -> EngineSpec:
    values = entry.model_dump(exclude={"key", "key_env", "headers", "proxy", "fallback_for", "fallbacks", "weight"})
    key = entry.key.get_secret_value() if entry.key else None
    if entry.key_env:
        key = secret_of(entry.key_env)
        if not key:
            raise ValueError(f"the engine '{entry.name}' takes its key from {entry.key_env}, which is not set")
        try:
            key = check_token(key)
        except ValueError as error:
            raise ValueError(f"the engine '{entry.name}': the key in {entry.key_env} {error}") from None
    if entry.kind == "llama":
        if not entry.model_file:
            values["model_file"], values["projector_file"] = _pulled(entry, models)
        values["model"] = entry.model or Path(entry.model_file or "").stem
        values["concurrency"] = 1
    if not entry.ca_file:
        values["ca_file"], values["ca_folder"] = secret_of("SSL_CERT_FILE"), secret_of("SSL_CERT_DIR")
    others = [other.name for other in all_entries if entry.name in other.fallback_for]
    # Who is only there for others gets no share of its own, unless it says so.
    weight = entry.weight if entry.weight is not None else 0.0 if entry.fallback_for else 1.0
    return EngineSpec(
        **values,
        key=key,
        weight=weight,
        fallbacks=tuple(dict.fromkeys([*entry.fallbacks, *others])),
        headers=tuple((name, value.get_secret_value()) for name, value in entry.headers.items()),
        proxy=entry.proxy.get_secret_value() if entry.proxy else None,
    )


def _pulled(entry: _Entry, models: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    try:
        return models(entry.model)
    except LookupError as error:
        raise ValueError(f"the engine '{entry.name}': {error}") from None
