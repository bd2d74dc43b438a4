// The page's own words, read out of it, and how figures are said.

const given = JSON.parse(document.getElementById("walk-data").textContent);

export const language = document.documentElement.lang.slice(0, 2);
export const page = given;

/** "%(n)s m" with {n: 3} -> "3 m". */
export function say(name, facts = {}) {
  const template = given.words[name];
  if (template === undefined) throw new Error(`no words for ${name}`);
  return template.replace(/%\((\w+)\)s/g, (all, fact) => String(facts[fact]));
}

export function metres(value) {
  if (value < 1000) return say("metres", { n: Math.round(value) });
  return say("kilometres", { n: (value / 1000).toFixed(value < 10000 ? 2 : 1) });
}

/** 3725000 -> "1:02:05": read at a glance while walking. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** The same for ears: "1 h 2 min". */
export function spokenTime(ms) {
  const minutes = Math.floor(ms / 60000);
  const hours = Math.floor(minutes / 60);
  return hours ? say("hours_minutes", { h: hours, m: minutes % 60 }) : say("minutes", { n: minutes });
}

export function moment(ms) {
  return new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false }).format(ms);
}

/** What is written in both languages, in this reader's. */
export function named(row) {
  return row[language] || row.zh || row.en || row.name || "";
}
