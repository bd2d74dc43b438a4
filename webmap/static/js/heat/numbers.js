/* What the server says about time, kinds and colours, as the page uses it. */
(function (G) {
  "use strict";

  const LONG_DAYS = 200;

  /* Days in a row, as weeks where there are many of them: a column of a pixel says nothing. */
  function ofDays(days) {
    const first = G.day(days.first);
    const step = days.counts.length > LONG_DAYS ? 7 : 1;
    const bins = [];
    for (let i = 0; i < days.counts.length; i += step) {
      const part = days.counts.slice(i, i + step);
      bins.push({ from: first + i, until: first + i + step - 1, count: part.reduce((a, b) => a + b, 0) });
    }
    return bins;
  }

  /* Above a floor some are told for longer times only: these lie evenly on the weeks that they are of. */
  function ofSpans(spans) {
    const weeks = new Map();
    spans.forEach((span) => {
      const [first, many] = [G.day(span.first), span.days / 7];
      for (let i = 0; i < many; i += 1) weeks.set(first + 7 * i, (weeks.get(first + 7 * i) || 0) + span.count / many);
    });
    return [...weeks].sort((a, b) => a[0] - b[0]).map(([from, count]) => ({ from: from, until: from + 6, count: count }));
  }

  /* `today` is the last day of the time line, `view` begins it where nothing is known. */
  G.readNumbers = function (told, words, view, today) {
    const bins = told.days && told.days.first ? ofDays(told.days) : ofSpans(told.spans || []);
    return {
      total: told.total,
      floored: told.floor > 0,
      bins: bins,
      first: bins.length ? Math.min(bins[0].from, view.since) : view.since,
      last: Math.max(today, view.until),
      week: told.when,
      categories: told.categories,
      sources: told.sources || {},
      note: told.floor ? G.say(words.floor, { n: told.floor }) : words.sensitive,
    };
  };

  /* The window that is seen, as the server wants it. */
  G.pictureFields = function (seen, top) {
    const bbox = [seen.west, seen.south, seen.east, seen.north].map((part) => part.toFixed(6)).join(",");
    return { bbox: bbox, width: seen.width, height: seen.height, top: top };
  };

  const short = (number) => String(Number(number.toPrecision(1)));

  function steps(classes) {
    return classes.map((one) => ({ label: short(one.begins), colour: one.colour, opacity: one.opacity }));
  }

  /* What has become less comes first, with the lower ends of its classes; each side says from what to what. */
  function changes(classes) {
    const half = classes.length / 2;
    return classes.map((one, i) => {
      const [begin, next, below] = [one.begins, classes[i + 1], classes[i - 1]];
      let label = i < half ? `−${short(-below?.begins || 0)} … −${short(-begin)}` : next ? `+${short(begin)} … +${short(next.begins)}` : `≥ +${short(begin)}`;
      if (i === 0) label = `≤ −${short(-begin)}`;
      return { label: label, colour: one.colour, opacity: one.opacity, stripe: i < half };
    });
  }

  /* What the colours of a picture mean. */
  G.pictureLegend = function (picture, words) {
    const change = picture.per !== "hectare";
    return {
      title: change ? words.change_per_hectare : words.per_hectare,
      ramp: !change,
      classes: change ? changes(picture.classes) : steps(picture.classes),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
