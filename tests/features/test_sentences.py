# ruff: noqa: RUF001  the sentences are told in Russian too
"""Sentences by their literal words: the number, the comparison and its basis, in both languages."""

from __future__ import annotations

import math

import pytest

from targeting.config import FeatureSettings
from targeting.features.key_indicators import carried
from targeting.features.spec import registry
from targeting.language import Language

FEATURES = {one.name: one for one in registry(FeatureSettings())}
BOTH = [Language.named("en"), Language.named("ru")]

CASES = {
    "a newcomer beside the office's declarations": (
        "consignor_declarations",
        {"consignor_declarations": 0.0, "office_declarations": 18_402.0},
        "this consignor: never seen before; 0 of 18,402 earlier declarations at this office",
        "этот отправитель: первое появление; 0 из 18 402 прежних деклараций этого поста",
    ),
    "a newcomer at an office without history": (
        "consignor_declarations",
        {"consignor_declarations": 0.0, "office_declarations": 0.0},
        "this consignor: no declaration before this day",
        "этот отправитель: до этого дня деклараций не было",
    ),
    "a new pair beside its first part": (
        "consignee_x_consignor_declarations",
        {"consignee_x_consignor_declarations": 0.0, "consignee_declarations": 21.0},
        "this consignee with this consignor: never seen before; "
        "0 of 21 earlier declarations of this consignee",
        "этот получатель и этот отправитель: первое появление; "
        "0 из 21 прежней декларации (этот получатель)",
    ),
    "few declarations": (
        "consignee_declarations",
        {"consignee_declarations": 2.0, "consignee_days_since_first": 31.0},
        "this consignee: only 2 earlier declarations, the first 31 days ago",
        "этот получатель: всего 2 прежние декларации, первая — 31 день назад",
    ),
    "many": (
        "consignee_pace",
        {"consignee_declarations": 1_011.0, "consignee_days_since_first": 1.0},
        "this consignee: 1,011 earlier declarations, the first 1 day ago",
        "этот получатель: 1 011 прежних деклараций, первая — 1 день назад",
    ),
    "results beside those of all lines": (
        "consignee_hit_rate",
        {
            "consignee_examinations": 9.0,
            "consignee_hits": 3.0,
            "consignee_hit_rate": (3 + 20 * 0.041) / 29,
        },
        "this consignee: 3 hits in only 9 earlier examinations (33%; all lines 4.1%)",
        "этот получатель: 3 нарушения, всего 9 прежних досмотров (33 %; по всем товарам 4,1 %)",
    ),
    "never examined, though seen": (
        "consignee_examinations",
        {"consignee_examinations": 0.0, "consignee_declarations": 340.0},
        "this consignee: never examined; 340 earlier declarations",
        "этот получатель: досмотров не было; 340 прежних деклараций",
    ),
    "no hit yet": (
        "consignee_days_since_last_hit",
        {
            "consignee_declarations": 340.0,
            "consignee_examinations": 12.0,
            "consignee_days_since_last_hit": math.nan,
        },
        "this consignee: no hit in 12 earlier examinations",
        "этот получатель: без нарушений, 12 прежних досмотров",
    ),
    "a price beside the usual one": (
        "hs6_price_ratio",
        {
            "hs_code": "6404110000",
            "unit_value": 1.2,
            "hs6_typical_price": 4.1,
            "hs6_declarations": 212.0,
        },
        "1.20 per kg; 212 earlier lots of goods code 640411: typically 4.10 per kg",
        "1,20 за кг; обычно 4,10 за кг (код товара 640411, 212 прежних партий)",
    ),
    "a declarant that never was": (
        "consignee_x_declarant_unusual",
        {"consignee_x_declarant_declarations": 0.0, "consignee_declarations": 40.0},
        "this consignee: 0 of 40 earlier lines with this declarant",
        "этот получатель: этот декларант — 0 из 40 прежних партий",
    ),
    "the company a trader keeps": (
        "consignee_via_container_caught",
        {"consignee_via_container_lines": 40.0, "consignee_via_container_caught": 3.0},
        "this consignee: 3 of 40 earlier lines with a container caught by then",
        "этот получатель: 3 из 40 прежних партий связаны с нарушениями, "
        "известными к тому времени (контейнер)",
    ),
    "a flag": (
        "bad_check_digit",
        {"bad_check_digit": 1.0},
        "the container number's check digit fails",
        "контрольная цифра номера контейнера не сходится",
    ),
    "a category in words": (
        "transport_mode_level",
        {"transport_mode": "sea"},
        "past results of mode of transport sea",
        "прежние результаты: вид транспорта — морской",
    ),
    "packages": (
        "kg_per_package",
        {"package_count": 1.0, "kg_per_package": 40.5},
        "1 package of 40.50 kg",
        "1 место массой 40,50 кг",
    ),
    "hours": (
        "notice_hours",
        {"notice_hours": -2.0},
        "lodged 2 hours after arrival",
        "подана через 2 часа после прибытия",
    ),
    "the hour and the day": (
        "lodged_hour",
        {"lodged_hour": 23.0, "lodged_weekday": 1.0},
        "lodged on a Tuesday between 23 and 24 h",
        "подана во вторник, с 23 до 24 ч",
    ),
    "freight": (
        "freight_share",
        {"freight_share": 0.024},
        "freight is 2.4% of the goods' value",
        "фрахт составляет 2,4 % стоимости товара",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_sentence_tells_number_comparison_and_basis(case: str):
    name, line, *wanted = CASES[case]
    phrase = FEATURES[name].sentence(line)

    assert phrase is not None
    told = [language.say(phrase).replace("\xa0", " ") for language in BOTH]
    assert told == wanted


def test_a_statistic_carries_its_own_indicators_and_no_other_of_its_key():
    keys = {key.name: key for key in FeatureSettings().keys}
    told = {
        (name, suffix): carried(keys[name], suffix)
        for name, suffix in (
            ("consignee", "declarations_30d"), ("consignee", "days_since_last"),
            ("consignee", "pace"), ("consignee", "hit_rate_365d"), ("hs6", "mass_ratio"),
            ("hs6_x_origin", "price_z"), ("hs6_x_origin", "declarations"), ("flow", "hits"),
        )
        if name in keys
    }  # fmt: skip

    assert told == {
        ("consignee", "declarations_30d"): (1,),
        ("consignee", "days_since_last"): (1, 5),
        ("consignee", "pace"): (1, 6),
        ("consignee", "hit_rate_365d"): (18,),
        ("hs6", "mass_ratio"): (38,),
        ("hs6_x_origin", "price_z"): (46,),
        ("hs6_x_origin", "declarations"): (24,),
    }
