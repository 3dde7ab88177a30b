"""Timing the steps of a run, and telling the user which one is going on."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took.

    Parameters
    ----------
    name
        Of the step.
    seconds
        Wall-clock time.
    peak_mb
        Largest memory of the process so far, in MiB.
    """

    name: str
    seconds: float
    peak_mb: float


@dataclass(slots=True)
class Steps:
    """Times the steps of a run and tells the user which one is going on.

    Parameters
    ----------
    tell
        Called with the name of each step as it begins.
    done
        Steps finished so far.
    """

    tell: Callable[[str], None] = lambda _: None
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block as one step.

        Parameters
        ----------
        name
            What the step does, as it is told and recorded.
        """
        self.tell(name)
        start = time.perf_counter()
        yield
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.done.append(Step(name, time.perf_counter() - start, peak))
