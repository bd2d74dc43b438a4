from threading import Thread

import make
import shapely

from webmap.maps.memory import fingerprint, remembered


def test_the_same_contents_are_not_made_twice_and_others_are():
    made = []

    @remembered(most=4)
    def count(frame, reach):
        made.append(reach)
        return len(frame)

    streets = make.frame([shapely.LineString([(0, 0), (9, 9)])], name=["Mill Lane"])
    assert count(streets, 1.0) == count(streets.copy(), 1.0) == 1
    assert made == [1.0]
    count(streets, 2.0)
    count(streets.assign(name="Mill Road"), 1.0)
    count(streets.set_geometry(streets.translate(1)), 1.0)
    assert made == [1.0, 2.0, 1.0, 1.0]


def test_the_result_not_asked_for_longest_is_forgotten_first():
    made = []
    double = remembered(most=2)(lambda number: made.append(number) or number * 2)

    for number in (1, 2, 1, 3, 1, 2):
        assert double(number) == number * 2

    assert made == [1, 2, 3, 2]


def test_many_threads_at_once_get_the_right_results():
    double = remembered(most=3)(lambda number: number * 2)
    wrong = []

    def ask():
        wrong.extend(number for number in list(range(10)) * 50 if double(number) != number * 2)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_missing_shape_has_a_fingerprint_too():
    assert fingerprint(make.frame([None])) != fingerprint(make.frame([shapely.Point(0, 0)]))
