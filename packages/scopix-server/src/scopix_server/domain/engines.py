"""Vision-language engines: what they are asked, what they promise, how they fail.

An engine looks at the picture itself and writes the prose, the tags and the category's fields. The text on the picture
and its places always come from the built-in perception: engines disagree on the units of boxes, and invent text.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.printable import printable
from scopix_server.domain.redaction import header_secrets, member_secrets, redact, url_secrets

__all__ = [
    "BUILTIN",
    "HUMAN",
    "EngineBusy",
    "EngineCopy",
    "EngineReport",
    "EngineRepository",
    "EngineSpec",
    "EngineState",
    "EngineUnavailable",
    "Question",
    "VisionEngine",
    "waiting_for",
]

BUILTIN = "builtin"
"""The name of the built-in describer, as an engine."""

HUMAN = "human"
"""The engine of versions that a person wrote."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """How one engine is reached and what it may cost.

    Attributes:
        name: what requests and versions call it.
        kind: "builtin", "openai" (any OpenAI-compatible endpoint) or "llama" (a GGUF file, run by us).
        url: base of the API, up to and including its `/v1`; empty unless `kind` is "openai".
        model: name of the model as the endpoint knows it; for "llama" the name it was pulled under.
        key: sent as a bearer token; never shown.
        weight: its share of the images, beside the weights of the others; 0 leaves it to fallbacks and to requests
            that name it.
        fallbacks: engines asked, in this order, while it is unavailable or when it has failed for good.
        concurrency: how many questions it is asked at once, over all workers. Keep it below the engine's own limit.
        connect_seconds, total_seconds: longest time to connect, and from asking to the last byte of the answer.
        image_side, jpeg_quality: the copy it is sent: pixels of the longest side, JPEG quality 1-95.
        price_in, price_out: price of a million tokens read and written, in whatever currency the operator thinks.
        max_tokens, temperature: bounds of one answer.
        extra_body: further members of each request's body, such as `{"reasoning_effort": "low"}`.
        max_description, max_tags: characters and tags that are asked for and kept at most.
        later_seconds: how long one image is told "too many requests" before its fallbacks are asked, and before it has
            failed if the engine answers others meanwhile. While it answers nobody, all wait.
        headers: sent with each request, beside the key.
        proxy: address of an HTTP proxy to go through.
        ca_file, ca_folder: PEM files of the authorities that its certificate is checked against, instead of the public
            ones; a folder as OpenSSL has it.
        client_certificate, client_key: PEM files that we show it; the key may stand in the certificate's file.
        model_file, projector_file: the GGUF pair of a "llama" engine, instead of a pulled model.
        context_tokens, idle_seconds: of a "llama" engine: its context, and after how long without work it is unloaded.
    """

    name: str
    kind: str
    url: str = ""
    model: str = ""
    key: str | None = field(default=None, repr=False)
    weight: float = 1.0
    fallbacks: tuple[str, ...] = ()
    concurrency: int = 2
    connect_seconds: float = 5.0
    total_seconds: float = 180.0
    image_side: int = 1024
    jpeg_quality: int = 82
    price_in: float = 0.0
    price_out: float = 0.0
    max_tokens: int = 1024
    temperature: float = 0.1
    extra_body: dict[str, Any] = field(default_factory=dict, hash=False)
    max_description: int = 1900
    max_tags: int = 20
    later_seconds: float = 900.0
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    ca_folder: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    model_file: str | None = None
    projector_file: str | None = None
    context_tokens: int = 8192
    idle_seconds: float = 300.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody is to be shown of it."""
        key = (self.key,) if self.key else ()
        sent = (*header_secrets(dict(self.headers)), *member_secrets(self.extra_body))
        return (*key, *sent, *url_secrets(self.proxy or ""))


