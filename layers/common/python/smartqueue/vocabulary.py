"""The words of classification: the only values that categories, priorities and sources take."""

from typing import Literal

Category = Literal["Infrastructure", "Database", "Application", "Network"]
Priority = Literal["HIGH", "MEDIUM", "LOW"]
Source = Literal["AI", "FALLBACK"]
