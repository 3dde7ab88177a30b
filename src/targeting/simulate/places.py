"""Counterpart countries and the ports through which the corridor trades with them."""

from __future__ import annotations

import numpy as np

MODES = ("sea", "rail", "road", "air")
FLOWS = ("import", "export", "transit", "transshipment")
SEA, RAIL, ROAD, AIR = range(4)
IMPORT, EXPORT, TRANSIT, TRANSSHIPMENT = range(4)


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

PLACES = tuple(
    sorted({place for record in _RECORDS for field in record[2:] for place in field.split()})
)
PLACE = {code: number for number, code in enumerate(PLACES)}
COUNTRY = {code: number for number, code in enumerate(COUNTRIES)}
NOWHERE = -1
"""Stands for no transshipment, wherever a place number is expected."""
IS_PREFERRED = np.array([country in PREFERRED for country in COUNTRIES])


def _port_table() -> np.ndarray:
    """Places by country, mode and slot, shape (countries, 4, 3); short lists repeat."""
    table = np.zeros((len(COUNTRIES), len(MODES), 3), dtype=np.int64)
    for country, record in enumerate(_RECORDS):
        for mode, field in enumerate((record[2], record[3], record[3], record[4])):
            places = field.split()
            table[country, mode] = [PLACE[places[slot % len(places)]] for slot in range(3)]
    return table


PORTS = _port_table()
