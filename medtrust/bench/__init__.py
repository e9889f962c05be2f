"""Bench: how fast the work off the chain is, on invented doses and beside what others use."""

from medtrust.bench.doses import write_doses

__all__ = ["write_doses"]
