"""What the tables of tests have of documentation."""

from typing import Final

from tests.slice import EDIT, SEE, Create, Entry, Slice, Values, told

SLICE: Final = Slice(
    made={
        "page": ('createDocumentationPage(input: {projectId: $project, title: "t", content: "c"})', "page"),
    },
    entries={
        "Query.documentationPage": Entry("query($page: ID!) { documentationPage(id: $page) { id } }", SEE),
        "Mutation.createDocumentationPage": Entry(
            "mutation($project: ID!) { createDocumentationPage(input: {projectId: $project,"
            ' title: "t", content: "c"}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.updateDocumentationPage": Entry(
            "mutation($page: ID!) {"
            ' updateDocumentationPage(input: {pageId: $page, title: "x"}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.deleteDocumentationPage": Entry(
            "mutation($freshPage: ID!) {"
            " deleteDocumentationPage(input: {pageId: $freshPage}) { userErrors { code } } }",
            EDIT,
        ),
        "Mutation.reorderDocumentation": Entry(
            "mutation($project: ID!) {"
            " reorderDocumentation(input: {projectId: $project, pageIds: []}) { userErrors { code } } }",
            EDIT,
            told("BAD_USER_INPUT", "CONFLICT"),
        ),
    },
    creates={
        "createDocumentationPage": Create(
            "page", {"projectId": "{project}", "title": "Rules", "content": "secret"}, {"content": "another"}
        ),
    },
    makes_nothing=(
        "deleteDocumentationPage",
        "reorderDocumentation",
        "updateDocumentationPage",
    ),
    values={
        "createDocumentationPage": Values(
            {"projectId": "{project}", "title": "A", "content": "a"}, {"title": "B", "content": "b", "category": "c"}
        ),
        "updateDocumentationPage": Values(
            {"pageId": "{page}", "title": "A", "content": "a", "category": "c"},
            {"title": "B", "content": "b", "category": "d", "expectedVersion": 999},
        ),
    },
    shown={
        "resolvers/test_documentation.py::test_pages_are_found_by_category_and_by_part_of_their_title_in_order": (
            "DocumentationFilter.category",
            "DocumentationFilter.title",
        ),
        "resolvers/test_documentation.py::test_pages_are_put_into_another_order": (
            "ReorderDocumentationInput.pageIds",
        ),
    },
)
