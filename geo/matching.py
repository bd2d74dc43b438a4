"""The most likely way of a walker through a net of streets: the compiled inner loops of `geo.match`.

Plain loops over flat arrays: numba compiles those once and keeps the result beside the source. Importing this module
loads numba, so that `geo.match` does it only when walks are really matched.
"""
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

import math

from geo.reach import compiled

START, OFF, TURNED = -1, -2, -3
"""What a state was reached from, if not from a state: nothing, open ground, or its own reverse."""
MOST_WAYS = 48
"""So many ways to a step at most: the nearest. Where more lie within reach, streets are denser than any phone sees."""
_ENDLESS = 1e30
# So much less likely than the likeliest state, and a state is given up.
_HOPELESS = 25.0


@compiled
def thin(spot, first, least, most, out, out_first, really):
    """Put down places along each part, at least so far apart, and more between those farther apart than `most`."""
    count = 0
    for part in range(len(first) - 1):
        out_first[part] = count
        x, y = 0.0, 0.0
        for at in range(first[part], first[part + 1]):
            dx, dy = spot[at, 0] - x, spot[at, 1] - y
            leg = math.sqrt(dx * dx + dy * dy)
            pieces = math.ceil(leg / most)
            if at == first[part]:
                pieces = 1
            elif leg < least and (at < first[part + 1] - 1 or leg == 0.0):
                continue
            if really:
                for piece in range(pieces):
                    rest = (pieces - 1.0 - piece) / pieces
                    out[count + piece, 0] = spot[at, 0] - rest * dx
                    out[count + piece, 1] = spot[at, 1] - rest * dy
            count += pieces
            x, y = spot[at, 0], spot[at, 1]
    out_first[len(first) - 1] = count
    return count


@compiled
def still(spot, first, window, side, kept):
    """Leave out places of a phone that lies still, all but the first and last of a stretch of them."""
    for part in range(len(first) - 1):
        until = first[part]
        for begin in range(first[part], first[part + 1] - window + 1):
            west = east = spot[begin, 0]
            south = north = spot[begin, 1]
            for at in range(begin + 1, begin + window):
                west, east = min(west, spot[at, 0]), max(east, spot[at, 0])
                south, north = min(south, spot[at, 1]), max(north, spot[at, 1])
                if east - west > side or north - south > side:
                    break
            else:
                for at in range(max(begin + 1, until), begin + window - 1):
                    kept[at] = False
                until = begin + window - 1


@compiled
def near_cells(spot, sight, frame, shape, box_first, box_cells, middle, first, out, really):
    """Which cells each spot may belong to: those whose middle is within its sight."""
    count = 0
    for at in range(len(spot)):
        first[at] = count
        x, y, far = spot[at, 0], spot[at, 1], sight[at]
        # In bounds before they are whole numbers: there is no memory of a place far off.
        west = int(min(max((x - far - frame[0]) * frame[2], 0.0), shape[0]))
        east = int(min(max((x + far - frame[0]) * frame[2] + 1.0, 0.0), shape[0]))
        south = int(min(max((y - far - frame[1]) * frame[2], 0.0), shape[1]))
        north = int(min(max((y + far - frame[1]) * frame[2] + 1.0, 0.0), shape[1]))
        for row in range(south, north):
            for place in range(box_first[row * shape[0] + west], box_first[row * shape[0] + east]):
                dx, dy = middle[box_cells[place], 0] - x, middle[box_cells[place], 1] - y
                if dx * dx + dy * dy <= far * far:
                    if really:
                        out[count] = box_cells[place]
                    count += 1
    first[len(spot)] = count
    return count


@compiled
def ways(
    steps, reach, before, leads, metres, direction, first, out_step, out_metres, out_bend, out_next, stamp, really
):
    """From where one gets to each of some steps within a reach: the steps, the metres and turns, and the entry after.

    The first entry of each is the step itself. Unless `really`, the ways are only counted, and the arrays put out to
    serve for one step after the other. A turn is one minus the cosine of its angle, added up along the way.
    """
    total = 0
    for at in range(len(steps)):
        first[at] = total
        base = total if really else 0
        out_step[base], out_metres[base], out_bend[base], out_next[base] = steps[at], 0.0, 0.0, 0
        stamp[steps[at]] = at
        count, head = 1, 0
        while head < count:
            here = out_step[base + head]
            for place in range(before[here], before[here + 1]):
                there = leads[place]
                far = out_metres[base + head] + (metres[here >> 1] + metres[there >> 1]) / 2
                if far <= reach and count < MOST_WAYS and stamp[there] != at:
                    stamp[there] = at
                    out_step[base + count], out_metres[base + count], out_next[base + count] = there, far, head
                    one, other = here >> 1, there >> 1
                    same = direction[one, 0] * direction[other, 0] + direction[one, 1] * direction[other, 1]
                    out_bend[base + count] = out_bend[base + head] + 1.0 - (same if (here ^ there) & 1 == 0 else -same)
                    count += 1
            head += 1
        total += count
    first[len(steps)] = total
    return total


