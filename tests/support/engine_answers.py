"""How engines answer: what servers, proxies and models of the kinds there are make of a question, and what it means.

Each case is what an endpoint does with every question. `alone` is what that means when it does so with our own picture,
too; `to_image` what it means when our own picture is answered well:

- "good": the description is there.
- "fails": as for an image alone: time that ran out is the image's until several images met that.
- "waits": the engine is to blame; the image stays queued, at no attempt, until it answers well.
- a pair of error type and retryable: the image has failed.
"""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.support.endpoint import Behaviour

__all__ = ["CASES", "Case"]

_TEXT = "A red bus parks beside a stone church."
_FINAL = json.dumps({"description": _TEXT, "tags": ["bus", "church"]})
_DRAFT = 'Draft: {"description": "A picture.", "tags": ["thing"]}. Too vague.'
_AGAIN = ("vlm_error", True)
_NEVER = ("validation", False)
_SLOW = ("timeout", True)
_PAID = ("resource_limit", False)

Verdict = str | tuple[str, bool]


@dataclass(frozen=True)
class Case:
    """One way of answering; `reason` stands in what is told to people."""

    behave: Behaviour
    alone: str
    to_image: Verdict
    reason: str = ""


def _raw(data: bytes | str, code: int = 200, **headers: str) -> Behaviour:
    body = data.encode() if isinstance(data, str) else data
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.answer(code, body, named)


def _body(body: Any, code: int = 200, **headers: str) -> Behaviour:
    return _raw(json.dumps(body), code, **headers)


def _said(content: Any, finish: Any = "stop", **message: Any) -> Behaviour:
    return _body({"choices": [_choice(content, finish, **message)], "model": "fixed-1", "usage": None})


