// What waits to be sent, in the browser's own database. Whatever a volunteer does is written here before anything else
// happens to it, and taken out only when the server has said yes to it. Imports nothing: the service worker reads it too.

const NAME = "gridpatrol-walk";
const VERSION = 1;

const STORES = {
  members: { keyPath: "person" },                    // whose phone this is: token, name, what they agreed to
  kits: { keyPath: "person" },                       // what the server gave each of them to take along
  walks: { keyPath: "id", indexes: ["member"] },     // the outings, with the figures shown while walking
  seen: { keyPath: "key", indexes: ["walk"] },       // which pieces of which street were seen on an outing
  fixes: { keyPath: "n", autoIncrement: true, indexes: ["member", "walk"] },
  things: { keyPath: "n", autoIncrement: true, indexes: ["member", "id"] },
  photos: { keyPath: "id", indexes: ["member", "of"] },
  told: { keyPath: "id", indexes: ["member"] },      // what was reported, with the number that the server gave
  notes: { keyPath: "name" },                        // small things to remember: the member in hand, a half-written report
};

/** What waits for the server, in the order in which it is sent. */
export const WAITING = ["things", "fixes", "photos"];

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(change) {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = change.onerror = () => reject(change.error || new Error("not stored"));
  });
}

function build(base) {
  for (const [name, { indexes = [], ...how }] of Object.entries(STORES)) {
    if (base.objectStoreNames.contains(name)) continue;
    const store = base.createObjectStore(name, how);
    indexes.forEach((index) => store.createIndex(index, index));
  }
}

export class Queue {
  constructor(base) {
    this.base = base;
  }

  static async open(factory = indexedDB) {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => build(request.result);
    const base = await asked(request);
    // A newer release in another tab may change the stores: it must not wait for this one.
    base.onversionchange = () => base.close();
    return new Queue(base);
  }

  /**
   * Write and remove rows of any stores: all or nothing, and on the disk before it returns.
   *
   * puts: {store: [row, ...]}; drops: {store: [key, ...]}.
   */
  async change(puts, drops = {}) {
    const names = [...new Set([...Object.keys(puts), ...Object.keys(drops)])];
    const change = this.base.transaction(names, "readwrite", { durability: "strict" });
    const end = done(change);
    for (const [name, rows] of Object.entries(puts)) rows.forEach((row) => change.objectStore(name).put(row));
    for (const [name, keys] of Object.entries(drops)) keys.forEach((key) => change.objectStore(name).delete(key));
    await end;
  }

  get(store, key) {
    return asked(this.base.transaction(store).objectStore(store).get(key));
  }

  /** Rows of a store in the order of its key, all or those of one value of an index. */
  all(store, index, value, limit) {
    const rows = this.base.transaction(store).objectStore(store);
    return asked(index ? rows.index(index).getAll(value, limit) : rows.getAll(null, limit));
  }

  count(store, index, value) {
    const rows = this.base.transaction(store).objectStore(store);
    return asked(index ? rows.index(index).count(value) : rows.count());
  }

  async note(name) {
    return (await this.get("notes", name))?.value;
  }

  keepNote(name, value) {
    return this.change({ notes: [{ name, value }] });
  }

  /** How many fixes, things and photos the server has not said yes to. */
  async unsent() {
    const [things, fixes, photos] = await Promise.all(WAITING.map((store) => this.count(store)));
    return { things, fixes, photos, all: things + fixes + photos };
  }

  /** Everything the server has not said yes to, photos as base 64, in one object that can be written to a file. */
  async takeAway() {
    const [things, fixes, photos, walks] = await Promise.all([...WAITING, "walks"].map((store) => this.all(store)));
    return { things, fixes, photos: photos.map((photo) => ({ ...photo, bytes: base64(photo.bytes) })), walks };
  }
}

function base64(bytes) {
  const array = new Uint8Array(bytes);
  let text = "";
  // In pieces: a whole photo as arguments of one call would overflow the stack.
  for (let i = 0; i < array.length; i += 8192) text += String.fromCharCode(...array.subarray(i, i + 8192));
  return btoa(text);
}
