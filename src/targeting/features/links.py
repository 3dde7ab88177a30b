"""Features of links: what was found with those a party, box or conveyance dealt with before.

Two steps, strictly earlier: from this line to earlier lines of the same key, and from each of them
to the results of its other party as they were known on the day of that line. The company a key
keeps is remembered in a profile of its own, so it fades, adds up between offices and is scored
online like any other. Source: domain.md indicator 19 (party linked to a past seizure).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from targeting.config import KeySettings
from targeting.features import history_sentences as words
from targeting.features.naming import role
from targeting.features.registry import RESULTS, Feature, computable_from
from targeting.features.relative import RelativeFeature, family_of, shrunken_rate
from targeting.language import say

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from targeting.config import FeatureSettings, LinkSettings
    from targeting.features.relative import View

    Floats = npt.NDArray[np.float64]


def link_features(settings: FeatureSettings) -> dict[str, tuple[RelativeFeature, ...]]:
    """List the features of every link, by the link's name, in the order of the matrix.

    Parameters
    ----------
    settings
        Links.

    Examples
    --------
    >>> from targeting.config import FeatureSettings
    >>> links = link_features(FeatureSettings())
    >>> [one.feature.name for one in links["consignee_via_container"]]  # doctest: +ELLIPSIS
    ['consignee_via_container_lines', ..., 'consignee_via_container_hit_rate']
    """
    return {link.name: _of_link(link) for link in settings.links}


def _of_link(link: LinkSettings) -> tuple[RelativeFeature, ...]:
    return (
        _made(link, "lines", "Earlier lines whose {} had been examined by then", _lines),
        _made(link, "caught", "Earlier lines whose {} had been caught by then", _caught),
        _made(link, "hit_rate", "Mean hit rate of the {} of earlier lines by then", shrunken_rate),
    )


def _lines(view: View) -> Floats:
    return view.sum("examinations")


def _caught(view: View) -> Floats:
    return view.sum("revenue")


def _made(
    link: LinkSettings, suffix: str, meaning: str, compute: Callable[[View], Floats]
) -> RelativeFeature:
    of, through = (" x ".join(columns) for columns in (link.of, link.through))
    feature = Feature(
        name=f"{link.name}_{suffix}",
        family=family_of(KeySettings(columns=link.of)),
        meaning=f"{meaning.format(through)}, per {of}, before the day.",
        sentence=words.kept_company(link),
        indicators=(19,),
        group=f"{link.name}{RESULTS}",
        computable=computable_from((*link.of, *link.through)),
        rises=suffix == "hit_rate",
        key=KeySettings(columns=link.of).name,
        unsaid=say("{what}: not stated", what=role(link.of)),
    )
    return RelativeFeature(feature, compute)
