"""What redaction did, part by part and together: the same in any order, and through JSON."""

import numpy as np

from strongroom.quality.counts.hll import Hll
from strongroom.quality.counts.redactions import WORDS_AFTER, Redaction
from strongroom.quality.counts.tally import Tally


def state(*words):
    sketch = Hll()
    sketch.add_words(np.array(words, np.uint64))
    return sketch.state()


ONE = Redaction(3, {"person": 2, "email": 1}, 1, {WORDS_AFTER: state(1, 2, 3)})
OTHER = Redaction(5, {"person": 4, "card": 1}, 0, {WORDS_AFTER: state(3, 4)})


def test_parts_add_up_in_any_order():
    both = ONE.merge(OTHER)
    assert (both.texts, both.found, both.leaks) == (8, {"card": 1, "email": 1, "person": 6}, 1)
    assert both.different(WORDS_AFTER) == 4
    assert (both.share, both.found) == (1 / 8, OTHER.merge(ONE).found)
    assert Redaction().merge(ONE) == Redaction(3, {"email": 1, "person": 2}, 1, ONE.sketches)
    assert (Redaction().share, Redaction().different(WORDS_AFTER)) == (0.0, None)


def test_a_tally_holds_them_by_path_and_through_json():
    whole = Tally(redactions={"a": ONE}).merge(Tally(redactions={"a": OTHER, "b": OTHER}))
    assert {path: of.texts for path, of in whole.redactions.items()} == {"a": 8, "b": 5}
    assert Tally.from_json(whole.to_json()).redactions == whole.redactions
