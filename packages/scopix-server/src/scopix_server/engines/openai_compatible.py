"""Any OpenAI-compatible vision endpoint as an engine: vLLM, SGLang, Ollama, llama.cpp, LM Studio, hosted ones.

Endpoints differ in how they can be made to answer in JSON. A ladder is climbed down, once per endpoint: a JSON schema
that the endpoint enforces, any JSON object, or nothing but the prompt. On every rung the answer is read tolerantly, and
one round of repair is granted. What an endpoint takes is remembered.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.description import Description, Provenance
from scopix_server.domain.engines import EngineSpec, EngineUnavailable, Question
from scopix_server.domain.errors import DescribeError
from scopix_server.domain.reading.layout import read_layout
from scopix_server.engines.answers import Answer, NoAnswer, read_answer
from scopix_server.engines.chat import ChatEndpoint, Completion, Refused
from scopix_server.engines.grounded.composer import visible_text
from scopix_server.engines.grounded.kinds import judge_kind
from scopix_server.engines.prompts import answer_schema, messages, prompt_hash, repair_message

__all__ = ["RUNGS", "OpenAICompatibleEngine"]

RUNGS = ("json_schema", "json_object", "plain")
"""The ways of asking for JSON, the most binding first."""

# What a request was refused with, when it was its form: worth another form. The others concern the image or the model.
_FORM_STATUSES = frozenset({400, 404, 415, 422, 501})
_PART_OF_ANSWER = 8_000  # characters of a bad answer that are shown to the engine again


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How this endpoint wants to be asked; found out by asking."""

    rung: int = 0
    tokens_parameter: str = "max_tokens"
    temperature: bool = True
    proven: bool = False


class OpenAICompatibleEngine:
    """The `VisionEngine` port over HTTP."""

    def __init__(self, spec: EngineSpec, *, key: str | None = None, url: str | None = None) -> None:
        self._spec = replace(spec, key=key or spec.key, url=url or spec.url)
        self._endpoint = ChatEndpoint(self._spec)
        self._dialect = _Dialect()
        self._lock = threading.Lock()
        self._model_missing = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def json_mode(self) -> str | None:
        """The rung that worked, once one did."""
        return RUNGS[self._dialect.rung] if self._dialect.proven else None

    def answer(self, question: Question) -> Description:
        conversation = messages(question, self._spec)
        schema = answer_schema(question, self._spec)
        fields = schema["properties"].get("category_data", {})
        first = self._ask(conversation, schema)
        spent = [first]
        try:
            answer = self._read(first, fields)
        except NoAnswer:
            said = {"role": "assistant", "content": first.content[:_PART_OF_ANSWER] or "(nothing)"}
            second = self._ask([*conversation, said, repair_message()], schema)
            spent.append(second)
            try:
                answer = self._read(second, fields)
            except NoAnswer as error:
                message = f"The engine's answer cannot be used, nor its second: {error}."
                raise DescribeError(message, DescriptionErrorType.VLM_ERROR, retryable=True) from error
        return self._description(question, answer, spent)

    def probe(self) -> None:
        models = self._endpoint.models()
        if self._model_missing and models is not None and self._spec.model not in models:
            raise EngineUnavailable(self._no_such_model(models))
        self._model_missing = False

    def models(self) -> tuple[str, ...] | None:
        """Return the models that the endpoint lists, None if it lists none. Raises EngineUnavailable."""
        return self._endpoint.models()

    def close(self) -> None:
        self._endpoint.close()

    # Asking -----------------------------------------------------------------------------------------------------------

    def _ask(self, conversation: list[dict[str, Any]], schema: dict[str, Any]) -> Completion:
        """Ask in the form this endpoint takes; while that is unknown, in one form after the other."""
        dialect = self._dialect
        first: Refused | None = None
        while True:
            try:
                completion = self._endpoint.complete(self._body(dialect, conversation, schema))
            except Refused as refusal:
                first = first or refusal
                other = self._other_form(dialect, refusal)
                if other is None:
                    raise self._final(first) from refusal
                dialect = other
                continue
            with self._lock:
                self._dialect = replace(dialect, proven=True)
            return completion

    def _other_form(self, dialect: _Dialect, refusal: Refused) -> _Dialect | None:
        """Return the next form to try, None when there is none or the form is not what was refused."""
        if refusal.status not in _FORM_STATUSES:
            return None
        if dialect.tokens_parameter == "max_tokens" and "max_completion_tokens" in refusal.message:
            return replace(dialect, tokens_parameter="max_completion_tokens")
        if dialect.temperature and "temperature" in refusal.message:
            return replace(dialect, temperature=False)
        # A form that worked before is not given up for one image that is refused.
        if dialect.proven or dialect.rung + 1 == len(RUNGS) or self._lacks_model(refusal):
            return None
        return replace(dialect, rung=dialect.rung + 1)

    def _lacks_model(self, refusal: Refused) -> bool:
        if refusal.status != 404:
            return False
        models = self._endpoint.models()
        if models is not None and self._spec.model not in models:
            self._model_missing = True
            raise EngineUnavailable(self._no_such_model(models))
        return False

    def _final(self, refusal: Refused) -> DescribeError:
        if refusal.status == 403:
            self._endpoint.models()  # raises EngineUnavailable if it is our key that is refused
        return DescribeError(refusal.message, DescriptionErrorType.VALIDATION_ERROR, retryable=False)

    def _body(self, dialect: _Dialect, conversation: list[dict[str, Any]], schema: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"messages": conversation, dialect.tokens_parameter: self._spec.max_tokens}
        if self._spec.model:
            body["model"] = self._spec.model
        if dialect.temperature:
            body["temperature"] = self._spec.temperature
        rung = RUNGS[dialect.rung]
        if rung == "json_schema":
            body["response_format"] = {"type": rung, "json_schema": {"name": "description", "schema": schema}}
        elif rung == "json_object":
            body["response_format"] = {"type": rung}
        return body

    def _no_such_model(self, models: tuple[str, ...]) -> str:
        offered = ", ".join(models[:10]) or "none"
        return f"It has no model '{self._spec.model}'; it offers: {offered}."

    # Reading ----------------------------------------------------------------------------------------------------------

    def _read(self, completion: Completion, fields: dict[str, Any]) -> Answer:
        return read_answer(
            completion.content,
            schema=fields,
            max_description=self._spec.max_description,
            max_tags=self._spec.max_tags,
            cut_off=completion.finish_reason == "length",
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


def _model_name(reported: str, configured: str) -> str:
    """Return what the endpoint says it answered with, for that may be more exact; but no path on its disk."""
    return (configured if not reported or reported.startswith("/") else reported)[:255]


def _total(spent: list[Completion], count: Callable[[Completion], int | None]) -> int | None:
    counts = [count(each) for each in spent]
    known = [number for number in counts if number is not None]
    return sum(known) if len(known) == len(counts) else None
