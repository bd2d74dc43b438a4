"""The most likely way of a walker through a net of streets: the compiled inner loops of `geo.match`.

Plain loops over flat arrays: numba compiles those once and keeps the result beside the source. Importing this module
loads numba, so that `geo.match` does it only when walks are really matched.

Here a *near step* is a cell near the walks, numbered afresh, times two, plus one if walked backwards: so that all that
is looked up again and again is as small as the walks' surroundings, not as the town.
"""
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

import math

import numpy as np

from geo.reach import compiled

START, OFF, TURNED = -1, -2, -3
"""What a state was reached from, if not from a state: nothing, open ground, or its own reverse."""
MOST_WAYS = 48
"""So many ways from a step at most: the nearest. Where more lie within reach, streets are denser than a phone sees."""
_ENDLESS = 1e30
# So much less likely than the likeliest state, and a state is given up.
_HOPELESS = 9.0


@compiled
def thin(spot, first, least, most, out, passed, pieces, out_first, really):
    """Put down places along each part, at least so far apart, and more between those farther apart than `most`.

    ``passed`` tells how many vertices lie before each place, ``pieces`` into how many the leg to it was taken apart.
    """
    count = 0
    for part in range(len(first) - 1):
        out_first[part] = count
        x, y, last = 0.0, 0.0, first[part]
        for at in range(first[part], first[part + 1]):
            dx, dy = spot[at, 0] - x, spot[at, 1] - y
            leg = math.sqrt(dx * dx + dy * dy)
            taken = math.ceil(leg / most)
            if at == first[part]:
                taken = 1
            elif leg < least and (at < first[part + 1] - 1 or leg == 0.0):
                continue
            if really:
                for piece in range(taken):
                    rest = (taken - 1.0 - piece) / taken
                    out[count + piece, 0] = spot[at, 0] - rest * dx
                    out[count + piece, 1] = spot[at, 1] - rest * dy
                    passed[count + piece] = at - rest * (at - last)
                    pieces[count + piece] = taken
            count += taken
            x, y, last = spot[at, 0], spot[at, 1], at
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
def number_cells(near, number_of, cell_of, known):
    """Number the cells that have no number yet from `known` on, and put the numbers in their place; how many there are.

    ``cell_of`` needs room for one more cell than there are entries.
    """
    for place in range(len(near)):
        cell = near[place]
        number = number_of[cell]
        if number < 0:
            number = number_of[cell] = known
            cell_of[known] = cell
            known += 1
        near[place] = number
    return known


