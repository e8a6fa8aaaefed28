"""What the classifier decides about a ticket, whoever decided it."""

from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from smartqueue.vocabulary import Category, Priority, Source

__all__ = ["CATEGORIES", "PRIORITIES", "Category", "Classification", "Priority", "Source"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)


class Classification(BaseModel):
    """One verdict. cached: it was given earlier, for the same tenant and title."""

    model_config = ConfigDict(frozen=True)

    category: Category
    priority: Priority
    confidence_score: Annotated[float, Field(ge=0, le=1)]
    recommended_action: Annotated[str, Field(min_length=1, max_length=500)]
    source: Source
    cached: bool = False
