"""What every body has in common: camelCase outside, snake_case inside."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

# Of a body, which is JSON and has numbers and truth values of its own: "5" is not 5, and "no" is not false.
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
YesOrNo = Annotated[bool, Field(strict=True)]


class ApiModel(BaseModel):
    """The base of everything that is answered."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        # Many functions import more models than they use; one that nobody uses is not worth compiling.
        defer_build=True,
    )


class Body(ApiModel):
    """The base of request bodies: a field nobody knows is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")


class JobPayload(Body):
    """The base of the payloads of job types."""

    model_config = ConfigDict(frozen=True)


class WireModel(ApiModel):
    """The base of Kafka messages; unknown fields are ignored, so that newer producers do not break older consumers."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def to_json(self) -> str:
        """Return the wire form."""
        return self.model_dump_json(by_alias=True, exclude_none=True)
