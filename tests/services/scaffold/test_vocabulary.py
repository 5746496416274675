"""The tests that the scaffold's vocabulary agrees with itself."""

import pytest

from services.designs.schema import OnDelete
from services.designs.validation import validate
from services.scaffold.plurals import plural, singular
from services.scaffold.schema import derive_schema
from services.scaffold.vocabulary import Entity, vocabulary

ENTITIES = vocabulary().entities
DOMAINS = vocabulary().domains


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_an_entity_is_in_the_plural_and_names_only_others_that_exist(entity: Entity) -> None:
    named = {table for parent in entity.parents for table in parent.tables} | entity.joins | entity.unless

    assert plural(singular(entity.name)) == entity.name
    assert named <= ENTITIES.keys()


def test_a_domain_names_entities_that_exist_and_is_not_one() -> None:
    named = {name for domain in DOMAINS.values() for choices, _ in domain.entities for name in choices}

    assert named <= ENTITIES.keys()
    assert DOMAINS.keys().isdisjoint(ENTITIES)


def test_translations_and_verbs_lead_to_what_exists() -> None:
    known = vocabulary()

    assert set(known.translations.values()) <= ENTITIES.keys() | DOMAINS.keys()
    assert set(known.acts.values()) <= ENTITIES.keys()


def test_what_is_implied_is_an_entity_that_no_name_of_its_rows_is() -> None:
    known = vocabulary()

    assert {known.phrases[phrase] for phrase in known.implied_by} <= ENTITIES.keys()
    assert known.implied_by.isdisjoint(tuple(map(singular, name.split("_"))) for name in ENTITIES)


def test_no_entity_needs_itself_by_way_of_others() -> None:
    needs = {
        entity.name: {
            table for parent in entity.parents if parent.on_delete is not OnDelete.SET_NULL for table in parent.tables
        }
        for entity in ENTITIES.values()
    }

    while free := [name for name, needed in needs.items() if needed.isdisjoint(needs)]:
        for name in free:
            del needs[name]
    assert needs == {}


@pytest.mark.parametrize("phrase", vocabulary().phrases, ids=" ".join)
def test_every_phrase_gives_a_valid_schema(phrase: tuple[str, ...]) -> None:
    assert validate(derive_schema(f"Track {' '.join(phrase)} records")) == []


def test_what_a_word_means_in_a_domain_exists() -> None:
    meanings = {(word, entity) for domain in DOMAINS.values() for word, entity in domain.meanings.items()}

    assert {entity for _, entity in meanings} <= ENTITIES.keys()
    assert all(singular(word) == word for word, _ in meanings)
