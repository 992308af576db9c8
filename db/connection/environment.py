"""A named database of the operator: what config.toml says about it, and how careful to be there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from db.connection.secret import Secret


class Kind(StrEnum):
    """How careful the console is; whatever is unknown counts as production."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class StripeMode(StrEnum):
    """Which side of a Stripe account an environment talks to."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True)
class Environment:
    """One database as the operator describes it.

    Attributes:
        name: What --env takes and the header shows.
        url: Address, for environments that are not a libpq service.
        service: Name of a libpq service (pg_service.conf).
        kind: How careful to be.
        colour: Name of the header's accent colour, None for the kind's own.
        read_only: Writes are refused before they reach the server.
        replica_url: Address of a replica that serves slow reads.
        migrate_url: Address with the rights to change the schema.
        stripe_mode: Which Stripe keys belong here, None when Stripe is not used.
        stated_kind: The kind as written when it is none that we know.
    """

    name: str
    url: Secret | None = None
    service: str | None = None
    kind: Kind = Kind.PRODUCTION
    colour: str | None = None
    read_only: bool = False
    replica_url: Secret | None = None
    migrate_url: Secret | None = None
    stripe_mode: StripeMode | None = None
    stated_kind: str | None = None


UNKNOWN = Environment(name="unknown")
"""The environment of a bare URL: nobody said what it is, so it is production."""
