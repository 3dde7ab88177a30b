"""Moving the champion, through gates only: every gate says what it found, and all of it is kept."""

from __future__ import annotations

import getpass
import hashlib
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from targeting.bundle.bundle import load_bundle
from targeting.bundle.manifest import bundle_id
from targeting.errors import BundleError, InputError, TargetingError
from targeting.evaluation.compare.report import EVIDENCE, read_evidence
from targeting.pipeline.compare import RUN_FILE, log_comparison
from targeting.pipeline.gates import (
    Verdict,
    belongs,
    calibrated,
    enough,
    first_version,
    fresh,
    no_collapse,
    no_worse,
)
from targeting.tracking import Store, aliases, resolved, set_champion, version_of
from targeting.tracking.evidence import files_of_run, note, run_of_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from targeting.bundle.bundle import Bundle
    from targeting.config.promote import PromoteSettings
    from targeting.evaluation.compare.report import Evidence
    from targeting.tracking import Promotion

CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Decision:
    """What all gates said of one version.

    Parameters
    ----------
    version
        Of the registered model.
    verdicts
        One of each gate.
    promotion
        As it stands in the registry; None when a gate refused.
    """

    version: str
    verdicts: tuple[Verdict, ...]
    promotion: Promotion | None = None

    @property
    def passed(self) -> bool:
        """Whether every gate let the version through."""
        return all(verdict.passed for verdict in self.verdicts)


