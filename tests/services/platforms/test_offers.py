"""What can be chosen of how much runs, and how that is said."""

import pytest

from services.platforms.ecs.adapter import EcsPlatform
from services.platforms.offers import Hosting, Offers
from services.platforms.render.adapter import RenderPlatform


@pytest.mark.parametrize(
    ("hosting", "words"),
    [
        (Hosting(size="512/1024"), "size 512/1024"),
        (Hosting(instances=1), "1 instance"),
        (Hosting(instances=2, size="starter"), "2 instances of size starter"),
    ],
)
def test_how_much_runs_is_said_in_words(hosting: Hosting, words: str) -> None:
    assert str(hosting) == words


@pytest.mark.parametrize(("offers", "size"), [(RenderPlatform.offers, "enormous"), (EcsPlatform.offers, "256/1")])
def test_a_size_that_there_is_not_is_refused_where_all_are_known(offers: Offers, size: str) -> None:
    (fault,) = offers.faults(Hosting(size=size))
    assert fault.field == ("size",)


@pytest.mark.parametrize(
    ("chosen", "before", "is_refused"),
    [
        (Hosting(size="free", instances=2), Hosting(), True),
        (Hosting(instances=2), Hosting(size="free"), True),
        (Hosting(size="free"), Hosting(size="starter", instances=3), True),
        (Hosting(size="free", instances=1), Hosting(size="starter", instances=3), False),
        (Hosting(size="starter", instances=2), Hosting(size="free"), False),
        (Hosting(instances=2), Hosting(), False),  # of whatever runs there
        (Hosting(region="ohio"), Hosting(size="free"), False),
    ],
)
def test_of_the_free_plan_of_render_one_instance_runs(chosen: Hosting, before: Hosting, *, is_refused: bool) -> None:
    assert bool(RenderPlatform.offers.faults(chosen, beside=before)) is is_refused
