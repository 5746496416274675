"""What the tables of tests have of projects."""

from typing import Final

from tests.slice import DELETE, EDIT, SEE, Create, Entry, Slice, Values

_NAME: Final = {"name": "Another"}

SLICE: Final = Slice(
    made={
        "project": ('createProject(input: {name: "p", teamId: $team})', "project"),
    },
    entries={
        "Query.project": Entry("query($project: ID!) { project(id: $project) { id } }", SEE),
        "Query.projects": Entry("query($team: ID!) { projects(filter: {teamId: $team}) { nodes { id } } }", SEE),
        "Mutation.createProject": Entry(
            'mutation($team: ID!) { createProject(input: {name: "x", teamId: $team}) { userErrors { code } } }', EDIT
        ),
        "Mutation.updateProject": Entry(
            "mutation($project: ID!) {"
            ' updateProject(input: {projectId: $project, name: "x"}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.moveProject": Entry(
            "mutation($project: ID!, $team: ID!) {"
            " moveProject(input: {projectId: $project, teamId: $team}) { userErrors { code } } }",
            DELETE,
        ),
        "Mutation.deleteProject": Entry(
            "mutation($freshProject: ID!) { deleteProject(input: {projectId: $freshProject}) { userErrors { code } } }",
            DELETE,
        ),
    },
    creates={
        "createProject": Create("project", {"teamId": "{team}", "name": "Shop"}, _NAME),
    },
    makes_nothing=(
        "deleteProject",
        "moveProject",
        "updateProject",
    ),
    values={
        "createProject": Values({"name": "A", "description": "a"}, {"name": "B", "description": "b"}),
        "updateProject": Values({"projectId": "{project}"}, {"name": "B", "description": "b", "expectedVersion": 999}),
    },
    shown={
        "resolvers/test_teams.py::test_a_moved_project_is_seen_by_its_new_team_only": ("ProjectFilter.teamId",),
        "resolvers/test_projects.py::test_projects_can_be_filtered_by_status": ("ProjectFilter.status",),
        "resolvers/test_conflicts.py": ("MoveProjectInput.expectedVersion",),
    },
)
