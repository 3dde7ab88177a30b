"""Every address, every answer, every refusal: with a stand-in for the scorer."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.service.standin import OPEN_DAY, declaration, result

from targeting.errors import BundleError, InputError, OutputError

POSTS = (
    ("/v1/score", "score", {"declarations": [declaration()]}),
    ("/v1/declarations", "results", {"declarations": [declaration()]}),
    ("/v1/results", "results", {"results": [result()]}),
    ("/v1/admin/close-day", "admin", {"day": "2024-03-14"}),
    ("/v1/admin/reload", "admin", None),
)
GETS = (
    (f"/v1/shortlist?office=AZALA&day={OPEN_DAY}&capacity=2", "score"),
    ("/v1/model", "score"),
)
EVERY = [("POST", path, scope, body) for path, scope, body in POSTS]
EVERY += [("GET", path, scope, None) for path, scope in GETS]
BODIED = [path for path, _, body in POSTS if body is not None]


def problem(answer, kind, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["type"], told["status"]) == (f"urn:targeting:problem:{kind}", status)
    assert told["instance"] == f"urn:targeting:request:{answer.headers['x-request-id']}"
    return told


def pointers(told):
    return [(one["pointer"], one["what"]) for one in told["errors"]]


@pytest.mark.parametrize(("method", "path", "scope", "body"), EVERY)
def test_a_key_with_the_scope_is_let_in_and_no_other(service, method, path, scope, body):
    others = tuple(one for one in ("score", "results", "admin") if one != scope)

    assert service.client.request(method, path, json=body, headers=service.key(scope)).is_success
    wrong = service.client.request(method, path, json=body, headers=service.key(*others))
    told = problem(wrong, "scope-needed", 403)
    assert f"`{scope}`" in told["detail"]


@pytest.mark.parametrize(("method", "path", "scope", "body"), EVERY)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer tgk_x_y", "Basic dGVzdA=="])
def test_without_a_key_nothing_is_read(service, method, path, scope, body, header):
    headers = {} if header is None else {"Authorization": header}

    refused = service.client.request(method, path, json=body, headers=headers)

    problem(refused, "key-needed", 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_key_with_another_secret_is_nobodys(service):
    right = service.key("score")["Authorization"]
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")

    problem(service.client.get("/v1/model", headers={"Authorization": wrong}), "key-needed", 401)


def test_scores_come_in_the_order_of_the_request(service):
    rows = [declaration(at) for at in (3, 1, 2)]

    answer = service.client.post(
        "/v1/score", json={"declarations": rows}, headers=service.key("score")
    ).json()

    assert [one["declaration_id"] for one in answer["scores"]] == ["D-3", "D-1", "D-2"]
    assert answer["bundle_id"] == "aaaaaaaaaaaa"
    assert answer["scores"][0]["expected_revenue"] is None
    assert "reasons" not in answer["scores"][0]


@pytest.mark.parametrize("count", [1, 100])
def test_reasons_come_when_asked_for(service, count):
    rows = [declaration(at) for at in range(count)]

    answer = service.client.post(
        "/v1/score", json={"declarations": rows, "explain": True}, headers=service.key("score")
    ).json()

    assert [one["reasons"][0]["text"] for one in answer["scores"]] == ["not stated"] * count


def test_past_lines_come_when_asked_for(service):
    body = {"declarations": [declaration()], "similar": True}

    answer = service.client.post("/v1/score", json=body, headers=service.key("score")).json()

    (line,) = answer["scores"]
    assert "reasons" not in line
    assert line["similar"] == {
        "among": 1, "hits": 0,
        "lines": [
            {"declaration_id": "D1", "lodged_day": "2024-03-15", "known_day": "2024-03-15",
             "office_id": "AZALA", "hs_code": "080510", "result": "clear", "offence": None,
             "revenue": None, "selected_by": "lot", "similarity": 0.5},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [("en", "not stated"), ("ru", "не указано")])
def test_reasons_are_told_in_the_language_asked_for(service, language, text):
    body = {"declarations": [declaration()], "explain": True, "language": language}

    answer = service.client.post("/v1/score", json=body, headers=service.key("score")).json()

    assert answer["scores"][0]["reasons"] == [
        {"text": text, "feature": "gross_mass_kg", "subject": "mass", "family": "declared",
         "contribution": 0.25, "indicators": [3], "key": ""},
    ]  # fmt: skip


def test_every_breach_of_every_row_is_told_at_once(service):
    rows = [
        declaration(1, flow="inward", hs_code="8O5", customs_value=-1.0),
        declaration(2, lodged_at="yesterday", package_count=1.5, gross_mass_kg="12"),
        declaration(3, office_id=None, origin_country="XXX", extra={"a": 1}),
        "row",
        declaration(1, consignee_id=7),
    ]

    refused = service.client.post(
        "/v1/score",
        json={"declarations": rows, "explain": 1, "similar": "y"},
        headers=service.key("score"),
    )

    told = problem(refused, "refused", 422)
    assert pointers(told) == [
        ("/explain", "not true or false"),
        ("/similar", "not true or false"),
        ("/declarations/0/flow", "not one of the words allowed"),
        ("/declarations/0/hs_code", "not of the form the table asks for"),
        ("/declarations/0/customs_value", "below 0"),
        ("/declarations/1/lodged_at", "not a time in the stated formats and zone"),
        ("/declarations/1/package_count", "not a whole number"),
        ("/declarations/1/gross_mass_kg", "not a number"),
        ("/declarations/2/office_id", "missing"),
        ("/declarations/2/origin_country", "not of the form the table asks for"),
        ("/declarations/2", "an extra column: a list or an object stands for a single value"),
        ("/declarations/3", "not an object of columns and values"),
        ("/declarations/4/consignee_id", "not text"),
        ("/declarations/4/declaration_id", "stands in the request twice"),
    ]
    assert told["detail"] == "14 breaches; nothing was done."


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ([], "not an object"),
        ({}, "not a list of as many rows as a request may have"),
        ({"declarations": []}, "not a list of as many rows as a request may have"),
        ({"declarations": {}}, "not a list of as many rows as a request may have"),
        ({"declarations": [declaration()], "model": "models:/x"}, "unknown members"),
        ({"declarations": [declaration()], "language": "xx"}, "not a language there is"),
        ({"declarations": [declaration()], "language": "../en"}, "not a language there is"),
    ],
)
def test_a_body_of_another_shape_is_refused(service, body, what):
    refused = service.client.post("/v1/score", json=body, headers=service.key("score"))

    assert [one["what"] for one in problem(refused, "refused", 422)["errors"]] == [what]


@pytest.mark.parametrize("path", BODIED)
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 3000, b'{"a": 1e999}'])
def test_what_is_not_json_is_refused(service, path, body):
    headers = service.key("score", "results", "admin") | {"Content-Type": "application/json"}

    problem(service.client.post(path, content=body, headers=headers), "not-json", 400)


@pytest.mark.parametrize("path", BODIED)
def test_another_media_type_is_refused(service, path):
    headers = service.key("score", "results", "admin") | {"Content-Type": "text/plain"}

    problem(service.client.post(path, content=b"{}", headers=headers), "media-type", 415)


def test_nesting_within_what_json_allows_is_no_row(service):
    nested = b'{"declarations":[{"a":' + b"[" * 500 + b"]" * 500 + b"}]}"
    headers = service.key("score") | {"Content-Type": "application/json"}

    told = problem(
        service.client.post("/v1/score", content=nested, headers=headers), "refused", 422
    )

    assert (
        "/declarations/0",
        "an extra column: a list or an object stands for a single value",
    ) in (pointers(told))


def test_a_body_beyond_the_limit_is_refused_by_its_header_and_by_its_bytes(make_service):
    with make_service(limits={"body_bytes": 2_048}) as service:
        headers = service.key("score") | {"Content-Type": "application/json"}
        whole = b'{"declarations": "' + b"x" * 4_000 + b'"}'

        by_header = service.client.post("/v1/score", content=whole, headers=headers)
        chunks = (whole[at : at + 100] for at in range(0, len(whole), 100))
        by_bytes = service.client.post("/v1/score", content=chunks, headers=headers)

        for refused in (by_header, by_bytes):
            assert "2,048 bytes" in problem(refused, "too-large", 413)["detail"]
            assert refused.headers["connection"] == "close"


def test_more_rows_than_the_limit_are_refused(make_service):
    with make_service(limits={"declarations": 2, "results": 1}) as service:
        headers = service.key("score", "results")
        three = {"declarations": [declaration(at) for at in range(3)]}
        for path, body in (
            ("/v1/score", three),
            ("/v1/declarations", three),
            ("/v1/results", {"results": [result(1), result(2)]}),
        ):
            told = problem(service.client.post(path, json=body, headers=headers), "refused", 422)
            assert told["errors"][0]["do"].startswith("Send 1 to ")


def test_a_wide_row_and_a_long_value_are_refused(make_service):
    with make_service(limits={"columns": 60, "text_length": 40}) as service:
        wide = declaration(1, **{f"extra_{at}": at for at in range(60)})
        long = declaration(2, goods_description="x" * 41)

        refused = service.client.post(
            "/v1/score", json={"declarations": [wide, long]}, headers=service.key("score")
        )

        assert pointers(problem(refused, "refused", 422)) == [
            ("/declarations/0", "more columns than a row may have"),
            ("/declarations/1/goods_description", "longer than a value may be"),
        ]


def test_a_key_that_asks_too_often_waits(make_service):
    with make_service(rate={"per_second": 0.01, "burst": 2}) as service:
        busy, calm = service.key("score"), service.key("score")
        codes = [service.client.get("/v1/model", headers=busy).status_code for _ in range(3)]
        late = service.client.get("/v1/model", headers=busy)

        assert codes == [200, 200, 429]
        problem(late, "too-often", 429)
        assert int(late.headers["retry-after"]) >= 90
        assert service.client.get("/v1/model", headers=calm).status_code == 200


def test_a_key_may_have_a_rate_of_its_own(make_service):
    with make_service(rate={"per_second": 0.01, "burst": 1}) as service:
        quick = service.key("score", per_second=1000.0)

        codes = {service.client.get("/v1/model", headers=quick).status_code for _ in range(20)}

        assert codes == {200}


def test_declarations_and_results_are_kept_once(service):
    headers = service.key("results")
    rows = {"declarations": [declaration(1), declaration(2)]}

    first = service.client.post("/v1/declarations", json=rows, headers=headers).json()
    again = service.client.post("/v1/declarations", json=rows, headers=headers).json()
    found = service.client.post(
        "/v1/results", json={"results": [result(1)]}, headers=headers
    ).json()

    assert (first["new"], first["repeated"]) == (2, 0)
    assert (again["new"], again["repeated"]) == (0, 2)
    assert (found["new"], len(service.desk.current.serving.database.found)) == (1, 1)


def test_an_event_with_other_contents_is_told_by_its_place(service):
    headers = service.key("results")
    service.client.post(
        "/v1/declarations", json={"declarations": [declaration(1)]}, headers=headers
    )

    rows = {"declarations": [declaration(2), declaration(1, hs_code="220300")]}
    told = service.client.post("/v1/declarations", json=rows, headers=headers).json()

    assert (told["new"], told["refused"]) == (
        1, [{"pointer": "/declarations/1", "what": "kept before with other contents"}],
    )  # fmt: skip


def test_a_result_known_before_its_examination_is_refused_as_in_ingest(service):
    early = result(1, result_known_at=f"{OPEN_DAY}T08:59:59Z")

    refused = service.client.post(
        "/v1/results", json={"results": [early]}, headers=service.key("results")
    )

    assert pointers(problem(refused, "refused", 422)) == [
        ("/results/0/result_known_at", "before inspected_at")
    ]


def test_the_list_is_drawn_from_what_was_kept(service):
    headers = service.key("score", "results")
    rows = [declaration(at) for at in range(6)] + [declaration(9, office_id="OTHER")]
    service.client.post("/v1/declarations", json={"declarations": rows}, headers=headers)
    asked = {"office": "AZALA", "day": str(OPEN_DAY), "capacity": "2", "explain": "true",
             "similar": "true"}  # fmt: skip

    told = service.client.get("/v1/shortlist", params=asked, headers=headers).json()

    assert (told["office"], told["day"], told["arrivals"]) == ("AZALA", "2024-03-15", 6)
    scores = service.client.post("/v1/score", json={"declarations": rows[:6]}, headers=headers)
    best = sorted(scores.json()["scores"], key=lambda one: -one["score"])[:2]
    assert [(one["rank"], one["declaration_id"]) for one in told["lines"]] == [
        (rank, one["declaration_id"]) for rank, one in enumerate(best, 1)
    ]
    assert told["lines"][0]["reasons"][0]["feature"] == "gross_mass_kg"
    assert told["lines"][0]["similar"]["among"] == 1


def test_a_day_without_declarations_has_an_empty_list(service):
    asked = {"office": "AZALA", "day": "2024-01-01", "capacity": "2"}

    told = service.client.get("/v1/shortlist", params=asked, headers=service.key("score")).json()

    assert (told["arrivals"], told["lines"]) == (0, [])


def test_every_breach_of_the_lists_parameters_is_told(service):
    bad = {"office": " ", "day": "2024-02-30", "capacity": "0", "explain": "1", "similar": "yes",
           "language": "x", "model": "m"}  # fmt: skip

    refused = service.client.get("/v1/shortlist", params=bad, headers=service.key("score"))

    assert [one["pointer"] for one in problem(refused, "refused", 422)["errors"]] == [
        "", "office", "capacity", "explain", "similar", "language", "day",
    ]  # fmt: skip


def test_a_day_the_profiles_do_not_stand_at_is_a_conflict(service):
    tomorrow = declaration(1, lodged_at="2024-03-16T08:00:00Z")

    refused = service.client.post(
        "/v1/score", json={"declarations": [tomorrow]}, headers=service.key("score")
    )

    told = problem(refused, "conflict", 409)
    assert told["errors"][0]["do"] == "Close the days before."


def test_a_day_is_closed_by_an_administrator(service):
    headers = service.key("admin", "score")

    told = service.client.post(
        "/v1/admin/close-day", json={"day": "2024-03-15"}, headers=headers
    ).json()
    bad = service.client.post("/v1/admin/close-day", json={"day": "16 March"}, headers=headers)

    assert (told["since"], told["as_of"]) == ("2024-03-15", "2024-03-16")
    assert pointers(problem(bad, "refused", 422)) == [("/day", "not a day")]
    assert service.client.get("/v1/model", headers=headers).json()["profiles_as_of"] == "2024-03-16"


def test_unknown_addresses_and_methods_are_told(service):
    problem(service.client.get("/v2/score"), "not-found", 404)
    problem(service.client.get("/v1/score/"), "not-found", 404)
    refused = service.client.delete("/v1/score")
    problem(refused, "method", 405)
    assert refused.headers["allow"] == "POST"


def test_headers_close_the_doors_of_browsers(service):
    for answer in (service.client.get("/health/live"), service.client.get("/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "access-control-allow-origin" not in answer.headers
    preflight = service.client.options("/v1/score", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in preflight.headers


def test_a_request_gets_a_number_of_our_own(service):
    sent = {"X-Request-ID": "consignee-77"}

    first, second = (service.client.get("/health/live", headers=sent) for _ in range(2))

    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "consignee-77" not in (first.headers["x-request-id"], second.headers["x-request-id"])


def test_a_newer_model_is_put_to_use_on_request(service):
    headers = service.key("admin", "score")
    service.source.named, service.source.bundle_id = "version 2", "bbbbbbbbbbbb"

    told = service.client.post("/v1/admin/reload", headers=headers).json()

    assert told == {"bundle_id": "bbbbbbbbbbbb", "name": "version 2", "changed": True}
    assert service.client.get("/v1/model", headers=headers).json()["bundle_id"] == "bbbbbbbbbbbb"


@pytest.mark.parametrize("error", [BundleError, InputError])
def test_a_bad_model_leaves_the_old_one_in_place_and_is_reported(service, error):
    headers = service.key("admin", "score")
    what = {"where": "a bundle", "found": "model.txt was changed", "do": "Do not use it."}
    service.source.error = error("the bundle is not what was packaged", **what)

    refused = service.client.post("/v1/admin/reload", headers=headers)

    assert problem(refused, "conflict", 409)["errors"][0]["found"] == "model.txt was changed"
    ready = service.client.get("/health/ready").json()
    assert (ready["bundle_id"], ready["reload_failure"]["found"]) == (
        "aaaaaaaaaaaa", "model.txt was changed",
    )  # fmt: skip
    metrics = service.client.get("/metrics").text
    assert 'targeting_reloads_total{outcome="refused"} 1' in metrics
    assert "targeting_reload_failing 1" in metrics
    scored = service.client.post(
        "/v1/score", json={"declarations": [declaration()]}, headers=headers
    )
    assert scored.json()["bundle_id"] == "aaaaaaaaaaaa"
    service.source.error = None
    assert service.client.post("/v1/admin/reload", headers=headers).status_code == 200
    assert service.client.get("/health/ready").json()["reload_failure"] is None


def test_the_alias_is_followed_only_when_it_moved(service):
    current = service.desk.current

    same = service.client.portal.call(current.reload)
    service.source.named = "version 2"
    moved = service.client.portal.call(current.reload)

    assert (same, moved, service.source.loads) == (False, False, 2)
    assert current.serving.name == "version 2"


def test_a_defect_tells_nothing_of_itself(service, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("consignee C-77 could not be read")

    monkeypatch.setattr(type(service.desk.current.serving.scorer), "score_typed", broken)

    answer = service.client.post(
        "/v1/score", json={"declarations": [declaration()]}, headers=service.key("score")
    )

    problem(answer, "defect", 500)
    assert "C-77" not in answer.text


def test_nothing_is_answered_when_the_audit_cannot_be_written(service, monkeypatch):
    def full(*_args):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("targeting.service.audit.append", full)

    answer = service.client.post(
        "/v1/score", json={"declarations": [declaration()]}, headers=service.key("score")
    )

    assert "audit" in problem(answer, "unavailable", 503)["errors"][0]["what"]


def test_an_answer_that_takes_too_long_is_given_up(make_service, monkeypatch):
    async def stuck(*_args, **_kwargs):
        await asyncio.sleep(60)

    with make_service(timeouts={"body": 0.05, "answer": 0.05}) as service:
        monkeypatch.setattr("targeting.service.desk.Desk.read", stuck)
        asked = {"office": "AZALA", "day": str(OPEN_DAY), "capacity": "2"}

        answer = service.client.get("/v1/shortlist", params=asked, headers=service.key("score"))

        problem(answer, "unavailable", 503)


def test_metrics_may_ask_for_a_key(make_service):
    with make_service(metrics_need_key=True) as service:
        problem(service.client.get("/metrics"), "key-needed", 401)
        assert service.client.get("/metrics", headers=service.key("admin")).status_code == 200


def test_metrics_count_what_was_done(service):
    headers = service.key("score", "results")
    body = {"declarations": [declaration(1), declaration(2)]}
    service.client.post("/v1/score", json=body, headers=headers)
    service.client.post("/v1/declarations", json=body, headers=headers)
    service.client.post("/v1/score", json={}, headers=headers)

    lines = service.client.get("/metrics").text.splitlines()

    assert "targeting_declarations_scored_total 2" in lines
    assert 'targeting_events_total{what="declarations"} 2' in lines
    assert 'targeting_requests_total{route="/v1/score",status="422"} 1' in lines
    assert 'targeting_request_seconds_count{route="/v1/score"} 2' in lines
    assert 'targeting_problems_total{kind="refused"} 1' in lines
    assert 'targeting_model{bundle_id="aaaaaaaaaaaa",name="version 1"} 1' in lines
    assert "targeting_events_waiting 2" in lines
    assert f"targeting_profiles_day_seconds {1710460800}" in lines


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-03-15T20:04:59", "2024-03-14"),  # 00:04:59 of the 16th in Baku
        ("2024-03-15T20:05:00", "2024-03-15"),
        ("2024-03-16T12:00:00", "2024-03-15"),
    ],
)
def test_a_day_is_over_some_minutes_after_local_midnight(make_service, moment, day):
    with make_service(close_after_minutes=5) as service:
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)

        assert str(service.desk.day_over(now)) == day


def test_the_day_before_is_closed_by_itself(make_service, monkeypatch):
    monkeypatch.setattr("targeting.service.desk._CLOSE_SECONDS", 0.01)
    with make_service(close_after_minutes=0) as service:
        database = service.desk.current.serving.database
        wanted = service.desk.day_over(datetime.now(UTC)) + timedelta(days=1)
        for _ in range(1_000):
            if database.as_of == wanted:
                break
            time.sleep(0.01)

        assert database.as_of == wanted


def test_days_are_left_open_unless_told_otherwise(service):
    assert service.desk.day_over(datetime.now(UTC)) is None


def test_a_service_without_its_profiles_is_not_ready_but_lives(service, monkeypatch):
    def gone(*_args, **_kwargs):
        raise OutputError("the profile database cannot be used", where="the profile database",
                          found="disk", do="Check its disk.")  # fmt: skip

    class Gone:
        in_file = True
        as_of = property(gone)
        status = gone

    serving = service.desk.current.serving
    monkeypatch.setattr(serving.scorer, "database", Gone())

    assert problem(service.client.get("/health/ready"), "unavailable", 503)["errors"]
    assert service.client.get("/health/live").status_code == 200
    problem(service.client.get("/metrics"), "unavailable", 503)
    scored = service.client.post(
        "/v1/score", json={"declarations": [declaration()]}, headers=service.key("score")
    )
    problem(scored, "unavailable", 503)
