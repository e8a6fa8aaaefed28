"""What the classifier reads from its environment."""

from typing import Annotated

from pydantic import Field

from smartqueue.settings import (
    BatchSettings,
    CacheSettings,
    DatabaseSettings,
    KafkaSettings,
    PositiveSeconds,
    StageSettings,
)


class Settings(StageSettings, BatchSettings, DatabaseSettings, CacheSettings, KafkaSettings):
    """openai_secret_id: the secret {"apiKey"}; "none" stands for no key, then the rules decide alone.

    openai_base_url: of any OpenAI-compatible server; empty means OpenAI's own.
    """

    openai_secret_id: str
    openai_model: str = "gpt-5.4-mini"
    openai_base_url: str = ""
    openai_timeout_seconds: PositiveSeconds = 5
    classify_confidence_threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