class RefusedError(TargetingError):
    """A version that a gate does not let through; the champion stays as it was.

    Parameters
    ----------
    decision
        What each gate said.
    """

    def __init__(self, decision: Decision) -> None:
        failed = [f"{one.gate}: {one.found}" for one in decision.verdicts if not one.passed]
        self.decision = decision
        super().__init__(
            "the version was not promoted, and the champion is what it was",
            where=f"models:/targeting/{decision.version}",
            found="; ".join(failed),
            do="Mend what the gates name, or train another version. configs/promote.yaml holds "
            "the limits.",
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a process pool, which rebuilds exceptions from their arguments."""
        return (RefusedError, (self.decision,))


@dataclass(frozen=True, slots=True)
class Request:
    """A wish to make a version the champion.

    Parameters
    ----------
    model
        Registry name, or a bundle folder that was registered.
    who, why
        The person who decides, and the reason.
    evidence
        `comparison.json`, its folder, or the MLflow run that keeps it; None where there is no
        champion yet.
    """

    model: str
    who: str
    why: str
    evidence: str | None = None


def promote(
    request: Request, store: Store, *, settings: PromoteSettings, now: datetime
) -> Decision:
    """Make a version the champion if every gate lets it through, and write down why.

    Parameters
    ----------
    request
        Which version, who asks, why, and on what evidence.
    store
        The registry.
    settings
        The limits.
    now
        Moment, with time zone: evidence grows old.

    Returns
    -------
    Decision
        What each gate said, and the promotion as it stands in the registry.

    Raises
    ------
    RefusedError
        If a gate does not let it through; every gate that failed is named.
    InputError
        If the registry has no such version, or the evidence cannot be read.
    """
    if not request.why.strip() or not request.who.strip():
        raise InputError(
            "nobody would know later who changed the champion, and why",
            where="--who and --why",
            found="a blank name or reason",
            do="Give both in words.",
        )
    version = version_of(request.model, store)
    before = aliases(store).get(CHAMPION)
    champion = _champion(store, version)
    with _evidence(request.evidence, store) as kept:
        verdicts = _verdicts(version, champion, store, kept, settings, now)
        decision = Decision(version, tuple(verdicts))
        if not decision.passed:
            raise RefusedError(decision)
        run_id = _run(version, kept, store)
        digest = "" if kept is None else kept.digest
    told = {**asdict(request), **asdict(decision), "limits": settings.model_dump(mode="json")}
    note(run_id, f"promotion/version_{version}.json", {**told, "evidence_sha256": digest}, store)
    promotion = set_champion(
        version,
        who=request.who,
        why=request.why,
        evidence=run_id,
        store=store,
        instead_of=before,
    )
    return Decision(version, decision.verdicts, promotion)


@dataclass(frozen=True, slots=True)
class Kept:
    """A comparison handed in as evidence.

    Parameters
    ----------
    evidence
        What it found, and when.
    folder
        Where it lies.
    run_id
        The MLflow run that keeps it; None when it was not logged.
    digest
        SHA-256 of `comparison.json`.
    """

    evidence: Evidence
    folder: Path
    run_id: str | None
    digest: str

    @classmethod
    def of(cls, path: Path, run_id: str | None = None) -> Kept:
        """Read it.

        Parameters
        ----------
        path
            `comparison.json`, or its folder.
        run_id
            The run it was fetched from, if any; else the one its folder names.
        """
        evidence = read_evidence(path)
        file = path / EVIDENCE if path.is_dir() else path
        noted = file.parent / RUN_FILE
        if run_id is None and noted.is_file():
            run_id = _noted(noted)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return cls(evidence, file.parent, run_id, digest)


def _champion(store: Store, version: str) -> str | None:
    """Id of the champion's bundle; None without one."""
    known = aliases(store).get(CHAMPION)
    if known is None:
        return None
    if known == version:
        raise InputError(
            "this version is the champion already",
            where=f"models:/targeting@{CHAMPION}",
            found=f"version {version}",
            do="Nothing needs doing.",
        )
    with resolved(f"models:/targeting@{CHAMPION}", store) as folder:
        return bundle_id(folder)


@contextmanager
def _evidence(named: str | None, store: Store) -> Iterator[Kept | None]:
    """Read the evidence, from a file, a folder, or the run that keeps it."""
    if named is None:
        yield None
    elif Path(named).exists() or "/" in named or named.endswith(".json"):
        kept = Kept.of(Path(named))  # says so when it is not there
        _require_unchanged(kept, store)
        yield kept
    else:
        with files_of_run(named, "compare", store) as folder:
            yield Kept.of(folder, named)


def _noted(file: Path) -> str:
    """Read which run keeps a comparison."""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["run_id"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "the note of the run that keeps the comparison cannot be read",
            where=file.name,
            found=type(error).__name__,
            do="Compare again, or name the run itself: --evidence RUN_ID.",
        ) from None


def _require_unchanged(kept: Kept, store: Store) -> None:
    """Make sure that what is judged is what the run keeps."""
    if kept.run_id is None:
        return
    with files_of_run(kept.run_id, "compare", store) as folder:
        digest = hashlib.sha256((folder / EVIDENCE).read_bytes()).hexdigest()
    if digest != kept.digest:
        raise InputError(
            "the comparison was changed after it was logged",
            where=EVIDENCE,
            found=f"SHA-256 {kept.digest[:12]}, and {digest[:12]} in run {kept.run_id}",
            do="Name the run itself: --evidence RUN_ID.",
        )


def _verdicts(
    version: str,
    champion: str | None,
    store: Store,
    kept: Kept | None,
    settings: PromoteSettings,
    now: datetime,
) -> Iterable[Verdict]:
    bundle, verdict = verified(version, store)
    yield verdict
    if bundle is None:
        return
    if champion is None:
        yield from first_version(bundle, settings)
        return
    if kept is None:
        yield Verdict(
            "evidence belongs", passed=False, found="no comparison with the champion was named"
        )
        return
    comparison = kept.evidence.comparison
    yield belongs(comparison, bundle.bundle_id, champion)
    yield fresh(kept.evidence.made_at, settings, now)
    yield enough(comparison, settings)
    yield no_worse(comparison, settings)
    yield no_collapse(comparison, settings)
    yield calibrated(comparison, settings)


def verified(version: str, store: Store) -> tuple[Bundle | None, Verdict]:
    """Load a version as it lies in the registry, hash by hash.

    Parameters
    ----------
    version
        Of the registered model.
    store
        The registry.
    """
    try:
        with resolved(f"models:/targeting/{version}", store) as folder:
            bundle = load_bundle(folder)
    except BundleError as error:
        return None, Verdict("verified bundle", passed=False, found=f"{error.what}: {error.found}")
    return bundle, Verdict("verified bundle", passed=True, found=f"bundle {bundle.bundle_id}")


def _run(version: str, kept: Kept | None, store: Store) -> str:
    """Name the run that keeps the evidence; one that was not logged is logged now."""
    if kept is None:
        return run_of_version(version, store)
    if kept.run_id is not None:
        return kept.run_id
    # Only what `compare` writes: whatever else lies in the folder is nobody's business.
    with tempfile.TemporaryDirectory(prefix="targeting-evidence-") as stage:
        for name in (EVIDENCE, "metrics.json", "report.html"):
            if (kept.folder / name).is_file():
                shutil.copy2(kept.folder / name, Path(stage) / name)
        return log_comparison(kept.evidence.comparison, Path(stage), store)


def decided_by(named: str | None) -> str:
    """Name the person who decides: as given, else the user this program runs as.

    Parameters
    ----------
    named
        As given; None when it was not.

    Raises
    ------
    InputError
        If the machine does not know its user.

    Examples
    --------
    >>> decided_by("duty officer")
    'duty officer'
    """
    if named is not None:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise InputError(
            "nobody would know later who changed the champion",
            where="--who",
            found="the machine does not know its user",
            do="Give --who.",
        ) from error
