"""The service against its own description: Schemathesis sends what fits it and what does not."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from tests.service.conftest import live_with

from targeting.config import LimitSettings, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.conftest import Live

FIRST, LAST = datetime(1900, 1, 2), datetime(2199, 12, 30)  # noqa: DTZ001 - the zone is written
UNSAID = {"stands in the request twice", "before inspected_at"}
"""Rules between rows and columns, which a description in JSON schema cannot tell."""

OPERATIONS = (
    "POST /v1/score", "POST /v1/declarations", "POST /v1/results", "GET /v1/shortlist",
    "GET /v1/model", "POST /v1/admin/reload", "POST /v1/admin/close-day", "GET /health/live",
    "GET /health/ready", "GET /metrics",
)  # fmt: skip
OPEN = ("GET /health/live", "GET /health/ready", "GET /metrics")
"""Nothing can be sent to these that does not fit."""

schemathesis.openapi.format(
    "date-time", st.datetimes(FIRST, LAST).map(lambda moment: f"{moment.isoformat()}Z")
)
schemathesis.openapi.format("date", st.dates(FIRST.date(), LAST.date()).map(str))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    limits = LimitSettings(declarations=4, results=4)
    state = tmp_path_factory.mktemp("fuzzed")
    with live_with(ServiceSettings(state=state, limits=limits)) as made:
        yield made


def test_every_address_is_described(fuzzed):
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/v1/openapi.json")

    assert tuple(one.ok().label for one in schema.get_all_operations()) == OPERATIONS
    assert schema.raw_schema["openapi"].startswith("3.1")
    schema.validate()


def send(fuzzed: Live, label: str, mode: GenerationMode, examples: int) -> Counter[int]:
    """Send requests to one address and run every check on the answers; count their statuses."""
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/v1/openapi.json")
    operation = next(one.ok() for one in schema.get_all_operations() if one.ok().label == label)
    unsaid = [CHECKS.get_one("positive_data_acceptance")]
    codes: Counter[int] = Counter()

    @settings(
        max_examples=examples, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case) -> None:
        answer = case.call_and_validate(headers=fuzzed.headers, excluded_checks=unsaid)
        codes[answer.status_code] += 1
        if mode is GenerationMode.POSITIVE and answer.status_code == 422:
            assert {breach["what"] for breach in answer.json()["errors"]} <= UNSAID

    one()
    print(f"{label}, {mode.value}: {dict(sorted(codes.items()))}")  # noqa: T201 - the counts
    return codes


def judge(fuzzed: Live, label: str, examples: int) -> None:
    good = send(fuzzed, label, GenerationMode.POSITIVE, examples)
    assert set(good) <= {200, 409, 422}
    if label in OPEN:
        return
    bad = send(fuzzed, label, GenerationMode.NEGATIVE, examples)
    assert set(bad) & {400, 401, 422}
    assert max(bad) < 500


@pytest.mark.parametrize("label", OPERATIONS)
def test_requests_that_fit_and_that_do_not_are_answered_as_described(fuzzed, label):
    judge(fuzzed, label, examples=8)


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_many_requests_that_fit_and_that_do_not(fuzzed, label):
    judge(fuzzed, label, examples=100)
