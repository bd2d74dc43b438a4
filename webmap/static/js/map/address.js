/* The page's address: place, layers, colour, window, time and filters. In a file it stands after the #, else after the ?. */
(function (G) {
  "use strict";

  const ABOUT_INCIDENTS = ["since", "until", "category", "family", "source"];
  const OLD = /^#([\d.]+\/[\d.-]+\/[\d.-]+)(?:&([a-z_]*))?(?:&([a-z,]*))?$/;

  /* Addresses of earlier maps were written "#zoom/lat/lon&colour&layer,layer". */
  function takeOld(params) {
    const old = OLD.exec(decodeURIComponent(location.hash));
    if (!old) return;
    params.set("at", old[1]);
    if (old[2]) params.set("colour", old[2]);
    if (old[3] !== undefined) params.set("layers", old[3]);
  }

  G.Address = function (data) {
    const inFile = !data.fetch;
    const params = new URLSearchParams(inFile ? (OLD.test(decodeURIComponent(location.hash)) ? "" : location.hash.slice(1)) : location.search);
    takeOld(params);
    if (!inFile) params.set("place", params.get("place") || data.place);
    if (params.has("community")) params.delete("community");
    const written = () => params.toString().replace(/%2F/g, "/").replace(/%2C/g, ",");

    this.get = (name) => params.get(name) || "";
    this.window = () => {
      const numbers = this.get("at").split("/").map(Number);
      return numbers.length === 3 && numbers.every(Number.isFinite) ? numbers : null;
    };
    this.layers = () => (params.has("layers") ? params.get("layers").split(",") : null);
    this.set = (changes) => {
      Object.keys(changes).forEach((name) => {
        if (changes[name] === null || (changes[name] === "" && name !== "layers")) params.delete(name);
        else params.set(name, changes[name]);
      });
      history.replaceState(null, "", (inFile ? "#" : "?") + written());
    };
    /* What a part of the map is about: the place, the time and the filters, nothing of how it looks. */
    this.part = (more) => {
      const about = new URLSearchParams({ place: data.place || "" });
      ABOUT_INCIDENTS.filter((name) => params.get(name)).forEach((name) => about.set(name, params.get(name)));
      Object.keys(more || {}).forEach((name) => about.set(name, more[name]));
      return about.toString();
    };
    this.goTo = (address) => location.assign(address);
    this.all = written;
  };
})((window.gridpatrol = window.gridpatrol || {}));
