"""The services that say who is who, and what they may."""

import secrets

from services.api_keys.model import API_KEYS, ApiKey
from services.api_keys.service import ApiKeys
from services.bootstrap.shared import Shared
from services.core.frozen import frozen
from services.core.recent import Recent
from services.deployments.elsewhere import RunningElsewhere
from services.deployments.model import DEPLOYMENTS
from services.foundation.auth.access import ACCESS_CHANGES, AccessChanges
from services.foundation.auth.sessions import ClerkSessions
from services.foundation.auth.signatures import Signatures
from services.foundation.auth.tokens import dev_user
from services.foundation.aws.spec import Owner
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.lifecycle.accounts import Accounts
from services.lifecycle.deletion import Deletion
from services.lifecycle.team_cascade import TeamCascade
from services.memberships.model import MEMBERSHIPS, TEAMS
from services.memberships.service import Memberships
from services.projects.service import Projects
from services.sign_in import SignIn
from services.teams.invitations import MAILS, Invitations
from services.teams.members import Members
from services.teams.model import INVITATIONS
from services.teams.service import Teams
from services.users import MOST_REMEMBERED, USERS, Standing, Users


@frozen(kw_only=True)
class Identity:
    """The services that say who is who."""

    access: AccessChanges
    sign_in: SignIn
    users: Users
    teams: Teams
    members: Members
    invitations: Invitations
    api_keys: ApiKeys


@frozen(kw_only=True)
class Access:
    """What a process remembers of who may do what, and the news that make it forget."""

    changes: AccessChanges
    users: Recent[Standing]
    keys: Recent[ApiKey]


def access_changes(shared: Shared) -> Access:
    now, table = shared.now, shared.adapters.table(ACCESS_CHANGES)
    changes = AccessChanges(table=table, random=secrets.token_bytes, now=now)
    return Access(
        changes=changes, users=changes.memory(most=MOST_REMEMBERED), keys=changes.memory(most=MOST_REMEMBERED)
    )


def identity(shared: Shared, access: Access, projects: Projects) -> Identity:
    adapters, notifier, changes = shared.adapters, shared.notifier, access.changes
    config, now, random = adapters.config, adapters.now, secrets.token_bytes
    memberships = Memberships(teams=adapters.table(TEAMS), members=adapters.table(MEMBERSHIPS))
    users = Users(
        table=adapters.table(USERS),
        memberships=memberships,
        recent=access.users,
        admins=frozenset(map(dev_user, config.admins)),
        now=now,
    )
    elsewhere = RunningElsewhere(adapters.table(DEPLOYMENTS))
    cascade = TeamCascade(adapters.owned_items(Owner.TEAM), notifier.close_topic, elsewhere)
    teams = Teams(
        memberships=memberships,
        projects=projects,
        access=changes,
        cascade=cascade,
        journal=shared.journal,
        idempotency=shared.idempotency,
        now=now,
    )
    api_keys = ApiKeys(
        table=adapters.table(API_KEYS),
        teams=teams,
        users=users,
        access=changes,
        recent=access.keys,
        idempotency=shared.idempotency,
        pepper=config.pepper,
        random=random,
        now=now,
    )
    rates, pepper = (
        RateLimiter(table=adapters.table(RATES), most=MAILS, now=now, what="invitations by mail"),
        config.pepper,
    )
    invitations = Invitations(
        table=adapters.table(INVITATIONS),
        teams=teams,
        memberships=memberships,
        users=users,
        access=changes,
        topic=notifier.topic,
        mailer=adapters.mailer,
        rates=rates,
        pepper=pepper,
        random=random,
        now=now,
    )
    members = Members(memberships=memberships, teams=teams, users=users, access=changes)
    sessions = ClerkSessions(
        config.clerk_api_url, config.clerk_secret_key.get_secret_value() if config.clerk_secret_key else None
    )
    sign_in = SignIn(auth=adapters.authenticator(), users=users, keys=api_keys, sessions=sessions, now=now)
    return Identity(
        access=changes,
        sign_in=sign_in,
        users=users,
        teams=teams,
        members=members,
        invitations=invitations,
        api_keys=api_keys,
    )


def accounts(shared: Shared, identity: Identity, deletion: Deletion) -> Accounts:
    adapters = shared.adapters
    secret, before = adapters.config.clerk_webhook_secret, adapters.config.clerk_webhook_secret_previous
    previous = before.get_secret_value() if before else None
    return Accounts(
        signatures=Signatures(secret.get_secret_value(), previous) if secret else None,
        users=identity.users,
        memberships=identity.teams.memberships,
        once=shared.once,
        deletion=deletion,
        cascade=identity.teams.cascade,
        own=adapters.owned_items(Owner.USER),
        journal=identity.teams.journal,
        access=identity.access,
        now=adapters.now,
    )