def _choice(content: Any, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", "content": content} | message, "finish_reason": finish}


def _events(*events: Any, end: str = "data: [DONE]\n\n") -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + end


def _delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _unless_form(refused: str, answer: Behaviour) -> Behaviour:
    """Answer so while the form of the answer is asked for in this way, and well otherwise."""

    def behave(handler: Any, body: dict[str, Any]) -> None:
        form = (body.get("response_format") or {}).get("type", "")
        (answer if form == refused or (refused == "any" and form) else _said(_FINAL))(handler, body)

    return behave


def _good(behave: Behaviour) -> Case:
    return Case(behave, "good", "good")


def _bad(behave: Behaviour, to_image: Verdict, reason: str) -> Case:
    return Case(behave, "waits", to_image, reason)


_ANSWERS = {
    "plain": _good(_said(_FINAL)),
    **{f"ends with {word}": _good(_said(_FINAL, word)) for word in ("eos", "eos_token", "end_turn", "STOP", None, "")},
    "a draft before a closing mark": _good(_said(f"{_DRAFT}\n</think>\n\n{_FINAL}")),
    "kimi's marks": _good(_said(f"{_DRAFT}◁/think▷{_FINAL}")),
    "harmony": _good(
        _said(f"<|channel|>analysis<|message|>{_DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{_FINAL}")
    ),
    "gemma's channel": _good(_said(f"<|channel>thought\n{_DRAFT}<channel|>{_FINAL}")),
    "reasoning beside the answer": _good(_said(_FINAL, reasoning_content=_DRAFT, reasoning=_DRAFT)),
    "parts": _good(_said([{"type": "text", "text": _FINAL[:20]}, {"type": "text", "text": _FINAL[20:]}])),
    "thoughts among the parts": _good(
        _said([{"type": "thinking", "thinking": [{"type": "text", "text": _DRAFT}]}, {"type": "text", "text": _FINAL}])
    ),
    "parsed on the way": _good(_said(json.loads(_FINAL))),
    "a byte order mark": _good(_raw(b"\xef\xbb\xbf" + json.dumps({"choices": [_choice(_FINAL)]}).encode())),
    "spaces that keep the line open": _good(_raw("\n \n \n" + json.dumps({"choices": [_choice(_FINAL)]}))),
    "gzip": _good(_raw(gzip.compress(json.dumps({"choices": [_choice(_FINAL)]}).encode()), Content_Encoding="gzip")),
    "a sign in Latin-1": _good(
        _raw(json.dumps({"choices": [_choice(_FINAL.replace("stone", "caf@"))]}).encode().replace(b"@", b"\xe9"))
    ),
    "a stream nobody asked for": _good(
        _raw(_events(_delta(role="assistant"), _delta(content=_FINAL[:9]), _delta(content=_FINAL[9:])))
    ),
    "a stream with comments": _good(_raw(": OPENROUTER PROCESSING\n\n" + _events(_delta(content=_FINAL)))),
    "counts beyond measure": _good(
        _body({"choices": [_choice(_FINAL)], "usage": {"prompt_tokens": 10**30, "completion_tokens": 2**40}})
    ),
    "counts in words": _good(_body({"choices": [_choice(_FINAL)], "usage": "n/a"})),
    "a model of half a character": _good(_body({"choices": [_choice(_FINAL)], "model": "fixed\ud800\0"})),
    "a reason with a type": _good(_said(_FINAL, {"type": "stop"})),
    "fields that are no numbers": _good(_said(_FINAL[:-1] + ', "category_data": {"n": NaN, "m": -Infinity}}')),
    "cut off behind the answer": _good(_said(_FINAL + "\nNote that the", "length")),
    "the schema is refused with 400": _good(
        _unless_form("json_schema", _body({"error": {"message": "Failed to parse grammar"}}, 400))
    ),
    "the schema is refused with 500": _good(
        _unless_form("json_schema", _body({"error": {"message": "Failed to initialize samplers"}}, 500))
    ),
    "the schema is refused with 404": _good(
        _unless_form("json_schema", _body({"error": {"message": "No endpoints that take response_format"}}, 404))
    ),
    "any form is refused with 422": _good(_unless_form("any", _body({"error": "Grammar compilation error"}, 422))),
    "nothing is written under a schema": _good(_unless_form("json_schema", _said(""))),
}
_NO_ANSWERS = {
    "empty": _bad(_said(""), _AGAIN, "it is empty"),
    "null": _bad(_said(None), _AGAIN, "it is empty"),
    "spaces": _bad(_said(" \n "), _AGAIN, "it is empty"),
    "no choices": _bad(_body({"choices": [], "usage": {}}), _AGAIN, "no choices"),
    "an empty description": _bad(_said('{"description": "", "tags": []}'), _AGAIN, "its description is empty"),
    "a description of null": _bad(_said('{"description": null}'), _AGAIN, "its description is empty"),
    "the schema itself": _bad(_said('{"properties": {"description": {"type": "string"}}}'), _AGAIN, "no JSON object"),
    "thoughts in a field": _bad(_said("", reasoning=_DRAFT), _AGAIN, "all text is in the model's thoughts"),
    "an answer in the thoughts": _bad(_said(None, reasoning_content=_FINAL), _AGAIN, "in the model's thoughts"),
    "thoughts in details": _bad(_said("", reasoning_details=[{"text": _DRAFT}]), _AGAIN, "in the model's thoughts"),
    "thoughts to the end": _bad(_said("", "length", reasoning=_DRAFT), _AGAIN, "used up its tokens for its thoughts"),
    "thoughts alone": _bad(_said(f"<think>{_DRAFT}</think>"), _AGAIN, "its thoughts and no answer"),
    "an unfinished thought": _bad(_said(f"{_DRAFT} No wait", "length"), _AGAIN, "used up its tokens"),
    "harmony without its end": _bad(_said(f"<|channel|>analysis<|message|>{_DRAFT}"), _AGAIN, "thoughts and no answer"),
    "cut off": _bad(_said(_FINAL[:40], "MAX_TOKENS"), _AGAIN, "used up its tokens"),
    "prose": _bad(_said(_TEXT), _AGAIN, "no JSON object with a description"),
    "markdown": _bad(_said(f"**Description:** {_TEXT}"), _AGAIN, "no JSON object with a description"),
    "an excuse": _bad(_said('{"description": "I\'m sorry, I can\'t help.", "tags": []}'), _AGAIN, "it excuses itself"),
    "refusal": _bad(_said(None, refusal="I can't help with that."), _NEVER, "the model refuses"),
    "a refusal of half a character": _bad(_said(None, refusal="No\0 \ud83d"), _NEVER, "the model refuses"),
    "filtered, without a message": _bad(
        _body({"choices": [{"index": 0, "finish_reason": "content_filter"}]}), _NEVER, "'content_filter'"
    ),
    "ended, without a message": _bad(_body({"choices": [{"index": 0, "finish_reason": "stop"}]}), _AGAIN, "is empty"),
    "an empty message": _bad(_body({"choices": [{"message": {}, "finish_reason": None}]}), _AGAIN, "is empty"),
    "refusal in a part": _bad(_said([{"type": "refusal", "refusal": "No."}]), _NEVER, "the model refuses"),
    **{
        f"filtered: {word}": _bad(_said(_FINAL, word), _NEVER, f"finish_reason '{word.lower()}'")
        for word in ("content_filter", "SAFETY", "PROHIBITED_CONTENT", "sensitive", "refusal")
    },
    **{
        f"a tool: {word}": _bad(_said(None, word, tool_calls=[{"function": {"arguments": _FINAL}}]), _AGAIN, "a tool")
        for word in ("tool_calls", "function_call", "stop")
    },
    **{
        f"broken off: {word}": _bad(_said(_FINAL, word), _AGAIN, f"'{word}'")
        for word in ("error", "abort", "network_error", "insufficient_system_resource")
    },
    "a stream that breaks off": _bad(_raw(_events(_delta(content=_FINAL), end="")), _AGAIN, "interrupted"),
    "a text that repeats itself": _bad(_said(json.dumps({"description": "la la " * 300})), _AGAIN, "repeats itself"),
    "a stream of texts": _bad(_raw(_events({"choices": ["x"]})), _AGAIN, "no JSON"),
    "a stream of deltas that are texts": _bad(_raw(_events({"choices": [{"delta": "x"}]})), _AGAIN, "no JSON"),
    "a stream of numbers": _bad(_raw(_events({"choices": 5})), _AGAIN, "no JSON"),
    "nested without end": _bad(_raw("[" * 100_000), _AGAIN, "no JSON"),
    "an answer nested without end": _bad(_said('{"a":' * 100_000), _AGAIN, "no JSON object with a description"),
    "no JSON": _bad(_raw(b"\x00\x01"), _AGAIN, "no JSON"),
    "half of it": _bad(_raw('{"choices": [{"message": {"content": "{'), _AGAIN, "no JSON"),
    "bad gzip": _bad(_raw(b"no gzip", Content_Encoding="gzip"), _AGAIN, "hung up"),
    "something else": _bad(_body({"object": "list", "data": []}), _AGAIN, "no chat completion"),
    "nothing": _bad(_raw(b""), _AGAIN, "no JSON"),
}
_FAULTS = {
    "400: no image": _bad(_body({"error": {"message": "image input is not supported"}}, 400), _NEVER, "image input"),
    "500: no image": _bad(_body({"error": {"message": "provide the mmproj"}}, 500), _AGAIN, "provide the mmproj"),
    "400: context": _bad(
        _body({"error": {"type": "exceed_context_size_error", "message": "exceeds the available context size"}}, 400),
        _NEVER,
        "context size",
    ),
    "500: context": _bad(_body({"error": "the prompt exceeds the context window"}, 500), _NEVER, "context window"),
    "400: filter": _bad(_body({"error": {"code": "content_filter", "message": "policy"}}, 400), _NEVER, "policy"),
    "400: Azure's filter": _bad(
        _body(
            {
                "error": {
                    "message": "The response was filtered due to the prompt triggering the content management policy.",
                    "code": "content_filter",
                    "status": 400,
                    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
                }
            },
            400,
        ),
        _NEVER,
        "was filtered",
    ),
    "400: LiteLLM": _bad(
        _body({"error": {"message": "litellm.ContentPolicyViolationError: x", "type": None, "code": "400"}}, 400),
        _NEVER,
        "ContentPolicyViolationError",
    ),
    "400: an error of half a character": _bad(_body({"error": {"message": "no\0 \ud83d"}}, 400), _NEVER, "no"),
    "500: an error of half a character": _bad(_body({"error": "out\0 \ud83d"}, 500), _AGAIN, "out"),
    "503: a time that is none": _bad(_raw("", 503, retry_after_ms="nan"), _AGAIN, "HTTP 503"),
    "302: to nowhere": _bad(_raw("", 302, Location="http://[::1"), _AGAIN, "It redirects to nowhere"),
    "403: moderation": _bad(_body({"error": {"message": "flagged", "code": 403}}, 403), _NEVER, "flagged"),
    "413": _bad(_raw("<html><title>413 Request Entity Too Large</title></html>", 413), _NEVER, "Entity Too Large"),
    "414": _bad(_raw("", 414), _NEVER, "HTTP 414"),
    "422": _bad(_body({"detail": [{"loc": ["body"], "msg": "bad"}]}, 422), _NEVER, "HTTP 422"),
    "500": _bad(_raw("Internal Server Error", 500), _AGAIN, "Internal Server Error"),
    "409": _bad(_raw("", 409), _AGAIN, "HTTP 409"),
    "204": _bad(_raw("", 204), _AGAIN, "HTTP 204"),
    "408": Case(_raw("", 408), "fails", _SLOW, "HTTP 408"),
    "502": _bad(_raw("<html><title>502 Bad Gateway</title></html>", 502), _AGAIN, "502 Bad Gateway"),
    "503: loading": _bad(_body({"error": {"code": 503, "message": "Loading model"}}, 503), _AGAIN, "Loading model"),
    "504": _bad(_raw("", 504), _SLOW, "HTTP 504"),
    "524": _bad(_raw("", 524), _SLOW, "HTTP 524"),
    "529": _bad(_body({"error": {"type": "overloaded_error", "message": "Overloaded"}}, 529), _AGAIN, "Overloaded"),
    "404: no such route": _bad(_raw("404 page not found", 404), _AGAIN, "most end in /v1"),
    "405": _bad(_raw("", 405), _AGAIN, "most end in /v1"),
    "404: no such model": _bad(_body({"error": "model 'x' not found"}, 404), _AGAIN, "not found"),
    **{
        str(code): _bad(
            _raw("", code, Location="https://elsewhere.test/v1?token=s"), _AGAIN, "https://elsewhere.test/v1"
        )
        for code in (301, 302, 303, 307, 308)
    },
    "401": _bad(_body({"error": {"message": "Invalid API key"}}, 401), ("unknown", False), "It refuses our key"),
    "402": _bad(_body({"error": {"message": "Insufficient credits"}}, 402), _PAID, "no credit left"),
    "429: quota": _bad(_body({"error": {"code": "insufficient_quota", "message": "Q"}}, 429), _PAID, "no credit left"),
    "200: a login page": _bad(_raw("<!DOCTYPE html><title>Sign in</title>"), _AGAIN, "a web page ('Sign in')"),
    "200: error 503": _bad(_body({"error": {"code": 503, "message": "No instances"}}), _AGAIN, "No instances"),
    "200: error 401": _bad(_body({"error": {"code": "invalid_api_key"}}), ("unknown", False), "It refuses our key"),
    "200: error 402": _bad(_body({"error": {"code": "402", "message": "Pay"}}), _PAID, "no credit left"),
    "200: error without a code": _bad(_body({"error": {"message": "out of memory"}}), _AGAIN, "out of memory"),
    "200: LM Studio's error": _bad(_body({"error": "Unexpected endpoint or method."}), _AGAIN, "Unexpected endpoint"),
    "200: vLLM's error": _bad(_body({"object": "error", "message": "bad", "code": 400}), _NEVER, "bad"),
    "200: Gemini's error": _bad(_body([{"error": {"status": "UNAVAILABLE", "message": "M"}}]), _AGAIN, "HTTP 503: M"),
    "200: error beside no choices": _bad(_body({"error": {"code": 502, "message": "U"}, "choices": []}), _AGAIN, "U"),
    "200: error in the choice": _bad(
        _body({"choices": [_choice("{", "error") | {"error": {"code": 502, "message": "Provider died"}}]}),
        _AGAIN,
        "Provider died",
    ),
    "200: error in a stream": _bad(_raw(_events({"error": {"code": 502, "message": "Gone"}})), _AGAIN, "Gone"),
}
CASES = _ANSWERS | _NO_ANSWERS | _FAULTS
