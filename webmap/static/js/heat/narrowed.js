/* What narrows the incidents: hours and days of the week, kinds, who found them; each with a button that lets it go. */
(function (G) {
  "use strict";

  /* Changes the view and says so. Returned: counts(numbers) - how many each word would add -, and clears(). */
  G.heatNarrowed = function (page, given, view, changed) {
    const { words } = given;
    const part = (name) => page.querySelector(`[data-part="${name}"]`);

    const week = G.weekTable(page.querySelector(".heat-week"), {
      words,
      days: given.days,
      changed: (hours, weekdays) => (Object.assign(view, { hours, weekdays }), changed()),
    });
    const categories = G.facets(part("categories"), {
      words,
      few: 7,
      changed: (keys) => {
        view.family = keys.filter((key) => key.startsWith("family:")).map((key) => key.slice(7));
        view.category = keys.filter((key) => !key.startsWith("family:"));
        changed();
      },
    });
    const sources = G.facets(part("sources"), { words, few: 8, changed: (keys) => ((view.source = keys), changed()) });

    function set() {
      week.set(view.hours, view.weekdays);
      categories.set([...view.family.map((one) => `family:${one}`), ...view.category]);
      sources.set(view.source);
    }

    const wanted = (one) => one.count || view.category.includes(one.key) || view.family.includes(one.key.slice(7));

    function counts(numbers) {
      week.counts(numbers.week);
      categories.rows(given.categories.map((one) => ({ ...one, count: numbers.categories[one.key] ?? null })).filter(wanted));
      sources.rows(given.sources.map((one) => ({ ...one, count: numbers.sources[one.key] ?? null })));
    }

    /* Only what is set can be let go. */
    function clears() {
      const some = { week: view.hours.length + view.weekdays.length, category: view.category.length + view.family.length, source: view.source.length };
      Object.entries(some).forEach(([name, count]) => (page.querySelector(`[data-clear="${name}"]`).hidden = !count));
    }

    page.querySelectorAll("[data-clear]").forEach((one) =>
      one.addEventListener("click", () => {
        if (one.dataset.clear === "week") Object.assign(view, { hours: [], weekdays: [] });
        else if (one.dataset.clear === "category") Object.assign(view, { category: [], family: [] });
        else view.source = [];
        set();
        changed();
      })
    );
    set();
    return { counts, clears };
  };
})((window.gridpatrol = window.gridpatrol || {}));
