/* Parts of the map that are fetched when they are needed, each once for the same question. A file has all of them inside. */
(function (G) {
  "use strict";

  G.Fetched = function (data, address) {
    const kept = new Map();

    function ask(name, key, more) {
      const answer = fetch(data.fetch + name + "?" + address.part(more), { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then((got) => (got.ok ? got.json() : Promise.reject(new Error(String(got.status)))));
      kept.set(key, answer);
      // What went wrong is asked again the next time.
      answer.catch(() => kept.delete(key));
      return answer;
    }

    this.has = (name) => data[name] !== undefined || Boolean(data.fetch);
    /* A part of the view that is shown; `more` says what else it is about (one grid, one building). */
    this.need = (name, more) => {
      if (data[name] !== undefined || !data.fetch) return Promise.resolve(data);
      const key = name + "?" + address.part(more);
      return kept.get(key) || ask(name, key, more);
    };
    this.forget = (name) => (name ? kept.delete(name + "?" + address.part()) : kept.clear());
  };
})((window.gridpatrol = window.gridpatrol || {}));
