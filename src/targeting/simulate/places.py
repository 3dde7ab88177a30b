"""Sites, counterpart countries, ports and hubs of the corridor.

Sites and their modes follow the programme's own reports (domain.md sections 0.1 to 0.3); the
relative volumes are assumptions of the right order, not published figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODES = ("sea", "rail", "road", "air")
FLOWS = ("import", "export", "transit", "transshipment")
SEA, RAIL, ROAD, AIR = range(4)
IMPORT, EXPORT, TRANSIT, TRANSSHIPMENT = range(4)


@dataclass(frozen=True, slots=True)
class Site:
    """One Port Control Unit: code, country, share of the volume, modes, flows, onward countries.

    Parameters
    ----------
    code
        UN/LOCODE; KZHOR stands for the Altynkol dry port, which has none of its own.
    country
        Country of the site.
    share
        Share of the corridor's consignments.
    modes
        Weights of sea, rail, road, air.
    flows
        Weights of import, export, transit, transshipment.
    onward
        Destinations of what only passes through.
    """

    code: str
    country: str
    share: float
    modes: tuple[float, float, float, float]
    flows: tuple[float, float, float, float]
    onward: tuple[str, ...]


SITES = (
    Site("AZALA", "AZ", 0.21, (0.50, 0.28, 0.22, 0), (0.52, 0.14, 0.27, 0.07), ("GE", "TR", "UA")),
    Site("AZAST", "AZ", 0.17, (0, 0.12, 0.88, 0), (0.56, 0.12, 0.32, 0), ("RU", "GE", "UA")),
    Site("KZAAU", "KZ", 0.11, (0.75, 0.15, 0.10, 0), (0.52, 0.20, 0.20, 0.08), ("RU", "UZ", "KG")),
    Site("KZKUR", "KZ", 0.06, (0.30, 0.30, 0.40, 0), (0.50, 0.20, 0.30, 0), ("RU", "UZ", "KG")),
    Site("TMKRW", "TM", 0.10, (0.62, 0.13, 0.25, 0), (0.55, 0.15, 0.23, 0.07), ("UZ", "AF", "TJ")),
    Site("KZHOR", "KZ", 0.19, (0, 0.86, 0.14, 0), (0.58, 0.07, 0.35, 0), ("RU", "PL", "DE", "UZ")),
    Site("KZALA", "KZ", 0.09, (0, 0, 0, 1.0), (0.82, 0.06, 0.12, 0), ("KG", "UZ", "TJ")),
    Site("TMASB", "TM", 0.07, (0, 0.35, 0.50, 0.15), (0.72, 0.10, 0.18, 0), ("AF", "UZ", "TJ")),
)
UTC_OFFSET_HOURS = {"AZ": 4, "KZ": 5, "TM": 5}
VAT_PCT = {"AZ": 18.0, "KZ": 12.0, "TM": 15.0}

# country|region|sea|land (rail and road)|air. Regions: W Europe and the Americas, T Turkey,
# I Iran, G Gulf and South Asia, C China and East Asia, S neighbours on land.
_COUNTRIES = """
CN|C|CNSHA CNTAO CNLYG|CNURC CNSIA CNCKG|CNPVG CNCAN
TR|T|TRMER TRIST TRIZM|TRGZT TRERZ|TRIST
IR|I|IRBND IRAMD IRBAZ|IRASR IRTHR IRMHD|IRTHR
AE|G|AEJEA AESHJ|AEDXB|AEDXB
DE|W|DEHAM DEBRV|DEDUI DEMUC|DEFRA
IT|W|ITGOA ITVCE|ITVRN ITMIL|ITMXP
PL|W|PLGDN|PLWAW PLLOD|PLWAW
NL|W|NLRTM|NLVEN|NLAMS
FR|W|FRLEH FRMRS|FRLYS|FRCDG
ES|W|ESVLC ESALG|ESZAZ|ESMAD
GR|W|GRPIR|GRSKG|GRATH
SE|W|SEGOT|SEMMA|SEARN
GB|W|GBFXT|GBBHM|GBLHR
US|W|USNYC USHOU|USCHI|USJFK
BR|W|BRSSZ|BRSAO|BRGRU
EC|W|ECGYE|ECUIO|ECUIO
IN|G|INMUN INNSA|INDEL|INDEL
PK|G|PKKHI|PKLHE|PKLHE
BD|G|BDCGP|BDDAC|BDDAC
VN|C|VNSGN VNHPH|VNHAN|VNSGN
KR|C|KRPUS|KRSEL|KRICN
JP|C|JPYOK JPUKB|JPTYO|JPNRT
MY|C|MYPKG|MYKUL|MYKUL
TH|C|THLCH|THBKK|THBKK
ID|C|IDJKT|IDSUB|IDCGK
EG|G|EGALY EGPSD|EGCAI|EGCAI
AF|I|IRBND|AFKBL AFHEA|AFKBL
RU|S|RUNVS RUAST|RUMOW RUSVX|RUSVO
UA|S|UAODS|UAIEV|UAKBP
BY|S|LTKLJ|BYMSQ|BYMSQ
GE|S|GEPTI GEBUS|GETBS|GETBS
UZ|S|TMKRW|UZTAS UZSKD|UZTAS
KG|S|KZAAU|KGFRU KGOSS|KGFRU
TJ|S|IRBND|TJDYU|TJDYU
AZ|S|AZBAK AZALA|AZBAK AZGNJ|AZGYD
KZ|S|KZAAU KZKUR|KZALA KZCIT|KZALA
TM|S|TMKRW|TMASB TMMAR|TMASB
"""
_RECORDS = [line.split("|") for line in _COUNTRIES.split("\n") if line]
COUNTRIES = tuple(record[0] for record in _RECORDS)
REGIONS = "WTIGCS"
REGION = np.array([REGIONS.index(record[1]) for record in _RECORDS])
PREFERRED = frozenset({"AZ", "KZ", "TM", "UZ", "KG", "TJ", "GE", "RU", "BY", "UA"})
"""Origins under free-trade agreements with the sites' countries: a preference can be claimed."""