@compiled
def walk_through(begin, end, spot, phone, costs, town, where, states, off_back):
    """Find how each state of the places of one part is reached at the least cost; where the best way ends.

    A state is a candidate cell with a direction: ``2 * (place among the candidates) + direction``. ``where`` names for
    each step its state at the place before, -1 for none, and is left as it came.
    """
    first, cells = town[0], town[1]
    cost, back = states[0], states[1]
    leave, turn, open_step = costs[0], costs[2], costs[3]
    off, off_back[begin] = open_step + leave / 2, START
    for at in range(begin, end):
        least = arrive(at, at == begin, off, spot, phone, costs, town, where, states)
        for state in range(2 * first[at], 2 * first[at + 1]):
            if cost[state ^ 1] + turn < cost[state]:
                cost[state], back[state] = cost[state ^ 1] + turn, TURNED
        if at > begin:
            off, off_back[at] = off + open_step, OFF
            for state in range(2 * first[at - 1], 2 * first[at]):
                where[2 * cells[state >> 1] + (state & 1)] = -1
                if cost[state] + leave + open_step < off:
                    off, off_back[at] = cost[state] + leave + open_step, state
        for state in range(2 * first[at], 2 * first[at + 1]):
            if cost[state] < min(least, off) + _HOPELESS:
                where[2 * cells[state >> 1] + (state & 1)] = state
    # Patrols begin and end in streets rather than off them.
    best, last = off + leave / 2, OFF
    for state in range(2 * first[end - 1], 2 * first[end]):
        where[2 * cells[state >> 1] + (state & 1)] = -1
        if cost[state] < best:
            best, last = cost[state], state
    return last


@compiled
def arrive(at, is_first, off, spot, phone, costs, town, where, states):
    """The least cost of each state of one place, from those of the place before or from open ground; the least of all.

    Along the streets only what is new in a fix's error costs, beyond the share kept of the error before it.
    """
    first, cells, middle, number_of, (way_first, way_step, way_metres, way_bend, _) = town
    cost, back, via = states
    noise, kept = phone
    enter, pace, doubt, bend = costs[1], costs[4], costs[5], costs[6]
    spread = 0.5 / (noise * noise)
    tight = spread / (1.0 - kept * kept)
    x, y = spot[at, 0], spot[at, 1]
    x0, y0 = (x, y) if is_first else (spot[at - 1, 0], spot[at - 1, 1])
    leg = math.sqrt((x - x0) ** 2 + (y - y0) ** 2)
    least = _ENDLESS
    for state in range(2 * first[at], 2 * first[at + 1]):
        cell = cells[state >> 1]
        dx, dy = x - middle[cell, 0], y - middle[cell, 1]
        alone = min((dx * dx + dy * dy) * spread, doubt)
        best, last, how = (alone, START, 0) if is_first else (off + enter + alone, OFF, 0)
        if not is_first:
            new_x, new_y = dx - kept * x0, dy - kept * y0
            number = number_of[2 * cell + (state & 1)]
            for way in range(way_first[number], way_first[number + 1]):
                before = where[way_step[way]]
                if before >= 0:
                    come = way_step[way] >> 1
                    dx, dy = new_x + kept * middle[come, 0], new_y + kept * middle[come, 1]
                    new = min((dx * dx + dy * dy) * tight, doubt)
                    total = cost[before] + new + pace * abs(way_metres[way] - leg) + bend * way_bend[way]
                    if total < best:
                        best, last, how = total, before, way
        cost[state], back[state], via[state] = best, last, how
        least = min(least, best)
    return least


@compiled
def trace(last, begin, end, town, states, off_back, at_cell, passed):
    """Follow the best way back: the cell of each place (-1 off the streets), and all cells passed."""
    cells, number_of, (way_first, way_step, _, _, way_next) = town[1], town[3], town[4]
    back, via = states[1], states[2]
    state = last
    for at in range(end - 1, begin - 1, -1):
        if state == OFF:
            state = off_back[at]
            continue
        cell = cells[state >> 1]
        at_cell[at] = cell
        passed[cell] = True
        if back[state] == TURNED:
            state ^= 1
        if back[state] >= 0:
            base = way_first[number_of[2 * cell + (state & 1)]]
            entry = via[state]
            while entry > base:
                passed[way_step[entry] >> 1] = True
                entry = base + way_next[entry]
        state = back[state]
