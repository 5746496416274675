"""The scaffold's answer to a question: what it knows of the project, and that it is no language model."""

from services.designs.schema import SchemaModel


def answer_question(project_name: str, schema: SchemaModel | None) -> str:
    """Tell what there is. The question is not understood, and the answer says so."""
    name = " ".join(project_name.split())
    answer = (
        "I am Snapinfra's scaffold, not a language model: I cannot follow a question, "
        f"but I can say what **{name}** is.\n\n"
    )
    if schema is None:
        return answer + "It has no schema yet. Ask for a SCHEMA generation, then for CODE.\n"
    tables = "".join(
        f"- `{table.name}`: {', '.join(f'`{field.name}`' for field in table.fields)}\n" for table in schema.tables
    )
    return answer + (
        f"Its schema has {len(schema.tables)} table{'' if len(schema.tables) == 1 else 's'}:\n\n{tables}\n"
        f"{_who_signs_in(schema)}\n\n"
        "A CODE generation makes a backend of it: Express and TypeScript over DynamoDB, with create, read, update, "
        "delete and list for each table.\n\n"
        "For answers, set GROQ_API_KEY or OPENAI_API_KEY.\n"
    )


def _who_signs_in(schema: SchemaModel) -> str:
    if schema.accounts is None:
        return "Whoever has a token of your identity provider may do what the tables' policies say."
    teams = f", in {schema.teams.table}" if schema.teams else ""
    return f"Those in `{schema.accounts.table}` sign in{teams}, and may do what the tables' policies say."
