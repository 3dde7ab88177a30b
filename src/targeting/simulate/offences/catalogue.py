"""The catalogue of offence schemes, in the order of their numbers in the truth."""

from __future__ import annotations

from targeting.simulate.offences import revenue_schemes as revenue
from targeting.simulate.offences import smuggling_schemes as smuggling
from targeting.simulate.offences.schemes import Scheme

SCHEMES = (
    Scheme(
        "undervaluation", "undervaluation",
        detectable=0.86, unit="", gang_share=0.09,
        suits=revenue.undervaluers,
        shape=revenue.shape_undervaluation,
        trace=revenue.trace_undervaluation,
        orders="broker destination flow",
        lines="value",
    ),
    Scheme(
        "misclassification", "misclassification",
        detectable=0.84, unit="", gang_share=0.09,
        suits=revenue.misclassifiers,
        shape=revenue.shape_misclassification,
        trace=revenue.trace_misclassification,
        orders="broker destination flow goods preference",
        lines="duty goods packages word",
    ),
    Scheme(
        "origin_fraud", "origin_fraud",
        detectable=0.77, unit="", gang_share=0.09,
        suits=revenue.origin_frauds,
        shape=revenue.shape_origin_fraud,
        trace=revenue.trace_origin_fraud,
        orders="broker destination dispatch flow loading origin preference supplier supply",
        lines="",
    ),
    Scheme(
        "perishable_cover", "drugs",
        detectable=0.89, unit="kg", gang_share=0.2,
        suits=smuggling.cover_loaders,
        shape=smuggling.shape_perishable_cover,
        trace=smuggling.trace_perishable_cover,
        orders="boxed broker carrier dispatch goods hub lead load loading mode "
        "origin preference site supplier supply",
        lines="freight gross net packages value",
    ),
    Scheme(
        "rip_on", "drugs",
        detectable=0.91, unit="kg", gang_share=1.0,
        suits=smuggling.clean_regulars,
        shape=smuggling.shape_rip_on,
        trace=smuggling.trace_rip_on,
        inclined=False,
        orders="amendments boxed carrier hub load mode seal_twin",
        lines="",
    ),
    Scheme(
        "free_zone_tobacco", "tobacco",
        detectable=0.93, unit="kg", gang_share=0.14,
        suits=smuggling.smugglers,
        shape=smuggling.shape_free_zone_tobacco,
        trace=smuggling.trace_free_zone_tobacco,
        orders="amendments boxed carrier dispatch goods hub load loading mode origin "
        "preference supplier supply",
        lines="freight packages",
    ),
    Scheme(
        "shell_counterfeit", "counterfeit",
        detectable=0.86, unit="pieces",
        gang_share=0.35,
        suits=smuggling.shells,
        shape=smuggling.shape_shell_counterfeit,
        trace=smuggling.trace_shell_counterfeit,
        orders="boxed broker destination dispatch flow goods lines load loading notify "
        "origin preference supplier supply",
        lines="value word",
    ),
    Scheme(
        "identity_hijack", "identity_fraud",
        detectable=0.82, unit="", gang_share=0.04,
        suits=revenue.good_importers,
        shape=revenue.shape_identity_hijack,
        trace=revenue.trace_identity_hijack,
        inclined=False,
        orders="broker destination dispatch flow goods loading notify origin payment "
        "preference supplier supply",
        lines="value",
    ),
    Scheme(
        "strategic_diversion", "strategic_goods",
        detectable=0.86, unit="pieces",
        gang_share=0.09,
        suits=smuggling.diverters,
        shape=smuggling.shape_strategic_diversion,
        trace=smuggling.trace_strategic_diversion,
        orders="destination dispatch goods lead loading origin preference supplier supply",
        lines="word",
    ),
    Scheme(
        "transit_diversion", "transit_fraud",
        detectable=0.80, unit="", gang_share=0.12,
        suits=revenue.carriers_through,
        shape=revenue.shape_transit_diversion,
        trace=revenue.trace_transit_diversion,
        orders="amendments broker carrier destination dispatch flow goods loading origin "
        "payment preference supplier supply",
        lines="freight value",
    ),
)  # fmt: skip
"""Names are the fields of `SchemesSettings`; offences those of `LabelDelays`."""
