/* What is looked at, in words: for legends, and for the table. */
(function (G) {
  "use strict";

  /* Returned: ofWhat() - which incidents the view means: kinds, who found them, days of the week, hours -, and days(span). */
  G.heatSaid = function (given, view) {
    const { words } = given;
    const names = (keys, known) => keys.map((key) => (known.find((one) => one.key === key) || { name: key }).name);

    function ofWhat() {
      const kinds = [...names(view.family, given.families), ...names(view.category, given.categories)];
      const said = [kinds.length ? kinds.slice(0, 3).join(words.comma) + (kinds.length > 3 ? " …" : "") : words.all_categories];
      if (view.source.length) said.push(names(view.source, given.sources).join(words.comma));
      if (view.weekdays.length) said.push(view.weekdays.map((day) => given.days[day - 1]).join(words.comma));
      if (view.hours.length) said.push(G.say(words.hours, { n: view.hours.length }));
      if (view.stage !== "all") said.push(given.stages[view.stage]);
      return said.join(" · ");
    }

    const days = (span) => G.say(words.from_until, { since: G.sayDay(span.since), until: G.sayDay(span.until) });
    return { ofWhat, days };
  };
})((window.gridpatrol = window.gridpatrol || {}));
