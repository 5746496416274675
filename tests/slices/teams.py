"""What the tables of tests have of teams, members and invitations."""

from typing import Final

from tests.slice import MANAGE, MEMBERS, OWN, PEOPLE, SEE, Create, Entry, Slice, Values, told

_NAME: Final = {"name": "Another"}

SLICE: Final = Slice(
    made={
        "invitation": ("inviteMember(input: {teamId: $team, email: $address})", "invitation"),
    },
    entries={
        "Query.team": Entry("query($team: ID!) { team(id: $team) { id } }", SEE),
        "Team.members": Entry("query($team: ID!) { team(id: $team) { members { nodes { email } } } }", SEE),
        "Team.invitations": Entry("query($team: ID!) { team(id: $team) { invitations { nodes { id } } } }", MANAGE),
        "Mutation.createTeam": Entry('mutation { createTeam(input: {name: "x"}) { userErrors { code } } }', PEOPLE),
        "Mutation.renameTeam": Entry(
            'mutation($team: ID!) { renameTeam(input: {teamId: $team, name: "x"}) { userErrors { code } } }', MANAGE
        ),
        "Mutation.deleteTeam": Entry(
            "mutation($team: ID!) { deleteTeam(input: {teamId: $team}) { userErrors { code } } }", OWN, told("CONFLICT")
        ),
        "Mutation.transferOwnership": Entry(
            "mutation($team: ID!, $owner: ID!) {"
            " transferOwnership(input: {teamId: $team, userId: $owner}) { userErrors { code } } }",
            OWN,
        ),
        "Mutation.inviteMember": Entry(
            "mutation($team: ID!) {"
            ' inviteMember(input: {teamId: $team, email: "x@example.com"}) { userErrors { code } } }',
            MANAGE,
        ),
        "Mutation.revokeInvitation": Entry(
            "mutation($freshInvitation: ID!) {"
            " revokeInvitation(input: {invitationId: $freshInvitation}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.resendInvitation": Entry(
            "mutation($invitation: ID!) {"
            " resendInvitation(input: {invitationId: $invitation}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.acceptInvitation": Entry(
            'mutation { acceptInvitation(input: {token: "none"}) { userErrors { code } } }',
            PEOPLE,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.changeMemberRole": Entry(
            "mutation($team: ID!, $viewer: ID!) {"
            " changeMemberRole(input: {teamId: $team, userId: $viewer, role: VIEWER}) { userErrors { code } } }",
            MANAGE,
        ),
        "Mutation.removeMember": Entry(
            'mutation($team: ID!) { removeMember(input: {teamId: $team, userId: "user_x"}) { userErrors { code } } }',
            MANAGE,
            told("BAD_USER_INPUT"),
        ),
        "Mutation.leaveTeam": Entry(
            "mutation($freshTeam: ID!) { leaveTeam(input: {teamId: $freshTeam}) { userErrors { code } } }",
            MEMBERS,
            told("CONFLICT"),
        ),
    },
    creates={
        "createTeam": Create("team", {"name": "Crew"}, _NAME, people_only=True),
        "inviteMember": Create(
            "invitation",
            {"teamId": "{team}", "email": "new@example.com", "role": "VIEWER"},
            {"role": "ADMIN"},
            people_only=True,
        ),
    },
    makes_nothing=(
        "acceptInvitation",
        "changeMemberRole",
        "deleteTeam",
        "leaveTeam",
        "removeMember",
        "renameTeam",
        "resendInvitation",
        "revokeInvitation",
        "transferOwnership",
    ),
    values={
        "createTeam": Values({"name": "A"}, {"name": "B"}),
        "renameTeam": Values({"teamId": "{team}", "name": "A"}, {"name": "B", "expectedVersion": 999}),
        "inviteMember": Values(
            {"teamId": "{team}", "email": "a@example.com"}, {"email": "b@example.com", "role": "VIEWER"}
        ),
    },
    shown={
        "resolvers/test_teams_invitations.py::test_an_accepted_invitation_makes_a_member_and_is_gone": (
            "AcceptInvitationInput.token",
        ),
        "resolvers/test_teams.py::test_a_changed_role_holds_at_once": ("ChangeMemberRoleInput.role",),
    },
)
