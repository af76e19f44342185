"""Any OpenAI-compatible vision endpoint as an engine: vLLM, SGLang, Ollama, llama.cpp, LM Studio, hosted ones.

Endpoints differ in how they can be made to answer in JSON. A ladder is climbed down, once per endpoint and category: a
JSON schema that the endpoint enforces, any JSON object, or nothing but the prompt. A schema that is refused for one
category may be taken for the others. On every rung the answer is read tolerantly, and one round of repair is granted.
What an endpoint takes is remembered once it gave a good answer.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.description import Description, Provenance
from scopix_server.domain.engines import EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.phrases import clean
from scopix_server.domain.visible_text import visible_text
from scopix_server.reading.kinds import judge_kind
from scopix_server.reading.layout import read_layout
from scopix_server.vlm.answers import Answer, NoAnswer, read_answer
from scopix_server.vlm.chat import ChatEndpoint
from scopix_server.vlm.completions import Completion, why_no_answer
from scopix_server.vlm.failures import Refused
from scopix_server.vlm.prompts import answer_schema, messages, prompt_hash, repair_message

__all__ = ["RUNGS", "OpenAICompatibleEngine", "is_listed"]

RUNGS = ("json_schema", "json_object", "plain")
"""The ways of asking for JSON, the most binding first."""

# What a request may be refused with because of its form. llama.cpp and Ollama answer 500 to a schema they cannot use.
_FORM_STATUSES = frozenset({400, 404, 415, 422, 500, 501})
_ABOUT_THE_FORM = re.compile(
    r"response_?format|json.?schema|json.?object|json.?mode|schema|grammar|guided|structured|sampler", re.IGNORECASE
)
# Another form of the request would be refused as well.
_ABOUT_OTHER_THINGS = re.compile(
    r"image|vision|multi-?modal|mmproj|context|too long|content.?(?:filter|policy|management)|safety|moderation"
    r"|model.{0,60}(?:not found|does not exist|not exist)|out of memory",
    re.IGNORECASE,
)
# Of this system or another: where somebody keeps models is nobody else's business.
_PATH = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:", re.IGNORECASE)
_PART_OF_ANSWER = 8_000  # characters of a bad answer that are shown to the engine again


@dataclass(frozen=True, slots=True)
class _Form:
    """How this endpoint wants to be asked about a category; found out by asking. `proven` by a good answer."""

    rung: int = 0
    tokens_parameter: str = "max_tokens"
    temperature: bool = True
    proven: bool = False


class OpenAICompatibleEngine:
    """The `VisionEngine` port over HTTP."""

    def __init__(self, spec: EngineSpec, *, key: str | None = None, url: str | None = None) -> None:
        self._spec = replace(spec, key=key or spec.key, url=url or spec.url)
        self._endpoint = ChatEndpoint(self._spec)
        self._forms: dict[str, _Form] = {}
        self._newest = _Form()
        self._lock = threading.Lock()

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def json_mode(self) -> str | None:
        """The rung of the last good answer, once there was one."""
        return RUNGS[self._newest.rung] if self._newest.proven else None

    def answer(self, question: Question) -> Description:
        schema = answer_schema(question, self._spec)
        fields = schema["properties"].get("category_data", {})
        conversation = messages(question, self._spec)
        form, spent = self._form(question.category), list[Completion]()
        while True:
            completion, form = self._ask(conversation, schema, form)
            spent.append(completion)
            try:
                answer = self._read(completion, fields)
                break
            except NoAnswer as error:
                if error.permanent or len(spent) == 2:
                    raise _unusable(error, completion) from error
            if completion.content.strip():
                reply = {"role": "assistant", "content": completion.content[:_PART_OF_ANSWER]}
                conversation = [*conversation, reply, repair_message()]
            elif not form.proven and form.rung + 1 < len(RUNGS):
                # Some take a schema, and then write nothing under it.
                form = replace(form, rung=form.rung + 1)
        with self._lock:
            self._forms[question.category] = self._newest = replace(form, proven=True)
        return self._description(question, answer, spent)

    def probe(self) -> None:
        self._endpoint.models()

    def models(self) -> tuple[str, ...] | None:
        """Return the models that the endpoint lists, None if it lists none. Raises EngineUnavailable."""
        return self._endpoint.models()

    def close(self) -> None:
        self._endpoint.close()

    # Asking -----------------------------------------------------------------------------------------------------------

    def _form(self, category: str) -> _Form:
        """Return the form that is known to be taken for a category, else the one to begin with."""
        with self._lock:
            return self._forms.get(category) or replace(self._newest, rung=0, proven=False)

    def _ask(self, conversation: list[dict[str, Any]], schema: dict[str, Any], form: _Form) -> tuple[Completion, _Form]:
        """Ask in this form, and while it is refused in one form after the other; return the one that was taken."""
        first: Refused | None = None
        while True:
            try:
                return self._endpoint.complete(self._body(form, conversation, schema)), form
            except Refused as refusal:
                first = first or refusal
                other = _other_form(form, refusal)
                if other is None:
                    raise self._final(first) from refusal
                form = other

    def _final(self, refusal: Refused) -> Exception:
        """Return what a refusal means when no other form is taken."""
        if refusal.status in {400, 404} and self._spec.model:
            models = self._endpoint.models()
            if models and not is_listed(self._spec.model, models) and "model" in refusal.message.lower():
                return EngineUnavailable(
                    self._no_such_model(models),
                    failure=DescribeError(refusal.message, DescriptionErrorType.VLM_ERROR, retryable=True),
                )
        return refusal.final

    def _body(self, form: _Form, conversation: list[dict[str, Any]], schema: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"messages": conversation, form.tokens_parameter: self._spec.max_tokens}
        if self._spec.model:
            body["model"] = self._spec.model
        if form.temperature:
            body["temperature"] = self._spec.temperature
        rung = RUNGS[form.rung]
        if rung == "json_schema":
            body["response_format"] = {"type": rung, "json_schema": {"name": "description", "schema": schema}}
        elif rung == "json_object":
            body["response_format"] = {"type": rung}
        return body | self._spec.extra_body

    def _no_such_model(self, models: tuple[str, ...]) -> str:
        offered = ", ".join(models[:10]) or "none"
        return f"It has no model '{self._spec.model}'; it offers: {offered}."

    # Reading ----------------------------------------------------------------------------------------------------------

    def _read(self, completion: Completion, fields: dict[str, Any]) -> Answer:
        if (reason := why_no_answer(completion)) is not None:
            raise reason
        return read_answer(
            completion.content,
            schema=fields,
            max_description=self._spec.max_description,
            max_tags=self._spec.max_tags,
            cut_off=completion.cut_off,
        )

    def _description(self, question: Question, answer: Answer, spent: list[Completion]) -> Description:
        perception = question.perception
        tokens_in, tokens_out = (_total(spent, lambda c: c.input_tokens), _total(spent, lambda c: c.output_tokens))
        return Description(
            text=answer.description,
            tags=answer.tags,
            # Text and its places come from the text recognition, whatever the engine believes it read.
            visible_text=visible_text(perception),
            kind=judge_kind(perception, read_layout(perception)),
            engine=self._spec.name,
            model=_model_name(spent[-1].model, self._spec.model),
            category_data=answer.category_data,
            evidence=({"engine": self._spec.name, "notes": list(answer.notes)},) if answer.notes else (),
            provenance=Provenance(
                prompt_hash=prompt_hash(question, self._spec),
                language=question.language,
                seconds=round(sum(each.seconds for each in spent), 3),
                input_tokens=tokens_in,
                output_tokens=tokens_out,
                cost=self._cost(tokens_in, tokens_out),
            ),
        )

    def _cost(self, tokens_in: int | None, tokens_out: int | None) -> float | None:
        if not (self._spec.price_in or self._spec.price_out) or tokens_in is None or tokens_out is None:
            return None
        return (tokens_in * self._spec.price_in + tokens_out * self._spec.price_out) / 1_000_000


def is_listed(model: str, models: tuple[str, ...]) -> bool:
    """Whether a list of models has one. Ollama lists "name:latest" for "name", Gemini "models/name"."""
    return any(listed in {model, f"{model}:latest", f"models/{model}"} for listed in models)


def _other_form(form: _Form, refusal: Refused) -> _Form | None:
    """Return the next form to try, None when there is none or the form is not what was refused."""
    if refusal.status not in _FORM_STATUSES:
        return None
    message = f"{refusal.code} {refusal.message}"
    if form.tokens_parameter == "max_tokens" and "max_completion_tokens" in message:
        return replace(form, tokens_parameter="max_completion_tokens")
    if form.temperature and "temperature" in message:
        return replace(form, temperature=False)
    names_the_form = _ABOUT_THE_FORM.search(message) is not None
    # A form that worked before is not given up for one image that is refused; nor does a wrong address take another.
    if (form.proven or refusal.status == 404) and not names_the_form:
        return None
    if form.rung + 1 == len(RUNGS) or (_ABOUT_OTHER_THINGS.search(message) and not names_the_form):
        return None
    return replace(form, rung=form.rung + 1, proven=False)


def _unusable(error: NoAnswer, completion: Completion) -> DescribeError:
    if error.permanent:
        return DescribeError(
            f"The engine gives no answer: {error}.", DescriptionErrorType.VALIDATION_ERROR, retryable=False
        )
    reason = completion.finish_reason
    ended = "" if reason == "stop" or reason in str(error) else f" (finish_reason '{reason}')"
    message = f"The engine's answer cannot be used, nor its second: {error}{ended}."
    return DescribeError(message, DescriptionErrorType.VLM_ERROR, retryable=True)


def _model_name(reported: str, configured: str) -> str:
    """Return what the endpoint says it answered with, for that may be more exact; but no path on its disk."""
    name = clean(reported, 255)
    return configured[:255] if not name or _PATH.match(name) else name


def _total(spent: list[Completion], count: Callable[[Completion], int | None]) -> int | None:
    counts = [count(each) for each in spent]
    known = [number for number in counts if number is not None]
    return sum(known) if len(known) == len(counts) else None
