import json
import re

import numpy as np
import pytest
from made_town import EVIL

from webmap.maps.style import OPEN_COLOURS, Scale, count_scale, data_block, round_up, safe


def test_a_safe_text_holds_no_mark_that_could_end_it_in_markup_attribute_or_script():
    encoded = str(safe(EVIL))

    assert not re.search(r"[<>\"'`$\\{}]", encoded)
    assert not re.search(r"&(?!#\d+;)", encoded)


def test_a_safe_text_reads_as_it_was_written_once_a_browser_decodes_it():
    decoded = re.sub(r"&#(\d+);", lambda mark: chr(int(mark[1])), str(safe(EVIL)))

    assert decoded == EVIL


def test_data_blocks_give_back_every_text_and_hold_no_tag_of_a_user():
    block = str(data_block("town", {"name": EVIL}))

    inside = re.fullmatch(r'<script type="application/json" id="town">(.*)</script>', block, re.DOTALL)
    assert inside is not None
    assert json.loads(inside[1]) == {"name": EVIL}
    assert "<" not in inside[1]
    assert "\u2028" not in inside[1]


def test_numbers_that_json_does_not_know_are_refused_instead_of_breaking_the_page():
    with pytest.raises(ValueError, match="JSON"):
        data_block("town", {"share": float("nan")})


def test_a_value_on_a_bound_belongs_to_the_class_that_begins_there():
    scale = Scale((0, 1, 5), ("a", "b", "c"))

    assert scale.classes([0, 0.5, 1, 4.9, 5, 99, np.nan]).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_grids_without_open_incidents_have_a_class_of_their_own():
    scale = count_scale([0, 0, 0, 7, 9])

    assert scale.classes([0, 1]).tolist() == [0, 1]
    assert scale.colours[0] == OPEN_COLOURS[0]


@pytest.mark.parametrize("counts", [[], [0, 0], [1], [5, 5, 5, 5], [np.nan, 2], list(range(2000))])
def test_every_set_of_counts_gets_rising_bounds_with_a_colour_each(counts):
    scale = count_scale(counts)

    assert list(scale.bounds) == sorted(set(scale.bounds))
    assert len(scale.bounds) == len(scale.colours) == len(set(scale.colours))


@pytest.mark.parametrize(("value", "read"), [(0.2, 1), (7, 7), (20.5, 25), (51, 60), (201, 250), (1001, 1100)])
def test_bounds_are_numbers_that_people_like_to_read(value, read):
    assert round_up(value) == read
