// What is asked of the server while there is a connection: who this is, and what the phone takes along.

import { say } from "walk/words.js";
import { Wrong } from "walk/screen.js";

async function ask(address, sent = {}) {
  let answer;
  try {
    answer = await fetch(address, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(30000), ...sent });
  } catch {
    throw new Wrong(say("needs_connection"));
  }
  if (answer.ok || answer.status === 304) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Wrong(told.detail || told.title || say("server_failed"));
}

/** Who is signed in in this browser, if anybody, and the token for sending a form. */
export async function form() {
  return (await ask("/walk/form")).json();
}

/** Make this browser a phone of a person: of the one who is signed in, or of the one whose name and password are given. */
export async function enrol(phone, { login, password } = {}) {
  const { csrf } = await form();
  const body = JSON.stringify(login ? { phone, login, password } : { phone });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  return (await ask("/walk/enrol", { method: "POST", headers, body })).json();
}

/** What a person takes along; null when it is what the phone has already. */
export async function kit(token, etag) {
  const headers = { Authorization: `Bearer ${token}` };
  if (etag) headers["If-None-Match"] = etag;
  const answer = await ask("/walk/kit", { headers });
  return answer.status === 304 ? null : { etag: answer.headers.get("ETag"), kit: await answer.json() };
}

export async function leave(token) {
  await ask("/walk/leave", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
}

export async function chooseLanguage(language) {
  const { csrf } = await form();
  const body = new URLSearchParams({ language, next: "/walk" });
  await ask("/language", { method: "POST", headers: { "X-CSRFToken": csrf }, body });
}
