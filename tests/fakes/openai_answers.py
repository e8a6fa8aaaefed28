"""What the fake OpenAI server answers: a chat completion that depends on nothing but the request."""

import json
from collections.abc import Mapping
from typing import Any

_CATEGORY_WORDS = {
    "Database": ("database", "sql", "postgres", "query", "replication", "table"),
    "Network": ("network", "dns", "vpn", "firewall", "latency", "packet"),
    "Infrastructure": ("server", "disk", "memory", "cpu", "cluster", "kubernetes", "container"),
}
_PRIORITY_WORDS = {
    "HIGH": ("down", "outage", "breach", "production", "data loss"),
    "LOW": ("typo", "cosmetic", "minor", "maintenance", "feature"),
}
PROMPT_TOKENS, COMPLETION_TOKENS = 120, 30


def ticket_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts in the last user message: a JSON object's, or the message itself."""
    text = next((m["content"] for m in reversed(body.get("messages", [])) if m["role"] == "user"), "")
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        return {"text": text}
    return {key: str(value) for key, value in parsed.items()} if isinstance(parsed, dict) else {"text": text}


def schema_problem(body: Mapping[str, Any]) -> str | None:
    """Return what the real service would refuse about the response format."""
    response_format = body.get("response_format", {})
    schema = response_format.get("json_schema", {})
    properties = schema.get("schema", {}).get("properties", {})
    if response_format.get("type") != "json_schema" or schema.get("strict") is not True:
        return "response_format must be a strict json_schema"
    if schema["schema"].get("additionalProperties") is not False:
        return "additionalProperties is required to be supplied and to be false"
    if set(schema["schema"].get("required", [])) != set(properties):
        return "required must name every property"
    return None


def completion(behaviour: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a 200, spoilt as `behaviour` says."""
    text = " ".join(ticket_of(body).values()).lower()
    answer: dict[str, Any] = {
        "category": "Weather" if behaviour == "wrong-enum" else _first_match(_CATEGORY_WORDS, text, "Application"),
        "priority": _first_match(_PRIORITY_WORDS, text, "MEDIUM"),
        "confidence": {"low": 0.3, "wrong-confidence": 7}.get(behaviour, 0.92),
        "recommended_action": " \u0000\n" if behaviour == "no-action" else "Look at the logs first.",
    }
    message = {"role": "assistant", "content": json.dumps(answer), "refusal": None}
    if behaviour in {"refusal", "empty"}:
        message |= {"content": None, "refusal": "I cannot help with that." if behaviour == "refusal" else None}
    elif behaviour in {"invalid-json", "length"}:
        message["content"] = '{"category": "Datab'
    finish_reason = {"length": "length", "filter": "content_filter"}.get(behaviour, "stop")
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": []
        if behaviour == "no-choices"
        else [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
        "usage": {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": COMPLETION_TOKENS,
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        },
    }


def _first_match(words: Mapping[str, tuple[str, ...]], text: str, otherwise: str) -> str:
    return next((name for name, signs in words.items() if any(sign in text for sign in signs)), otherwise)
