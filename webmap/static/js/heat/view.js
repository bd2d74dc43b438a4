/* What is looked at - which incidents, how shown, against what, in which window - and its way to and from the address. */
(function (G) {
  "use strict";

  const LISTS = ["category", "family", "source", "hours", "weekdays", "grid"];

  /* "0-1,22" -> ["0", "1", "22"]: the server writes what follows on each other drawn together. */
  function numbers(text) {
    return (text || "").split(",").filter(Boolean).flatMap((one) => {
      const [low, high] = one.split("-").map(Number);
      return Array.from({ length: (high === undefined ? low : high) - low + 1 }, (_, i) => low + i);
    });
  }

  const words = (text) => (text || "").split(",").filter(Boolean);

  /* The state of the page from what the server read out of the address. */
  G.readView = function (given) {
    const query = given.view;
    return {
      since: G.day(query.since),
      until: G.day(query.until),
      timed: given.timed,
      category: words(query.category),
      family: words(query.family),
      source: words(query.source),
      grid: words(query.grid),
      hours: numbers(query.hours),
      weekdays: numbers(query.weekdays),
      stage: query.stage || "all",
      show: given.show,
      per: given.per,
      against: given.against,
    };
  };

  /* The earlier days that are compared with, or null. A year is 52 weeks, so that days of the week stand against their like. */
  G.earlier = function (view) {
    const days = view.until - view.since + 1;
    if (view.against.kind === "before") return { since: view.since - days, until: view.since - 1 };
    if (view.against.kind === "year") return { since: view.since - 364, until: view.until - 364 };
    if (view.against.kind !== "own" || !view.against.since || !view.against.until) return null;
    const [since, until] = [G.day(view.against.since), G.day(view.against.until)];
    return since <= until ? { since: since, until: until } : null;
  };

  /* The fields by which the server knows the incidents; `days` in the place of the view's own. */
  G.viewFields = function (view, days) {
    const fields = new URLSearchParams();
    const span = days || view;
    fields.set("since", G.isoDay(span.since));
    fields.set("until", G.isoDay(span.until));
    LISTS.forEach((name) => view[name].length && fields.set(name, view[name].join(",")));
    if (view.stage !== "all") fields.set("stage", view.stage);
    return fields;
  };

  /* Everything a colleague needs to see the same: written into the page's address. Usual days are left out, so that a bookmark stays fresh. */
  G.writeView = function (view, community, at) {
    const fields = G.viewFields(view);
    if (!view.timed) ["since", "until"].forEach((name) => fields.delete(name));
    if (community) fields.set("community", community);
    if (view.show !== "density") fields.set("show", view.show);
    if (view.show === "chance" && view.per !== "households") fields.set("per", view.per);
    if (view.against.kind === "own" && view.against.since && view.against.until) fields.set("against", `${view.against.since}_${view.against.until}`);
    else if (view.against.kind && view.against.kind !== "own") fields.set("against", view.against.kind);
    if (at) fields.set("at", at);
    return fields.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  };
})((window.gridpatrol = window.gridpatrol || {}));
