// The draft's own addresses: every change names the revision it was made on, every refusal comes back as a Problem.

const AGAIN_MS = 500;

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

  async ask(path, { method = "GET", body, revision, under } = {}) {
    const headers = { Accept: "application/json" };
    if (under) headers.Prefer = "respond-async";
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
    if (answer.status !== 202) return told;
    under(told);
    await new Promise((done) => { setTimeout(done, AGAIN_MS); });
    return this.ask(path, { method, body, revision, under });
  }

  /** The draft; a server that has not read it yet says to `under` how far it is. */
  draft(under) { return this.ask("", { under }); }
  grids(since) { return this.ask("/grids" + (since === undefined ? "" : `?since=${since}`)); }
  blocks() { return this.ask("/blocks"); }
  edits(since) { return this.ask("/edits" + (since === undefined ? "" : `?since=${since}`)); }
  edit(revision, edit) { return this.ask("/edits", { method: "POST", body: edit, revision }); }
  undo(revision) { return this.ask("/undo", { method: "POST", body: {}, revision }); }
  redo(revision) { return this.ask("/redo", { method: "POST", body: {}, revision }); }
  accept(key, reason) { return this.ask(`/flaws/${encodeURIComponent(key)}/accept`, { method: "POST", body: { reason } }); }
}
