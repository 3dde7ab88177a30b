"""Nothing a request brings, and no trader's name or code, reaches a log, a metric or a problem."""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.service.standin import OPEN_DAY, declaration, result

from targeting.service.logs import JsonLines, configuration, tell
from targeting.tables.schema import DECLARATIONS, INSPECTIONS

MARK = "ZZMARKZZ"
ALL = ("score", "results", "admin")


@contextmanager
def logged():
    """Collect what the service and its server log, as the service writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("targeting", "uvicorn.error", "asyncio")]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
    yield stream
    for one in loggers:
        one.removeHandler(handler)


def marked(table, row):
    """Draw a row with the mark in one column, in a value of any kind, or in the column's name."""
    values = st.sampled_from([MARK, f" {MARK}", [MARK], {MARK: MARK}, MARK * 300])
    return st.one_of(
        st.tuples(st.sampled_from(table.names), values).map(lambda pair: row | dict([pair])),
        values.map(lambda value: row | {MARK: value}),
        st.just(MARK),
        st.just({MARK: row}),
    )


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    declared=marked(DECLARATIONS, declaration(1)),
    found=marked(INSPECTIONS, result(1)),
    members=st.sampled_from([{}, {MARK: 1}, {"language": MARK}, {"explain": MARK}]),
)
def test_a_mark_in_a_request_is_told_to_nobody(service, declared, found, members):
    client, headers = service.client, service.key(*ALL)
    with logged() as stream:
        answers = [
            client.post("/v1/score", json={"declarations": [declared]} | members, headers=headers),
            client.post(
                "/v1/declarations", json={"declarations": [declared]} | members, headers=headers
            ),
            client.post("/v1/results", json={"results": [found]}, headers=headers),
            client.post("/v1/admin/close-day", json={"day": MARK} | members, headers=headers),
            client.get("/v1/shortlist", params={"office": MARK, "day": MARK}, headers=headers),
            client.get(f"/{MARK}?{MARK}={MARK}", headers={MARK: MARK}),
            client.post("/v1/score", content=MARK, headers=headers),
            client.get("/v1/model", headers={"Authorization": f"Bearer {MARK}"}),
            client.request(MARK, "/v1/score"),
        ]
    for answer in answers:
        assert answer.status_code != 500
        assert answer.is_success or MARK not in answer.text
    assert MARK not in stream.getvalue()
    assert len(stream.getvalue().splitlines()) >= len(answers)
    assert MARK not in client.get("/metrics").text


def test_a_defect_is_logged_by_its_lines_and_not_its_text(service, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError(f"{MARK} could not be read")

    monkeypatch.setattr(type(service.desk.current.serving.scorer), "score_typed", broken)
    with logged() as stream:
        service.client.post(
            "/v1/score", json={"declarations": [declaration()]}, headers=service.key("score")
        )
        try:
            broken()
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
            logging.getLogger("asyncio").exception(MARK)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert MARK not in stream.getvalue()
    defects = [line for line in lines if line.get("error") == "RuntimeError"]
    assert len(defects) == 2
    assert all(any("test_logs.py" in frame for frame in line["passed"]) for line in defects)


def test_a_request_is_logged_in_one_line(service):
    headers = service.key("score")
    with logged() as stream:
        answer = service.client.post(
            "/v1/score?x=1",
            json={"declarations": [declaration(1), declaration(2)]},
            headers=headers,
        )

    (line,) = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert line.pop("ms") > 0
    assert line.pop("at").startswith("20")
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": answer.headers["x-request-id"],
        "key_id": headers["Authorization"].split("_")[1],
        "method": "POST",
        "route": "/v1/score",
        "status": 200,
        "problem": "",
        "count": 2,
        "bundle_id": "aaaaaaaaaaaa",
    }


def test_other_libraries_are_told_by_place_only():
    record = logging.LogRecord("sqlalchemy.engine", 30, "f.py", 7, f"value {MARK}", None, None)

    assert json.loads(JsonLines().format(record))["event"] == "sqlalchemy.engine:7"


def test_the_configuration_is_one_logging_takes():
    before = logging.root.handlers[:], logging.root.level
    logging.config.dictConfig(configuration())
    try:
        assert isinstance(logging.root.handlers[0].formatter, JsonLines)
        assert not logging.getLogger("uvicorn.access").isEnabledFor(logging.INFO)
    finally:
        logging.root.handlers[:], logging.root.level = before[0], before[1]


def test_an_event_of_the_service_is_a_line(caplog):
    with caplog.at_level(logging.INFO, logger="targeting.service"):
        tell("reloaded", seconds=1.5)

    assert json.loads(JsonLines().format(caplog.records[0]))["seconds"] == 1.5
    assert OPEN_DAY.year == 2024
