"""Where somebody stood: the compiled inner loop that finds stretches of fixes that stay within a small square.

Importing this module loads numba, so import it only when fixes are really looked at.
"""
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from geo.reach import compiled


@compiled
def find_stands(first, seconds, x, y, side, least_s, stand):
    """Number the stretches that stay within an upright square for long enough; how many there are.

    From its first fix a stretch goes on as long as all of it fits the square, whatever comes later; so it never matters
    what follows a stretch, nor what other tracks there are.

    Parameters
    ----------
    first : where each track begins, and the end of the last; a track is looked at by itself
    seconds, x, y : of every fix, in order of time within each track
    side, least_s : the square's side in the fixes' unit, and the least time from the first to the last fix of a stretch
    stand : int array to be written: the number of each fix's stretch, -1 for none
    """
    count = 0
    for track in range(len(first) - 1):
        begin, end = first[track], first[track + 1]
        while begin < end:
            west, east, south, north = x[begin], x[begin], y[begin], y[begin]
            until = begin + 1
            while until < end:
                west, east = min(west, x[until]), max(east, x[until])
                south, north = min(south, y[until]), max(north, y[until])
                if east - west > side or north - south > side:
                    break
                until += 1
            if until - begin > 1 and seconds[until - 1] - seconds[begin] >= least_s:
                stand[begin:until] = count
                count += 1
                begin = until
            else:
                stand[begin] = -1
                begin += 1
    return count
