/* With which earlier time the one shown is compared: none, the one before, a year ago, or days of one's own. */
(function (G) {
  "use strict";

  /* Changes the view; `compared()` is told of each other choice and at the start, `changed()` when there is something to ask for. */
  G.heatAgainst = function (page, view, { compared, changed }) {
    const field = (name) => page.querySelector(`[name="${name}"]`);
    const kind = field("against");
    const own = page.querySelector('[data-part="own"]');

    function show() {
      own.hidden = view.against.kind !== "own";
      compared();
    }

    kind.value = view.against.kind;
    kind.addEventListener("change", () => {
      const before = G.earlier({ ...view, against: { kind: "before" } });
      view.against = { kind: kind.value, since: G.isoDay(before.since), until: G.isoDay(before.until) };
      field("against_since").value = view.against.since;
      field("against_until").value = view.against.until;
      show();
      changed();
    });
    ["since", "until"].forEach((name) => {
      field(`against_${name}`).value = view.against[name] || "";
      field(`against_${name}`).addEventListener("change", () => {
        view.against[name] = field(`against_${name}`).value;
        if (G.earlier(view)) changed();
      });
    });
    show();
  };
})((window.gridpatrol = window.gridpatrol || {}));