@dataclass(frozen=True, slots=True)
class EngineCopy:
    """The form in which an engine is sent an image: a JPEG of at most `side` pixels a side, without metadata."""

    side: int
    quality: int

    @property
    def name(self) -> str:
        """The name of the copy; where it is the same as a variant, that variant's."""
        return "large_1024" if (self.side, self.quality) == (1024, 82) else f"engine_{self.side}_{self.quality}"


@dataclass(frozen=True, slots=True)
class Question:
    """What an engine is asked about one image.

    `image` is a JPEG that we encoded, without metadata. `prompt` holds the category's own words and `schema` the JSON
    schema of its fields; both are empty for a category without any. `language` is a BCP 47 tag, such as "en".
    `tags` are those to take where they fit, and with `only_these_tags` no others.
    """

    image: bytes
    perception: Perception
    category: str
    prompt: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    language: str = "en"
    tags: tuple[str, ...] = ()
    only_these_tags: bool = False


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What a trial of an engine found: `reachable` and `problem` always, the rest as far as the trial came.

    `models` are those it lists; `vision` tells whether it told two pictures apart; `json_mode` the way of asking for
    JSON that works; `seconds` the time of one answer, `tokens_per_second` the speed of writing.
    """

    name: str
    kind: str
    model: str
    reachable: bool
    problem: str | None = None
    models: tuple[str, ...] = ()
    model_listed: bool | None = None
    vision: bool | None = None
    json_mode: str | None = None
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens_per_second: float | None = None

    @property
    def usable(self) -> bool:
        """Whether images can be described with it: it answered about two pictures, and told them apart."""
        return self.reachable and self.vision is True


@dataclass(frozen=True, slots=True)
class EngineState:
    """What a worker last knew of an engine: whether it can be asked, since when, and why not."""

    name: str
    kind: str
    model: str
    available: bool
    reason: str | None
    since: datetime
    checked_at: datetime


def waiting_for(engine: str, reason: str | None) -> str:
    """Say for people that an image waits for its engine, and why."""
    return f"Waiting for the engine '{engine}', which is unavailable. {reason or ''}".rstrip()


class EngineUnavailable(Exception):
    """The engine cannot be asked right now, whatever the image: it is off, unreachable, or refuses our key.

    Attributes:
        failure: what the attempt failed with, if a question was already under way. When the same image meets this
            again and again, while the engine answers others, the image has to do with it after all.
        seconds: for how long it wants to be left alone, if it said so.
    """

    def __init__(self, message: str, *, failure: DescribeError | None = None, seconds: float | None = None) -> None:
        self.message = printable(redact(message))  # kept in the database, as that of a DescribeError
        super().__init__(self.message)
        self.failure = failure
        self.seconds = seconds


class EngineBusy(DescribeError):
    """The engine answered "too many requests": ask again after `seconds`, if it said when."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message, DescriptionErrorType.RATE_LIMIT, retryable=True)
        self.seconds = seconds


class VisionEngine(Protocol):
    """Describes an image by looking at it. Threads may share it."""

    @property
    def spec(self) -> EngineSpec:
        """How it is reached."""

    def answer(self, question: Question) -> Description:
        """Describe an image.

        Raises:
            EngineUnavailable: it could not be asked; the image is not to blame.
            EngineBusy: it wants to be asked later.
            DescribeError: it failed on this image.
        """

    def probe(self) -> None:
        """Find out, quickly and for nothing, whether it can be asked. Raises EngineUnavailable when it cannot."""

    def models(self) -> tuple[str, ...] | None:
        """Return the models it offers; None when it has no list. Raises EngineUnavailable."""

    @property
    def json_mode(self) -> str | None:
        """The way of asking for JSON that works with it, once one did."""

    def close(self) -> None:
        """Give back connections and processes."""


class EngineRepository(Protocol):
    """What the workers last knew of the engines, for those who ask the web process."""

    def note(self, state: EngineState) -> None:
        """Keep the state; replaces what was known."""

    def states(self) -> dict[str, EngineState]:
        """Return what is known, by the engines' names. Some may not be configured any more."""
