/* Key figures: each a number with its unit, what it counts on hover, and how it changed, in words and not by colour alone. */
(function (G) {
  "use strict";

  const SIGNS = { up: "▲", down: "▼", same: "＝" };

  function tile(one, words) {
    const trend = one.way
      ? G.make("span", { class: "gp-trend gp-trend-" + (one.mood || "plain"), title: one.than }, [
          G.make("i", { "aria-hidden": "true", text: SIGNS[one.way] }),
          G.make("span", { class: "gp-hidden", text: words[one.way] }),
          document.createTextNode(one.way === "same" ? "" : one.change),
        ])
      : null;
    return G.make("div", { title: one.formula }, [
      G.make("dt", { text: one.name }),
      G.make("dd", {}, [G.make("b", { text: one.value }), trend]),
    ]);
  }

  G.addKeys = function (root, words, parts) {
    if (!root) return { renew: () => Promise.resolve(null) };
    const list = root.querySelector("dl");
    const when = root.querySelector(".gp-keys-when");
    const renew = () =>
      parts.need("keys").then((part) => {
        list.replaceChildren(...part.keys.map((one) => tile(one, words)));
        when.textContent = part.when;
        root.classList.remove("gp-failed");
      });
    const said = () => {
      root.classList.add("gp-failed");
      when.textContent = words.failed;
    };
    renew().catch(said);
    return { renew: () => renew().catch(said) };
  };
})((window.gridpatrol = window.gridpatrol || {}));
