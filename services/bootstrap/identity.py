"""The services that say who is who, and what they may."""

import secrets
from dataclasses import dataclass

from services.api_keys.service import API_KEYS, ApiKey, ApiKeys
from services.bootstrap.adapters import Adapters
from services.core.recent import Recent
from services.foundation.auth.access import ACCESS_CHANGES, AccessChanges
from services.foundation.auth.sessions import ClerkSessions
from services.foundation.auth.signatures import Signatures
from services.foundation.auth.tokens import dev_user
from services.foundation.aws.spec import Owner
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.journal.journal import Journal
from services.lifecycle.accounts import Accounts
from services.lifecycle.deletion import Deletion
from services.lifecycle.team_cascade import TeamCascade
from services.memberships.model import MEMBERSHIPS, TEAMS
from services.notifications.notifier import Notifier
from services.projects.service import PROJECTS
from services.sign_in import SignIn
from services.teams.invitations import INVITATIONS, MAILS, Invitations
from services.teams.members import Members
from services.teams.service import Teams
from services.users import KNOWN, KNOWN_FOR, USERS, Known, Users


@dataclass(frozen=True, slots=True)
class Identity:
    """The services that say who is who."""

    access: AccessChanges
    sign_in: SignIn
    users: Users
    teams: Teams
    members: Members
    invitations: Invitations
    api_keys: ApiKeys


def identity(adapters: Adapters, notifier: Notifier, idempotency: Idempotency, journal: Journal) -> Identity:
    aws, config, now, random = adapters.aws, adapters.config, adapters.now, secrets.token_bytes
    table, team_table, memberships = adapters.table(USERS), adapters.table(TEAMS), adapters.table(MEMBERSHIPS)
    known: Recent[Known] = Recent(KNOWN_FOR, KNOWN, now)
    keys: Recent[ApiKey] = Recent(KNOWN_FOR, KNOWN, now)
    access = AccessChanges(adapters.table(ACCESS_CHANGES), [known, keys], secrets.token_bytes, now)
    users = Users(aws, table, team_table, memberships, known, frozenset(map(dev_user, config.admins)), now)
    cascade = TeamCascade(adapters.belongings(Owner.TEAM), notifier.close_topic)
    teams = Teams(aws, team_table, memberships, adapters.table(PROJECTS), access, cascade, journal, idempotency, now)
    api_keys = ApiKeys(adapters.table(API_KEYS), teams, users, access, keys, idempotency, config.pepper, random, now)
    rates, pepper = RateLimiter(adapters.table(RATES), MAILS, now, "invitations by mail"), config.pepper
    open_ones, topic = adapters.table(INVITATIONS), notifier.topic
    invitations = Invitations(
        aws, open_ones, teams, memberships, table, access, topic, adapters.mailer, rates, pepper, random, now
    )
    members = Members(memberships, teams, table, access)
    sessions = ClerkSessions(
        config.clerk_api_url, config.clerk_secret_key.get_secret_value() if config.clerk_secret_key else None
    )
    sign_in = SignIn(adapters.authenticator(), users, api_keys, sessions, now)
    return Identity(access, sign_in, users, teams, members, invitations, api_keys)


def accounts(adapters: Adapters, identity: Identity, deletion: Deletion) -> Accounts:
    secret = adapters.config.clerk_webhook_secret
    return Accounts(
        adapters.aws,
        Signatures(secret.get_secret_value()) if secret else None,
        identity.users,
        identity.teams.table,
        identity.teams.memberships,
        adapters.table(IDEMPOTENCY_KEYS),
        deletion,
        identity.teams.cascade,
        adapters.belongings(Owner.USER),
        identity.teams.journal,
        identity.access,
        adapters.now,
    )
