// Says things to whoever does not look: for the screen reader always, aloud and by shaking for warnings.

import { language } from "walk/words.js";

const polite = document.querySelector("[data-said=polite]");
const loud = document.querySelector("[data-said=loud]");

/** Read out by a screen reader when it has finished what it is saying. */
export function tell(words) {
  // The same words twice are read twice only when something was different in between.
  polite.textContent = "";
  requestAnimationFrame(() => { polite.textContent = words; });
}

/** Felt, where the phone can; browsers complain about pages that shake before they were touched. */
export function shake(pattern) {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}

/** Read out at once, spoken by the phone, and felt. */
export function warn(words) {
  loud.textContent = words;
  shake([300, 150, 300, 150, 600]);
  if (!window.speechSynthesis) return;
  const spoken = new SpeechSynthesisUtterance(words);
  spoken.lang = language === "zh" ? "zh-CN" : "en-GB";
  window.speechSynthesis.cancel();
  window.speechSynthesis.speak(spoken);
}

export function quiet() {
  loud.textContent = "";
  window.speechSynthesis?.cancel();
}
