"""An error says what, where, what was found and what to do, wherever it is raised."""

from __future__ import annotations

import pickle

import pytest

from targeting.errors import (
    BundleError,
    ConfigError,
    ContractError,
    InputError,
    LeakageError,
    OutputError,
    TargetingError,
    near_matches,
)

KINDS = (
    BundleError, ConfigError, ContractError, InputError, LeakageError, OutputError, TargetingError,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_has_four_parts_in_one_line(kind: type[TargetingError]) -> None:
    error = kind("it is empty", where="a.yaml", found="0 rows", do="Fill it.")

    assert str(error) == "a.yaml: it is empty. Found: 0 rows. Fill it."
    assert (error.what, error.where, error.found, error.do) == (
        "it is empty", "a.yaml", "0 rows", "Fill it.",
    )  # fmt: skip
    assert isinstance(error, TargetingError)


@pytest.mark.parametrize("end", [".", "?"])
def test_a_finding_that_ends_a_sentence_gets_no_second_stop(end: str) -> None:
    error = TargetingError("wrong", where="x", found=f"y{end}", do="Mend it.")

    assert str(error) == f"x: wrong. Found: y{end} Mend it."


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_a_process_pool(kind: type[TargetingError]) -> None:
    error = kind("it is empty", where="a.yaml", found="0 rows", do="Fill it.")

    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - what we pickled ourselves

    assert type(back) is kind
    assert vars(back) == vars(error)
    assert str(back) == str(error)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("consignee", "Did you mean consignee_id?"),
        ("zzz", "Known: consignee_id, office_id."),
        ("", "Known: consignee_id, office_id."),
    ],
)
def test_near_matches(name: str, words: str) -> None:
    assert near_matches(name, {"office_id", "consignee_id"}) == words
