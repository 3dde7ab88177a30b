"""How often a key may ask: one token bucket a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targeting.config import RateSettings
    from targeting.service.keys import Key


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rates:
    """Token buckets of the keys seen; as many as there are keys, so they need no sweeping.

    Parameters
    ----------
    settings
        Rate and burst of a key that has none of its own.

    Examples
    --------
    >>> from targeting.config import RateSettings
    >>> from targeting.service.keys import Key
    >>> rates = Rates(RateSettings(per_second=2, burst=1))
    >>> key = Key("k", "port", ("score",), "")
    >>> rates.wait(key, 0.0), rates.wait(key, 0.0), rates.wait(key, 0.5)
    (0.0, 0.5, 0.0)
    """

    def __init__(self, settings: RateSettings) -> None:
        self._settings = settings
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, key: Key, now: float) -> float:
        """Take a token; or say how long until there is one.

        Parameters
        ----------
        key
            Who asks.
        now
            Seconds on a clock that never goes back.

        Returns
        -------
        float
            0 when the request may go on, else the seconds to wait.
        """
        rate = key.per_second or self._settings.per_second
        most = max(1.0, rate * self._settings.burst / self._settings.per_second)
        bucket = self._buckets.setdefault(key.key_id, _Bucket(most, now))
        bucket.tokens = min(most, bucket.tokens + (now - bucket.filled) * rate)
        bucket.filled = now
        if bucket.tokens < 1.0:
            return (1.0 - bucket.tokens) / rate
        bucket.tokens -= 1.0
        return 0.0
