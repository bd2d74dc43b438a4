// What is shown: one section of the page at a time, its parts by name, its buttons and forms by what they do.

import { STATES } from "walk/machine.js";

export function part(name, within = document) {
  return within.querySelector(`[data-part="${name}"]`);
}

export function parts(name) {
  return document.querySelectorAll(`[data-part="${name}"]`);
}

export function write(name, words) {
  for (const element of parts(name)) if (element.textContent !== words) element.textContent = words;
}

/** An element whose words are set as text, never as markup: nothing that somebody wrote can become code. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name === "press") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function picture(path) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

export function section(state) {
  return document.querySelector(`section[data-state="${state}"]`);
}

/** Show the section of a state; whoever listens is told its heading, and the phone's own back button leads home. */
export function show(state, was) {
  document.body.dataset.at = state;
  document.querySelectorAll("section[data-state]").forEach((one) => { one.hidden = one.dataset.state !== state; });
  document.querySelector("[data-act=unsent]").disabled = STATES[state]?.unsent === undefined;
  if (state === was) return;
  window.scrollTo(0, 0);
  section(state).querySelector("h1").focus({ preventScroll: true });
  if (isOver(state) && !isOver(was)) history.pushState({ over: true }, "");
}

function isOver(state) {
  return "back" in (STATES[state] || {});
}

/** Call what belongs to each button; a button that is being dealt with is not pressed twice. */
export function onAct(acts) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-act]");
    if (!button || button.disabled || button.dataset.busy) return;
    button.dataset.busy = "yes";
    try {
      await acts[button.dataset.act](button);
    } finally {
      delete button.dataset.busy;
    }
  });
}

/** Call send(form) for each form of a name; what it raises with `words` is shown under its fields. */
export function onForm(name, send) {
  for (const form of document.querySelectorAll(`form[data-form="${name}"]`)) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.busy) return;
      form.dataset.busy = "yes";
      part("wrong", form).textContent = "";
      try {
        await send(form);
      } catch (problem) {
        if (!(problem instanceof Wrong)) throw problem;
        part("wrong", form).textContent = problem.message;
        part("wrong", form).scrollIntoView({ block: "center" });
      } finally {
        delete form.dataset.busy;
      }
    });
  }
}

/** Something that the person can put right; its message is a sentence in their language. */
export class Wrong extends Error {}

/** Ask before something that cannot be taken back. */
export function sure(words, yes) {
  const box = part("sure");
  const [agree, leave] = box.querySelectorAll("button");
  write("sure-words", words);
  agree.textContent = yes;
  return new Promise((resolve) => {
    agree.onclick = () => { resolve(true); box.close(); };
    leave.onclick = () => box.close();
    box.onclose = () => resolve(false);
    box.showModal();
  });
}

export function notice(words, kind = "") {
  return make("p", { class: kind || null, text: words });
}
