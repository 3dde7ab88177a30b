"""The catalogue of offence schemes, in the order of their numbers in the truth."""

from __future__ import annotations

from targeting.simulate import revenue_schemes as revenue
from targeting.simulate import smuggling_schemes as smuggling
from targeting.simulate.schemes import Scheme

SCHEMES = (
    Scheme(
        "undervaluation", "undervaluation",
        first_day=-80, wave_days=230, pause_days=12, detectable=0.86, unit="", gang_share=0.09,
        suits=revenue.undervaluers,
        shape=revenue.shape_undervaluation,
        trace=revenue.trace_undervaluation,
    ),
    Scheme(
        "misclassification", "misclassification",
        first_day=-30, wave_days=200, pause_days=20, detectable=0.84, unit="", gang_share=0.09,
        suits=revenue.misclassifiers,
        shape=revenue.shape_misclassification,
        trace=revenue.trace_misclassification,
    ),
    Scheme(
        "origin_fraud", "origin_fraud",
        first_day=-60, wave_days=180, pause_days=30, detectable=0.77, unit="", gang_share=0.09,
        suits=revenue.origin_frauds,
        shape=revenue.shape_origin_fraud,
        trace=revenue.trace_origin_fraud,
    ),
    Scheme(
        "perishable_cover", "drugs",
        first_day=-20, wave_days=120, pause_days=25, detectable=0.89, unit="kg", gang_share=0.2,
        suits=smuggling.cover_loaders,
        shape=smuggling.shape_perishable_cover,
        trace=smuggling.trace_perishable_cover,
    ),
    Scheme(
        "rip_on", "drugs",
        first_day=-45, wave_days=110, pause_days=30, detectable=0.91, unit="kg", gang_share=1.0,
        suits=smuggling.clean_regulars,
        shape=smuggling.shape_rip_on,
        trace=smuggling.trace_rip_on,
        inclined=False,
    ),
    Scheme(
        "free_zone_tobacco", "tobacco",
        first_day=-10, wave_days=150, pause_days=25, detectable=0.93, unit="kg", gang_share=0.14,
        suits=smuggling.smugglers,
        shape=smuggling.shape_free_zone_tobacco,
        trace=smuggling.trace_free_zone_tobacco,
    ),
    Scheme(
        "shell_counterfeit", "counterfeit",
        first_day=-70, wave_days=160, pause_days=15, detectable=0.86, unit="pieces",
        gang_share=0.35,
        suits=smuggling.shells,
        shape=smuggling.shape_shell_counterfeit,
        trace=smuggling.trace_shell_counterfeit,
    ),
    Scheme(
        "identity_hijack", "identity_fraud",
        first_day=15, wave_days=100, pause_days=20, detectable=0.82, unit="", gang_share=0.04,
        suits=revenue.good_importers,
        shape=revenue.shape_identity_hijack,
        trace=revenue.trace_identity_hijack,
        inclined=False,
    ),
    Scheme(
        "strategic_diversion", "strategic_goods",
        first_day=75, wave_days=210, pause_days=15, detectable=0.86, unit="pieces",
        gang_share=0.09,
        suits=smuggling.diverters,
        shape=smuggling.shape_strategic_diversion,
        trace=smuggling.trace_strategic_diversion,
    ),
)  # fmt: skip
"""Names are the fields of `SchemeRates`; offences those of `LabelDelays`."""
