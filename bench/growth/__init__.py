"""What a long past costs each query of the hot path with ten thousand, a million and ten million jobs in the tables."""

from bench.growth.section import run, targets

__all__ = ["run", "targets"]