# Where cargo of a region changes ship or train, with weights; "" is a direct route.
_HUBS = {
    "W": (("", 5.0), ("GEPTI", 3.0), ("TRMER", 1.0), ("GEBUS", 1.0), ("AEJEA", 0.5)),
    "T": (("", 6.0), ("GEBUS", 2.0), ("GEPTI", 1.0)),
    "I": (("", 7.0), ("IRBND", 1.0), ("IRAMD", 1.0)),
    "G": (("", 2.0), ("IRBND", 4.0), ("AEJEA", 2.5), ("GEPTI", 0.8)),
    "C": (("", 5.0), ("AEJEA", 1.0), ("IRBND", 1.4), ("GEPTI", 1.2), ("KZAAU", 1.0)),
    "S": (("", 9.0), ("AZBAK", 1.0), ("KZAAU", 0.6)),
}


def _codes() -> tuple[str, ...]:
    ports = {place for record in _RECORDS for field in record[2:] for place in field.split()}
    hubs = {hub for choices in _HUBS.values() for hub, _ in choices if hub}
    return tuple(sorted(ports | hubs | {site.code for site in SITES}))


PLACES = _codes()
PLACE = {code: number for number, code in enumerate(PLACES)}
COUNTRY = {code: number for number, code in enumerate(COUNTRIES)}
SITE = {site.code: number for number, site in enumerate(SITES)}
NOWHERE = -1
"""Stands for no transshipment, wherever a place number is expected."""

SITE_PLACE = np.array([PLACE[site.code] for site in SITES])
SITE_COUNTRY = np.array([COUNTRY[site.country] for site in SITES])
SITE_OFFSET_S = np.array([UTC_OFFSET_HOURS[site.country] * 3600 for site in SITES])
SITE_VAT = np.array([VAT_PCT[site.country] / 100 for site in SITES])
IS_PREFERRED = np.array([country in PREFERRED for country in COUNTRIES])
IS_HOME = np.array([country in UTC_OFFSET_HOURS for country in COUNTRIES])


def _port_table() -> np.ndarray:
    """Places by country, mode and slot, shape (countries, 4, 3); short lists repeat."""
    table = np.zeros((len(COUNTRIES), len(MODES), 3), dtype=np.int64)
    for country, record in enumerate(_RECORDS):
        for mode, field in enumerate((record[2], record[3], record[3], record[4])):
            places = field.split()
            table[country, mode] = [PLACE[places[slot % len(places)]] for slot in range(3)]
    return table


def _hub_table() -> tuple[np.ndarray, np.ndarray]:
    """Hubs by region and slot, and their cumulative weights, shape (regions, 5) each."""
    hubs = np.full((len(REGIONS), 5), NOWHERE)
    weights = np.zeros((len(REGIONS), 5))
    for region, name in enumerate(REGIONS):
        for slot, (hub, weight) in enumerate(_HUBS[name]):
            hubs[region, slot] = PLACE[hub] if hub else NOWHERE
            weights[region, slot] = weight
    return hubs, weights.cumsum(axis=1) / weights.sum(axis=1, keepdims=True)


PORTS = _port_table()
HUBS, HUB_SHARES = _hub_table()
