// The draft's own addresses: every change names the revision it was made on, every refusal comes back as a Problem.

/** What the server refused, in the reader's words; `status` 0 means that it was not reached. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "");
    this.status = status;
    this.body = body;
  }
}

export class Api {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.token = document.querySelector("meta[name=csrf-token]").content;
  }

  async ask(path, { method = "GET", body, revision, work } = {}) {
    const headers = { Accept: "application/json" };
    if (work) headers["X-Progress"] = work;
    if (method !== "GET") headers["X-CSRFToken"] = this.token;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (revision !== undefined) headers["If-Match"] = `"${revision}"`;
    const sent = { method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) };
    let answer;
    try {
      answer = await fetch(this.root + path, sent);
    } catch {
      throw new Problem(0, { detail: this.words.offline });
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Problem(answer.status, told.detail || told.title ? told : { ...told, detail: this.words.failed });
    return told;
  }

  draft(work) { return this.ask("", { work }); }
  grids(since) { return this.ask("/grids" + (since === undefined ? "" : `?since=${since}`)); }
  blocks() { return this.ask("/blocks"); }
  edits(since) { return this.ask("/edits" + (since === undefined ? "" : `?since=${since}`)); }
  edit(revision, edit) { return this.ask("/edits", { method: "POST", body: edit, revision }); }
  undo(revision) { return this.ask("/undo", { method: "POST", body: {}, revision }); }
  redo(revision) { return this.ask("/redo", { method: "POST", body: {}, revision }); }
  accept(key, reason) { return this.ask(`/flaws/${encodeURIComponent(key)}/accept`, { method: "POST", body: { reason } }); }
}
