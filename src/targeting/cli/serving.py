"""Commands of the HTTP service: serve, its keys and its audit."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from targeting.cli.common import Output, app, telling

if TYPE_CHECKING:
    from targeting.service.keys import Scope

ServiceConfig = Annotated[
    Path | None, typer.Option("--config", help="YAML; configs/service.yaml is one.")
]


class ScopeName(StrEnum):
    """What a key may do, as typer reads a list of words."""

    score = "score"
    results = "results"
    admin = "admin"


keys = typer.Typer(
    name="keys",
    help="API keys of the service: make, list, revoke.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(keys)

audit = typer.Typer(
    name="audit",
    help="The record of who scored what with which bundle.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(audit)


@app.command()
def serve(
    model: Annotated[
        str, typer.Option(help="Bundle folder or registry name, as models:/targeting@champion.")
    ],
    profiles: Annotated[
        str,
        typer.Option(
            envvar="TARGETING_DATABASE",
            help="Database of living profiles, as sqlite:///profiles.db.",
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; they share the profiles.")
    ] = 1,
    config: ServiceConfig = None,
) -> None:
    """Score declarations over HTTP, with the same numbers as the batch.

    Needs a key: `targeting keys create`. Stop it with Ctrl-C.

    Example: targeting serve --model models:/targeting@champion --profiles sqlite:///profiles.db
    """
    from targeting import config as settings
    from targeting.service.server import ServeOptions, run

    run(
        ServeOptions(
            model=model,
            profiles=profiles,
            host=host,
            port=port,
            workers=workers,
            settings=settings.load(settings.ServiceSettings, config),
        )
    )


def _state(config: Path | None) -> Path:
    from targeting import config as settings

    return settings.load(settings.ServiceSettings, config).state


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Option(help="Who will hold it, in your words.")],
    scope: Annotated[
        list[ScopeName],
        typer.Option(
            help="What it may do: score, write results (and declarations), or admin. Repeat "
            "the option for several."
        ),
    ],
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Requests a second, other than the setting's.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
    config: ServiceConfig = None,
) -> None:
    """Make a key and print it. It is kept as a hash: nobody can print it again.

    Example: targeting keys create --name "lodging system" --scope score --scope results
    """
    from targeting.service.audit import Entry, append_now
    from targeting.service.keys import SCOPES, KeyStore

    state = _state(config)
    wanted = {one.value for one in scope}
    scopes: list[Scope] = [one for one in SCOPES if one in wanted]
    store = KeyStore.open(state)
    key, written = store.create(name, scopes, per_second=rate, days=days)
    store.close()
    append_now(state, Entry("command", "key created", "", "", (key.key_id,)))
    typer.echo(written)
    typer.echo(f"key {key.key_id} for {', '.join(key.scopes)}; it is not shown again", err=True)


@keys.command("list")
def keys_list(config: ServiceConfig = None) -> None:
    """List all keys, revoked ones too.

    Example: targeting keys list
    """
    from targeting.service.keys import KeyStore, moment

    store = KeyStore.open(_state(config))
    now = moment()
    for key in store.all():
        state = "live" if key.is_live(now) else "revoked" if key.revoked_at else "expired"
        rate = "" if key.per_second is None else f", {key.per_second:g} requests a second"
        until = f", until {key.expires_at[:10]}" if key.expires_at else ""
        typer.echo(
            f"{key.key_id}  {state:8}{','.join(key.scopes):20}  {key.name}"
            f" (made {key.created_at[:10]}{until}{rate})"
        )
    store.close()


@keys.command("revoke")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(help="The id `targeting keys list` shows.")],
    config: ServiceConfig = None,
) -> None:
    """Take a key out of use; a running service follows within seconds.

    Example: targeting keys revoke 0f1e2d3c4b5a
    """
    from targeting.service.audit import Entry, append_now
    from targeting.service.keys import KeyStore

    state = _state(config)
    store = KeyStore.open(state)
    key = store.revoke(key_id)
    store.close()
    append_now(state, Entry("command", "key revoked", "", "", (key.key_id,)))
    typer.echo(f"key {key.key_id} is revoked")


@audit.command("verify")
def audit_verify(config: ServiceConfig = None) -> None:
    """Walk the audit and check that no row was changed, removed or put in between.

    Keep the count and the head it prints elsewhere: rows cut off the end leave no other trace.

    Example: targeting audit verify
    """
    from targeting.errors import ContractError
    from targeting.service.audit import verify

    state = _state(config)
    chain = verify(state)
    if chain.broken_at is not None:
        raise ContractError(
            "the audit was changed after it was written",
            where=str(state),
            found=f"row {chain.broken_at:,} does not follow from the one before",
            do="Compare it with the last backup, and look for who could write to the file.",
        )
    typer.echo(f"{chain.rows:,} rows, all in their place; head {chain.head}")


@app.command("backup")
def backup(
    output: Output,
    profiles: Annotated[
        str | None,
        typer.Option(help="Database of living profiles, if it is a file; pg_dump copies others."),
    ] = None,
    config: ServiceConfig = None,
) -> None:
    """Copy the service's keys, audit and profiles while it goes on.

    Keep the head it prints apart from the copy: it shows that no row was cut off the audit.

    Example: targeting backup --profiles sqlite:///profiles.db --output backup/2025-06-01
    """
    from targeting.scoring.online import ProfileDatabase
    from targeting.service.backup import back_up

    database = None if profiles is None else ProfileDatabase.open(profiles)
    with telling() as tell:
        tell(f"copying to {output}")
        done = back_up(_state(config), database, output)
    if database is not None:
        database.close()
    typer.echo(
        f"{len(done.files)} databases copied to {output}; audit of {done.chain.rows:,} rows, "
        f"head {done.chain.head}"
    )