@compiled
def ways(cell_of, begin, until, reach, before, leads, metres, direction):
    """To where one gets within a reach from each near step of the cells numbered from `begin` to `until`.

    Returns
    -------
    first : where the ways from each near step begin, and where the last end
    step : the step got to; the first way from each is to itself
    far : the metres
    bend : one minus the cosine of each angle turned, added up
    parent : the way, counted from the first of its near step, that it goes on from
    """
    room, total = 64 + 24 * (until - begin), 0
    first = np.empty(2 * (until - begin) + 1, np.int64)
    step, parent = np.empty(room, np.int32), np.empty(room, np.int32)
    far, bend = np.empty(room, np.float32), np.empty(room, np.float32)
    for at in range(2 * (until - begin)):
        first[at] = base = total
        if total + MOST_WAYS > room:
            room *= 2
            step, parent = _larger(step, total, room), _larger(parent, total, room)
            far, bend = _larger(far, total, room), _larger(bend, total, room)
        step[base], far[base], bend[base], parent[base] = 2 * cell_of[begin + at // 2] + at % 2, 0.0, 0.0, 0
        count, head = 1, 0
        while head < count:
            here = step[base + head]
            # The leads are those to a step; walked the other way round, they lead on from it.
            for place in range(before[here ^ 1], before[(here ^ 1) + 1]):
                there = leads[place] ^ 1
                metres_there = far[base + head] + (metres[here >> 1] + metres[there >> 1]) / 2
                if metres_there <= reach and count < MOST_WAYS and not _holds(step, base, base + count, there):
                    one, other = here >> 1, there >> 1
                    same = direction[one, 0] * direction[other, 0] + direction[one, 1] * direction[other, 1]
                    step[base + count], far[base + count], parent[base + count] = there, metres_there, head
                    bend[base + count] = bend[base + head] + 1.0 - (same if (here ^ there) & 1 == 0 else -same)
                    count += 1
            head += 1
        total += count
    first[2 * (until - begin)] = total
    return first, step[:total], far[:total], bend[:total], parent[:total]


@compiled
def _larger(some, count, room):
    more = np.empty(room, some.dtype)
    more[:count] = some[:count]
    return more


@compiled
def _holds(some, begin, until, wanted):
    at = begin
    while at < until and some[at] != wanted:
        at += 1
    return at < until


@compiled
def walk_through(begin, end, spot, limit, phone, costs, town, where, states, off_back):
    """Find how each state of the places of one part is reached at the least cost; where the best way ends.

    A state is a candidate cell with a direction: ``2 * (place among the candidates) + direction``. ``where`` names for
    each near step its state at this place, -1 for none, and is left as it came.
    """
    first, near = town[0], town[1]
    cost, back = states[0], states[1]
    leave, turn, open_step = costs[0], costs[2], costs[3]
    off, off_back[begin], hope = open_step + leave / 2, START, _ENDLESS
    for at in range(begin, end):
        _settle(at, at == begin, off, spot, phone, costs, town, where, states)
        if at > begin:
            _go_on(at, hope, spot, limit[at], phone, costs, town, where, states)
            off, off_back[at] = off + open_step, OFF
            for state in range(2 * first[at - 1], 2 * first[at]):
                if cost[state] + leave + open_step < off:
                    off, off_back[at] = cost[state] + leave + open_step, state
        hope = off
        for state in range(2 * first[at], 2 * first[at + 1]):
            where[2 * near[state >> 1] + (state & 1)] = -1
            hope = min(hope, cost[state])
            if cost[state ^ 1] + turn < cost[state]:
                cost[state], back[state] = cost[state ^ 1] + turn, TURNED
        hope += _HOPELESS
    # Patrols begin and end in streets rather than off them.
    best, last = off + leave / 2, OFF
    for state in range(2 * first[end - 1], 2 * first[end]):
        if cost[state] < best:
            best, last = cost[state], state
    return last


@compiled
def _settle(at, is_first, off, spot, phone, costs, town, where, states):
    """The cost of each state of one place if the walk begins there or comes from open ground."""
    first, near, middle = town[0], town[1], town[2]
    cost, back, via = states
    spread = 0.5 / (phone[0] * phone[0])
    so_far, how = (0.0, START) if is_first else (off + costs[1], OFF)
    for place in range(first[at], first[at + 1]):
        dx, dy = spot[at, 0] - middle[near[place], 0], spot[at, 1] - middle[near[place], 1]
        alone = so_far + min((dx * dx + dy * dy) * spread, costs[5])
        for state in range(2 * place, 2 * place + 2):
            cost[state], back[state], via[state] = alone, how, 0
            where[2 * near[place] + (state & 1)] = state


@compiled
def _go_on(at, hope, spot, limit, phone, costs, town, where, states):
    """Lower the cost of each state of one place by what leads there along the streets from the place before.

    Only what is new in a fix's error costs, beyond the share kept of the error before it.
    """
    first, near, middle, (way_first, way_to, way_metres, way_bend, _, _) = town
    cost, back, via = states
    noise, kept = phone
    pace, doubt, bend, hurry = costs[4], costs[5], costs[6], costs[7]
    tight = 0.5 / (noise * noise * (1.0 - kept * kept))
    x, y, x0, y0 = spot[at, 0], spot[at, 1], spot[at - 1, 0], spot[at - 1, 1]
    leg = math.sqrt((x - x0) ** 2 + (y - y0) ** 2)
    for before in range(2 * first[at - 1], 2 * first[at]):
        so_far = cost[before]
        if so_far >= hope:
            continue
        come = near[before >> 1]
        new_x, new_y = x - kept * (x0 - middle[come, 0]), y - kept * (y0 - middle[come, 1])
        step = 2 * come + (before & 1)
        for way in range(way_first[step], way_first[step + 1]):
            to = way_to[way]
            state = where[to] if to >= 0 else -1
            if state >= 0:
                dx, dy = new_x - middle[to >> 1, 0], new_y - middle[to >> 1, 1]
                metres = way_metres[way]
                total = so_far + min((dx * dx + dy * dy) * tight, doubt) + pace * abs(metres - leg)
                total += bend * way_bend[way] + hurry * max(metres - limit, 0.0)
                if total < cost[state]:
                    cost[state], back[state], via[state] = total, before, way


@compiled
def trace(last, begin, end, town, states, off_back, at_cell, went_m, passed):
    """Follow the best way back: the cell of each place (-1 off the streets), the metres of way to it, all passed."""
    near, (way_first, _, way_metres, _, way_parent, way_step) = town[1], town[3]
    back, via = states[1], states[2]
    state = last
    for at in range(end - 1, begin - 1, -1):
        if state == OFF:
            state = off_back[at]
            continue
        if back[state] == TURNED:
            state ^= 1
        before = back[state]
        base = way_first[2 * near[state >> 1] + (state & 1)]
        at_cell[at] = way_step[base] >> 1
        passed[at_cell[at]] = True
        if before >= 0:
            went_m[at] = way_metres[via[state]]
            base = way_first[2 * near[before >> 1] + (before & 1)]
            entry = via[state] - base
            while entry > 0:
                passed[way_step[base + entry] >> 1] = True
                entry = way_parent[base + entry]
        state = before


@compiled
def mark_beside(some, first, near, middle, direction, apart, ahead, along, found):
    """Mark the cells that lie side by side with some cells; `near` lists for each those that may."""
    for at in range(len(some)):
        cell = some[at]
        wx, wy = direction[cell, 0], direction[cell, 1]
        for place in range(first[at], first[at + 1]):
            other = near[place]
            dx, dy = middle[other, 0] - middle[cell, 0], middle[other, 1] - middle[cell, 1]
            beside = abs(dx * wx + dy * wy) <= ahead and abs(dx * wy - dy * wx) < apart
            if beside and abs(direction[other, 0] * wx + direction[other, 1] * wy) >= along:
                found[other] = True


@compiled
def long_runs(owner, metres, seen, hole_m, least_m, share, kept):
    """Close short holes in the seen stretches of each street, and mark those that are long enough.

    Long enough is `least_m` or, if that is less, a share of the street. The cells of a street follow each other.
    """
    begin = 0
    while begin < len(owner):
        end, street_m, any_seen = begin, 0.0, False
        while end < len(owner) and owner[end] == owner[begin]:
            street_m += metres[end]
            any_seen = any_seen or seen[end]
            end += 1
        if any_seen:
            _mark_runs(begin, end, metres, seen, hole_m, min(least_m, share * street_m) - 1e-9, kept)
        begin = end


@compiled
def _mark_runs(begin, end, metres, seen, hole_m, least, kept):
    """Mark the long enough stretches of one street."""
    at = begin
    while at < end:
        if not seen[at]:
            at += 1
            continue
        run_m, until, rest, look = 0.0, at, 0.0, at
        # As far as the next hole that is too wide.
        while look < end and (seen[look] or rest + metres[look] <= hole_m + 1e-9):
            rest += metres[look]
            look += 1
            if seen[look - 1]:
                run_m, until, rest = run_m + rest, look, 0.0
        if run_m >= least:
            kept[at:until] = True
        at = max(look, until)
