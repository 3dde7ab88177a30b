"""Online scoring: profiles that live in a database, and the same score in milliseconds.

`ProfileDatabase` takes declarations and results as they come and keeps the profiles;
`OnlineScorer` reads them by key. docs/online.md says what holds.
"""

from targeting.scoring.online.database import ProfileDatabase
from targeting.scoring.online.events import Accepted, Closed, Refused, Status
from targeting.scoring.online.scorer import OnlineScorer, Scored, ScoredLine

__all__ = (
    "Accepted",
    "Closed",
    "OnlineScorer",
    "ProfileDatabase",
    "Refused",
    "Scored",
    "ScoredLine",
    "Status",
)
