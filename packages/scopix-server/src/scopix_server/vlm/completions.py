"""Reading the body of a chat completion, whatever its server makes of the form.

Bodies come with a mark of their byte order, in broken UTF-8, as a stream of events though none was asked for, with the
answer in parts, with an error inside a success, or as a login page.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scopix_server.vlm.answers import NoAnswer

__all__ = ["BodyError", "Completion", "WebPage", "body_of", "completion_of", "error_in", "why_no_answer"]

# Why an answer ended, in the words of OpenAI, Anthropic, Gemini, Azure, DeepSeek, GLM, vLLM, TGI and Ollama.
_CUT = frozenset(
    {"length", "max_tokens", "max_output_tokens", "max_length", "token_limit", "model_context_window_exceeded"}
)
_BLOCKED = frozenset(
    {
        "content_filter",
        "content_filtered",
        "safety",
        "image_safety",
        "recitation",
        "prohibited_content",
        "blocklist",
        "spii",
        "sensitive",
        "refusal",
        "guardrail_intervened",
        "moderation",
    }
)
_TOOLS = frozenset({"tool_calls", "tool_call", "tool_use", "function_call", "malformed_function_call"})
_BROKEN = frozenset(
    {
        "error",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "interrupted",
        "timeout",
        "network_error",
        "insufficient_system_resource",
        "load",
        "unload",
    }
)
_ENDED = frozenset(
    {"stop", "eos", "eos_token", "end_turn", "end", "eot", "stop_sequence", "complete", "completed", "done", "finished"}
)
_MAX_COUNT = 2**31 - 1
"""Of tokens: what a column holds. Who reports more does not count."""
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_STATUS_WORDS = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "resource_exhausted": 429,
    "overloaded_error": 503,
    "unavailable": 503,
    "server_overloaded": 503,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "unauthenticated": 401,
}


class WebPage(ValueError):
    """The body is a page for people: a login, a proxy's excuse, another site. `title` is its title, if it has one."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.title = title


@dataclass(frozen=True, slots=True)
class BodyError:
    """An error that a body tells of. `status` is the HTTP status that its code stands for, if it stands for one."""

    code: str
    message: str
    status: int | None


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer: the text, why it ended, and the endpoint's own count of tokens.

    `finish_reason` is the endpoint's own word in small letters; "stop" where it gave none. `thought` tells that there
    is text of the model's thinking beside the answer, `called_tools` that it called tools; `refusal` is why it refused.
    """

    content: str
    finish_reason: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    seconds: float
    refusal: str = ""
    thought: bool = False
    called_tools: bool = False

    @property
    def cut_off(self) -> bool:
        """Whether it ended before the model was done: at its bound on tokens, or for a reason that nobody knows."""
        return self.finish_reason not in _ENDED


def why_no_answer(completion: Completion) -> NoAnswer | None:
    """Return what keeps an answer from counting, whatever its text says; None when its text decides."""
    reason = completion.finish_reason
    if completion.refusal:
        return NoAnswer(f'the model refuses: "{completion.refusal[:200]}"', permanent=True)
    if reason in _BLOCKED:
        return NoAnswer(f"a filter of the engine stopped it (finish_reason '{reason}')", permanent=True)
    if reason in _TOOLS or (completion.called_tools and not completion.content.strip()):
        return NoAnswer("it is a call of a tool, and no tool was offered")
    if reason in _BROKEN:
        return NoAnswer(f"it was broken off (finish_reason '{reason}')")
    if completion.content.strip("\ufeff \t\r\n"):
        return None
    if completion.thought and reason in _CUT:
        return NoAnswer(
            "it used up its tokens for its thoughts: allow more (max_tokens), or fewer thoughts (extra_body)"
        )
    if completion.thought:
        return NoAnswer("it is empty, all text is in the model's thoughts")
    return NoAnswer("it used up its tokens and is empty" if reason in _CUT else "it is empty")


# Bodies -------------------------------------------------------------------------------------------------------------


def body_of(data: bytes) -> Any:
    """Return the JSON of a body. Raises WebPage, or ValueError when it is neither."""
    text = _decoded(data).strip("\ufeff \t\r\n")
    if text[:1] == "<":
        title = re.search(r"<title[^>]*>(.{0,200}?)</title>", text[:20_000], re.DOTALL | re.IGNORECASE)
        raise WebPage(" ".join(title.group(1).split()) if title else "")
    try:
        if re.match(r"(?:data|event|id|retry)?:", text):
            return _assembled(text)
        return json.loads(text, strict=False)
    except (AttributeError, TypeError, RecursionError) as error:
        raise ValueError("it has another shape than any answer") from error


def _decoded(data: bytes) -> str:
    """Return the text of a body. A byte that is no UTF-8 among letters is Latin-1; more in a row are not known."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]+", lambda run: chr(ord(run[0]) - 0xDC00) if len(run[0]) == 1 else "\ufffd", text)


