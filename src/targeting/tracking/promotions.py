"""The registry: which version is champion, since when, by whom, why, and on what evidence.

Every change of champion is one tag, `promotion_0001`, `promotion_0002` and so on, of the version
that became champion. Tags are only ever added: a mistake is rolled back, not erased.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from targeting.errors import InputError
from targeting.tracking.store import REGISTERED, REGISTRY_PREFIX, connected, said, unknown_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from targeting.tracking.store import Store

CHAMPION = "champion"
_TAG = "promotion_"
_LONGEST = 1000
"""Letters of a reason; MLflow keeps 5,000 of a tag, and JSON may write one as six."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of champion.

    Parameters
    ----------
    version
        The version that became champion.
    previous
        The champion before; None when there was none.
    who
        The person or program that decided.
    why
        The reason, in words.
    evidence
        Id of the run that shows it.
    when
        Moment in UTC, ISO 8601; filled in when it is written.
    number
        Place in the history, from 1; filled in when it is written.
    action
        Whether the champion was promoted or brought back.
    """

    version: str
    previous: str | None
    who: str
    why: str
    evidence: str
    when: str = ""
    number: int = 0
    action: Literal["promote", "roll back"] = "promote"


def aliases(store: Store) -> dict[str, str]:
    """Return the version each alias points to; empty when nothing was registered.

    Parameters
    ----------
    store
        The registry.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    if not store.is_there:
        return {}
    with connected(store) as client:
        return aliases_of(client)


def aliases_of(client: MlflowClient) -> dict[str, str]:
    """Return the version each alias points to; empty when nothing was registered.

    Parameters
    ----------
    client
        Of the registry.
    """
    found = client.search_registered_models(f"name = '{REGISTERED}'")
    return {alias: str(version) for one in found for alias, version in one.aliases.items()}


def version_of(model: str | Path, store: Store) -> str:
    """Return the version of a model named by alias, by number, or by its bundle folder.

    Parameters
    ----------
    model
        `models:/targeting@champion`, `models:/targeting/3`, or a bundle folder: then the newest
        version whose bundle is the same to the byte.
    store
        The registry.

    Raises
    ------
    InputError
        If the registry has no such version, or the store cannot be reached.
    """
    named = str(model)
    if not store.is_there:
        raise unknown_model(named, "no MLflow store in this folder")
    with connected(store) as client:
        if named.startswith(REGISTRY_PREFIX):
            return _version_named(client, named)
        return _version_of_bundle(client, Path(model))


def _version_named(client: MlflowClient, name: str) -> str:
    said_name, at, alias = name.removeprefix(REGISTRY_PREFIX).partition("@")
    model, _, number = said_name.partition("/")
    found = aliases_of(client).get(alias) if at else number
    if model != REGISTERED or found not in {str(one.version) for one in _versions(client)}:
        raise unknown_model(name, _known(client))
    return found


def _version_of_bundle(client: MlflowClient, folder: Path) -> str:
    from targeting.bundle.manifest import bundle_id, verify

    verify(folder)
    wanted = bundle_id(folder)
    same = [one for one in _versions(client) if one.tags.get("bundle_id") == wanted]
    if not same:
        raise InputError(
            "this bundle is not registered",
            where=str(folder),
            found=f"bundle {wanted}; {_known(client)}",
            do="Train it without --no-track, with MLFLOW_TRACKING_URI set to this store.",
        )
    return str(same[-1].version)


def history(store: Store) -> tuple[Promotion, ...]:
    """Return every change of champion, oldest first.

    Parameters
    ----------
    store
        The registry.

    Raises
    ------
    InputError
        If the store cannot be reached.
    """
    if not store.is_there:
        return ()
    with connected(store) as client:
        return _history(client)


def set_champion(
    version: str,
    *,
    who: str,
    why: str,
    evidence: str,
    store: Store,
    instead_of: str | Literal[False] | None = False,
) -> Promotion:
    """Make a version the champion and write down who did it, why, and on what evidence.

    Parameters
    ----------
    version
        Number of the version, as `version_of` gives it.
    who
        The person who decides.
    why
        The reason, in words.
    evidence
        Id of the run that shows it, such as a comparison.
    store
        The registry.
    instead_of
        The champion it was held against; refused when another is champion by now. False does not
        ask.

    Returns
    -------
    Promotion
        As it now stands in the history.

    Raises
    ------
    InputError
        If the version or the run is not there, it is champion already, or nobody answers for it.
    """
    _require_words(who, why)
    name = f"{REGISTRY_PREFIX}{REGISTERED}/{version}"
    if not store.is_there:
        raise unknown_model(name, "no MLflow store in this folder")
    with connected(store) as client:
        _require_run(client, evidence, store)
        if str(version) not in {str(one.version) for one in _versions(client)}:
            raise unknown_model(name, _known(client))
        before = aliases_of(client).get(CHAMPION)
        if instead_of is not False and before != instead_of:
            raise InputError(
                "another version became champion meanwhile",
                where=f"{REGISTRY_PREFIX}{REGISTERED}@{CHAMPION}",
                found=f"version {before}, and the evidence is about {instead_of}",
                do="Compare with the present champion, and promote on that.",
            )
        if before == str(version):
            raise InputError(
                "this version is the champion already",
                where=f"{REGISTRY_PREFIX}{REGISTERED}@{CHAMPION}",
                found=f"version {before}",
                do="Nothing needs doing.",
            )
        return write_promotion(client, Promotion(str(version), before, who, why, evidence))


