"""Planted persons: the same for the same seed, sound, and what is missed of them counted with its bound."""

import pytest

from strongroom.text import ENTITIES
from strongroom.text.canaries import Canary, Misses, missed, planted


def test_planted_texts_are_a_function_of_the_seed_and_hold_their_values():
    made = planted(ENTITIES, languages=("en", "es", "de"), count=40, seed="a")
    assert made == planted(ENTITIES, languages=("en", "es", "de"), count=40, seed="a")
    assert made["person"] != planted(["person"], languages=("en", "es"), count=40, seed="b")["person"]
    assert {len(texts) for texts in made.values()} == {40}
    assert set(made) == {
        "email", "phone", "card", "iban", "ip", "national_id", "date_of_birth", "address", "person",
    }  # fmt: skip
    for canaries in made.values():
        assert all(missed(canary, canary.text) for canary in canaries), "unredacted, each is readable"
        assert not any(missed(canary, "[PERSON_1] met [EMAIL_1].") for canary in canaries)


def test_a_part_of_a_name_is_enough_to_be_missed():
    canary = Canary("Olga Petrova", ("Olga", "Petrova"))
    assert [missed(canary, text) for text in ("[PERSON_1] Petrova", "[PERSON_1] Petrovas", "x")] == [True, False, False]


@pytest.mark.parametrize(
    ("planted", "missed", "bound"),
    [(300, 0, 0.00994), (100, 0, 0.02951), (100, 5, 0.10225), (10, 10, 1.0), (20, 1, 0.21611)],
)
def test_the_bound_is_clopper_and_pearsons(planted, missed, bound):
    """Checked against the quantiles of the beta distribution in their tables (one side, 95 %)."""
    assert Misses(planted, missed).bound == pytest.approx(bound, abs=2e-5)