def _assembled(text: str) -> dict[str, Any]:
    """Return the answer that a stream of events makes. Raises ValueError when there is none in it."""
    message: dict[str, Any] = {"content": ""}
    choice: dict[str, Any] = {"message": message, "finish_reason": None}
    whole: dict[str, Any] = {"choices": [choice]}
    ended = False
    for event in _events(text):
        if event is None:
            ended = True
            continue
        if event.get("error"):
            return event
        whole |= {name: event[name] for name in ("model", "usage") if event.get(name)}
        for part in event.get("choices") or ():
            delta = part.get("delta") or part.get("message") or {}
            message["content"] += _text_of(delta.get("content"))
            message |= {name: delta[name] for name in (*_THOUGHTS, "tool_calls", "refusal") if delta.get(name)}
            choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
    if choice["finish_reason"] is None and not ended:
        choice["finish_reason"] = "interrupted"
    return whole


def _events(text: str) -> Iterator[dict[str, Any] | None]:
    """Give the events of a stream; None for the one that says that it has ended."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name != "data" or not value.strip():
            continue
        if value.strip() == "[DONE]":
            yield None
            continue
        event = json.loads(value, strict=False)
        if isinstance(event, dict):
            yield event


# What is in them ----------------------------------------------------------------------------------------------------


def error_in(body: Any) -> BodyError | None:
    """Return the error that a body tells of, in whatever shape; None when it tells of none."""
    if isinstance(body, list):
        body = body[0] if body else {}
    if isinstance(body, str):
        return BodyError("", body, None)
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        found = choices[0].get("error") or (body.get("error") if not _says_something(choices[0]) else None)
    else:
        found = body.get("error") or body.get("errors") or (body if {"message", "detail"} & body.keys() else None)
    if isinstance(found, list) and found:
        found = found[0]
    if not found:
        return None
    if not isinstance(found, dict):
        return BodyError("", str(found), None)
    message = found.get("message") or found.get("detail") or found.get("error") or ""
    names = [str(found[name]) for name in ("code", "type", "status") if found.get(name)]
    return BodyError(names[0] if names else "", _plain(message), _status_of(names))


def completion_of(body: Any, *, model: str, seconds: float) -> Completion:
    """Return the first answer of a body. Raises ValueError when it is no chat completion."""
    try:
        choices = body["choices"]
        if not choices:
            # Gemini and Azure answer so when a filter stopped the question or the answer.
            return Completion("", "no choices", model, None, None, seconds)
        choice = choices[0]
        if not choice.keys() & {"message", "delta", "text", "finish_reason"}:
            raise ValueError("it is no chat completion")
        # A filter may leave nothing of a message, and tell why it ended.
        message = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
        usage = body["usage"] if isinstance(body.get("usage"), dict) else {}
        content, refused = message.get("content"), message.get("refusal") or ""
        for part in content if isinstance(content, list) else ():
            refused = refused or (part.get("refusal") if isinstance(part, dict) else "") or ""
        return Completion(
            content=_text_of(content),
            finish_reason=_reason_of(choice.get("finish_reason")),
            model=str(body.get("model") or model),
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
            seconds=seconds,
            refusal=_plain(refused),
            thought=any(message.get(name) for name in _THOUGHTS) or _has_thoughts(content),
            called_tools=bool(message.get("tool_calls") or message.get("function_call")),
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("it is no chat completion") from error


def _says_something(choice: dict[str, Any]) -> bool:
    message = choice.get("message")
    return isinstance(message, dict) and bool(_text_of(message.get("content")))


def _reason_of(value: object) -> str:
    value = value.get("type") if isinstance(value, dict) else value
    reason = str(value or "stop").strip().lower().rpartition(".")[2]
    return "stop" if reason in {"", "none", "null"} else reason[:40]


def _text_of(content: object) -> str:
    if isinstance(content, dict):
        # Some proxies parse the answer on the way.
        return str(content["text"]) if isinstance(content.get("text"), str) else json.dumps(content)
    if isinstance(content, list):
        # Some endpoints answer in parts, as questions are asked; thoughts may be among them.
        texts = (part if isinstance(part, str) else _text_of_part(part) for part in content)
        return "".join(texts)
    return content if isinstance(content, str) else ""


def _text_of_part(part: object) -> str:
    if not isinstance(part, dict) or part.get("type") not in {None, "text", "output_text"}:
        return ""
    return str(part.get("text") or "")


def _has_thoughts(content: object) -> bool:
    parts = content if isinstance(content, list) else ()
    return any(isinstance(part, dict) and part.get("type") in {"thinking", "reasoning"} for part in parts)


def _status_of(names: list[str]) -> int | None:
    for name in names:
        if name.isdecimal() and 400 <= int(name[:9]) <= 599:
            return int(name)
        if (known := _STATUS_WORDS.get(name.lower())) is not None:
            return known
    return None


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join(text.split()).rstrip(".") if value else ""


def _count(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT:
        return value
    return None