def roll_back(*, who: str, why: str, store: Store) -> Promotion:
    """Bring back the champion before the present one; done twice, the one before that.

    Parameters
    ----------
    who
        The person who decides.
    why
        The reason, in words.
    store
        The registry.

    Returns
    -------
    Promotion
        As it now stands in the history; its evidence is that of the promotion taken back.

    Raises
    ------
    InputError
        If there is no champion before, it is gone, or the alias was moved outside this history.
    """
    _require_words(who, why)
    if not store.is_there:
        raise _nothing_before("no MLflow store in this folder")
    with connected(store) as client:
        champion = aliases_of(client).get(CHAMPION)
        taken_back = _in_force(_history(client), champion)
        if taken_back.previous is None:
            raise _nothing_before(f"version {champion} is the first champion")
        if taken_back.previous not in {str(one.version) for one in _versions(client)}:
            raise _nothing_before(f"version {taken_back.previous} was deleted")
        made = Promotion(
            taken_back.previous, champion, who, why, taken_back.evidence, action="roll back"
        )
        return write_promotion(client, made)


def _in_force(told: Sequence[Promotion], champion: str | None) -> Promotion:
    """Find the promotion that made the present champion, those taken back left out."""
    standing: list[Promotion] = []
    for one in told:
        if one.action == "promote":
            standing.append(one)
        elif standing:
            standing.pop()
    if standing and standing[-1].version == champion:
        return standing[-1]
    if not standing and told and told[-1].version == champion:
        # The champion before the first promotion on record: brought back, nothing known before.
        return replace(told[-1], previous=None)
    present = "there is no champion" if champion is None else f"version {champion} is champion"
    raise _nothing_before(f"{present}, but not by a promotion on record")


def _nothing_before(found: str) -> InputError:
    return InputError(
        "there is no earlier champion to bring back",
        where=f"{REGISTRY_PREFIX}{REGISTERED}@{CHAMPION}",
        found=found,
        do="Promote the version you want by its number.",
    )


def write_promotion(client: MlflowClient, promotion: Promotion) -> Promotion:
    """Add a promotion to the history, then move the alias.

    Parameters
    ----------
    client
        Of the registry.
    promotion
        What was decided.

    Returns
    -------
    Promotion
        With its moment and its number.
    """
    told = _history(client)
    number = told[-1].number + 1 if told else 1
    when = datetime.now(UTC).isoformat(timespec="seconds")
    written = replace(promotion, number=number, when=when)
    text = json.dumps(asdict(written), sort_keys=True)
    # Written first: a champion nobody answers for is worse than a promotion that did not happen.
    client.set_model_version_tag(REGISTERED, written.version, f"{_TAG}{number:04d}", text)
    client.set_registered_model_alias(REGISTERED, CHAMPION, written.version)
    own = [one for one in (*told, written) if one.version == written.version]
    client.update_model_version(
        REGISTERED, written.version, description="\n".join(_in_words(one) for one in own)
    )
    return written


def _in_words(one: Promotion) -> str:
    """Tell a promotion as a line of Markdown, for the version's page; the tags are the record."""
    done = "made champion" if one.action == "promote" else "brought back as champion"
    before = "no champion before" if one.previous is None else f"before it version {one.previous}"
    return f"- {one.when[:10]}: {done} by {one.who}: {one.why} ({before}; run `{one.evidence}`)"


def _history(client: MlflowClient) -> tuple[Promotion, ...]:
    told = [
        Promotion(**json.loads(text))
        for one in _versions(client)
        for name, text in one.tags.items()
        if name.startswith(_TAG)
    ]
    return tuple(sorted(told, key=lambda one: one.number))


def model_of(client: MlflowClient, bundle: str) -> str | None:
    """Return the id of the logged model of a registered bundle; None when it is not registered.

    Parameters
    ----------
    client
        Of the registry.
    bundle
        The bundle's digest, as `bundle_id` gives it.
    """
    same = [one for one in _versions(client) if bundle and one.tags.get("bundle_id") == bundle]
    # MLflow 3.17 keeps the model's id in the source of a version only.
    return str(same[-1].source).removeprefix(REGISTRY_PREFIX) if same else None


def _versions(client: MlflowClient) -> list[ModelVersion]:
    """Every version of the registered model, oldest first."""
    found: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{REGISTERED}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda one: int(one.version))


def _known(client: MlflowClient) -> str:
    versions = _versions(client)
    if not versions:
        return "no version is registered"
    last = f"versions {versions[0].version} to {versions[-1].version} are"
    return last if len(versions) > 1 else f"version {versions[0].version} is"


def _require_words(who: str, why: str) -> None:
    wrong = [
        f"{name} has {len(text.strip())} letters"
        for name, text in (("who", who), ("why", why))
        if not 0 < len(text.strip()) <= _LONGEST
    ]
    if wrong:
        raise InputError(
            "nobody would know later who changed the champion, and why",
            where="the promotion",
            found="; ".join(wrong),
            do=f"Give a name and a reason, of at most {_LONGEST:,} letters each.",
        )


def _require_run(client: MlflowClient, run_id: str, store: Store) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_run(run_id)
    except MlflowException as error:
        raise InputError(
            "the evidence for a promotion is a run that is not in this store",
            where="the promotion",
            found=said(error, store),
            do="Compare the versions in this store, and name that run.",
        ) from None
