"""The mark of a method changes with the text of all that it rests on."""

import pytest

from patrols.made_by import made_by, mark_of, texts_behind


def test_the_method_of_coverage_rests_on_the_matcher_though_it_is_imported_only_when_needed() -> None:
    behind = set(texts_behind("patrols.coverage"))

    assert {"patrols.coverage", "patrols.rules", "geo.match", "geo.matching", "geo.network", "geo.streets"} <= behind
    assert not {"patrols.seen", "geo.draw"} & behind


@pytest.mark.parametrize("changed", ["geo.matching", "geo.network", "patrols.coverage"])
def test_another_text_anywhere_behind_it_is_another_mark(changed: str) -> None:
    texts = texts_behind("patrols.coverage")

    other = texts | {changed: texts[changed].replace("metres", "meters")}

    assert mark_of(texts) == made_by("patrols.coverage")
    assert mark_of(other) != mark_of(texts)


def test_the_order_in_which_texts_are_found_changes_nothing() -> None:
    texts = texts_behind("patrols.coverage")

    assert mark_of(dict(reversed(texts.items()))) == mark_of(texts)
