"""The tests of what the scaffold's documentation says of who may do what."""

from services.scaffold.architecture import derive_architecture
from services.scaffold.chat import answer_question
from services.scaffold.documentation import write_documentation
from services.scaffold.schema import derive_schema

BLOG = derive_schema("A blog with posts and comments")


def test_a_page_says_what_each_table_is_open_to() -> None:
    page = write_documentation("Blog", BLOG)["concepts/who-may-do-what.md"]

    everybody = "everybody where `status` is `published`; its owner; admin"
    assert f"| `posts` | whoever is signed in | {everybody} | its owner; admin | its owner; admin |\n" in page
    assert "- `posts`: `userId` names the owner, whoever creates it.\n" in page
    assert "| `posts.userId` | set by the server |\n" in page
    assert "| `comments.approved` | set by those with a role |\n" in page
    assert "| `users.password` | kept as a hash, never shown |\n" in page


def test_a_tables_page_says_what_is_checked_of_its_fields() -> None:
    pages = write_documentation("Shop", derive_schema("A shop with products and reviews"))

    assert "| `rating` | INTEGER | required, 1 to 5 |\n" in pages["reference/reviews.md"]
    assert "| `price` | DECIMAL | required, at least 0 |\n" in pages["reference/products.md"]
    assert "| `currency` | STRING | required, a currency's code |\n" in pages["reference/products.md"]


def test_users_sign_in_where_the_schema_has_accounts_and_elsewhere_where_it_has_none() -> None:
    with_accounts = write_documentation("Blog", BLOG)["concepts/authentication.md"]
    without = write_documentation("Rockets", derive_schema("rockets"))["concepts/authentication.md"]

    assert "`POST /auth/sign-up` makes a row of `users`" in with_accounts
    assert "JWKS_URL" in without
    assert "/auth/" not in without
    assert "Those in `users` sign in" in answer_question("Blog", BLOG)
    assert {node.id for node in derive_architecture("Blog", BLOG).nodes if node.id == "identity"} == set()
    edges = derive_architecture("Blog", BLOG).edges
    assert [(edge.from_node, edge.to_node) for edge in edges if edge.label == "signs in"] == [("client", "api")]


def test_an_example_is_what_a_client_may_send() -> None:
    page = write_documentation("Blog", BLOG)["reference/users.md"]

    assert '{\n  "email": "ada@example.com",\n  "password": "a long enough password",\n  "name": "text"\n}' in page


def test_pages_say_how_the_backend_is_spoken_to() -> None:
    rest = write_documentation("Blog", BLOG)
    graphql = write_documentation("Blog", derive_schema("A blog with posts, comments, tags and a GraphQL API"))
    both = write_documentation("Blog", derive_schema("A blog with posts, comments and tags, REST and GraphQL"))

    assert "concepts/graphql.md" not in rest
    assert "A REST API in Express" in rest["guides/overview.md"]
    assert "A GraphQL API in Express" in graphql["guides/overview.md"]
    assert "A REST and GraphQL API in Express" in both["guides/overview.md"]
    row = "| `posts` | `Post` | `post`, `postBySlug` | `posts` | `user`, `comments`, `postTags`, `tags` |\n"
    assert row in graphql["concepts/graphql.md"], graphql["concepts/graphql.md"]
    assert "`createPost(input, idempotencyKey)`" in graphql["reference/posts.md"]
    assert "POST /posts" not in graphql["reference/posts.md"]
    assert "POST /posts" in both["reference/posts.md"]
    assert "curl localhost:3000/graphql " in graphql["guides/getting-started.md"]
