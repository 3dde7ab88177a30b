"""The model in use: one immutable object, exchanged while requests go on with the one they have."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from targeting.errors import TargetingError
from targeting.service.keys import moment
from targeting.service.logs import tell

if TYPE_CHECKING:
    from targeting.scoring.online import OnlineScorer, ProfileDatabase
    from targeting.service.metrics import Metrics
    from targeting.tracking import Store


@dataclass(frozen=True, slots=True)
class Serving:
    """A loaded model and what it goes by.

    Parameters
    ----------
    scorer
        Scores declarations; its profiles are those of the database of all models.
    name
        What the model's name stood for when it was loaded: a registry's version, else the
        bundle's id.
    loaded_at
        Moment in UTC, ISO 8601.
    seconds
        How long loading took.
    """

    scorer: OnlineScorer
    name: str
    loaded_at: str
    seconds: float

    @property
    def bundle_id(self) -> str:
        """The bundle's id."""
        return self.scorer.bundle.bundle_id

    @property
    def time_zone(self) -> str:
        """The zone in which a working day begins and ends."""
        return self.scorer.bundle.manifest.features.time_zone

    @property
    def database(self) -> ProfileDatabase:
        """The living profiles."""
        return self.scorer.database


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that could not be loaded; the one before it goes on.

    Parameters
    ----------
    at
        Moment in UTC, ISO 8601.
    what, found, do
        As an error tells them.
    """

    at: str
    what: str
    found: str
    do: str


class Source(Protocol):
    """Where models come from; fixed when the service starts, never named by a request."""

    def name(self) -> str:
        """Say what the model's name stands for now."""
        ...

    def load(self) -> Serving:
        """Load what the model's name stands for now."""
        ...


@dataclass(frozen=True, slots=True)
class NamedModel:
    """The model the service was started with: a bundle folder, or a name in the registry.

    Parameters
    ----------
    model
        Folder, or as `models:/targeting@champion`.
    database
        Open.
    store
        The registry.
    """

    model: str
    database: ProfileDatabase
    store: Store

    def name(self) -> str:
        """Say what the model's name stands for now; empty for a folder that is no bundle.

        Raises
        ------
        TargetingError
            If the registry does not answer, or knows no such model.
        """
        from targeting.bundle.manifest import MANIFEST, bundle_id
        from targeting.tracking.promotions import version_of
        from targeting.tracking.store import REGISTRY_PREFIX

        if self.model.startswith(REGISTRY_PREFIX):
            return f"version {version_of(self.model, self.store)}"
        folder = Path(self.model)
        return bundle_id(folder) if (folder / MANIFEST).is_file() else ""

    def load(self) -> Serving:
        """Verify and load what the model's name stands for now.

        Raises
        ------
        TargetingError
            If the bundle is not what was packaged, or needs other profiles than the database
            keeps.
        """
        from targeting.bundle.bundle import load_bundle
        from targeting.scoring.online import OnlineScorer
        from targeting.tracking import resolved

        began = time.perf_counter()
        name = self.name()
        with resolved(self.model, self.store) as folder:
            scorer = OnlineScorer.of(load_bundle(folder, profiles=False), self.database)
        scorer.warm()
        return Serving(scorer, name, moment(), time.perf_counter() - began)


class Current:
    """Holds the model in use and exchanges it.

    A request takes `serving` once and keeps it to its end, so an exchange disturbs nobody; the
    old model goes when its last request does.

    Parameters
    ----------
    source
        Where models come from.
    serving
        The first one.
    metrics
        Counts the exchanges.
    """

    def __init__(self, source: Source, serving: Serving, metrics: Metrics) -> None:
        self._source, self.metrics = source, metrics
        self._lock = asyncio.Lock()
        self.serving = serving
        self.failure: Failure | None = None

    async def reload(self, *, always: bool = False) -> bool:
        """Load the model its name stands for now, and put it to use if it is another.

        Parameters
        ----------
        always
            Load it even if the name stands for the one in use.

        Returns
        -------
        bool
            Whether another bundle is in use than before.

        Raises
        ------
        TargetingError
            If it cannot be loaded; the one in use stays.
        """
        async with self._lock:
            before = self.serving
            try:
                if not always and await asyncio.to_thread(self._source.name) == before.name:
                    self.failure = None
                    return False
                self.serving = await asyncio.to_thread(self._source.load)
            except TargetingError as error:
                self.failure = Failure(moment(), error.what, error.found, error.do)
                self.metrics.reloads.add("refused")
                tell("reload refused", level=logging.ERROR, kind=type(error).__name__)
                raise
            self.failure = None
            self.metrics.reloads.add("loaded")
            tell("reloaded", bundle_id=self.serving.bundle_id, seconds=self.serving.seconds)
            return self.serving.bundle_id != before.bundle_id
