// Opens the volunteers' page: the phone's own database first, so that everything works before and without a network.

import { CheckIn } from "walk/check_in.js";
import { CheckList } from "walk/check_list.js";
import { ConsentText } from "walk/consent.js";
import { DrawnWalk } from "walk/drawn.js";
import { Home } from "walk/home.js";
import { STATES } from "walk/machine.js";
import { Members } from "walk/members.js";
import { PaperWalk } from "walk/paper.js";
import { Phone } from "walk/phone.js";
import { Pocket } from "walk/pocket.js";
import { Pulse } from "walk/pulse.js";
import { Queue } from "walk/queue.js";
import { Report } from "walk/report.js";
import { onAct, sure, write, Wrong } from "walk/screen.js";
import { Sending } from "walk/sending.js";
import * as server from "walk/server.js";
import { Taking } from "walk/taking.js";
import { Unsent } from "walk/unsent.js";
import { language, say } from "walk/words.js";
import { Walking } from "walk/walking.js";

function connect(phone) {
  const walking = new Walking(phone);
  const report = new Report(phone, walking.positions);
  const subjects = [walking, report, new Home(phone), new Members(phone), new ConsentText(phone), new CheckIn(phone, walking.positions),
    new CheckList(phone, walking.positions), new DrawnWalk(phone), new PaperWalk(phone), new Unsent(phone), new Pocket(phone)];
  const goes = ["back", "report", "draw", "type", "members", "privacy", "unsent", "end", "check_in", "check_list"];
  const acts = Object.fromEntries(goes.map((name) => [name, () => phone.go(name)]));
  acts.language = () => changeLanguage();
  onAct(Object.assign(acts, ...subjects.map((subject) => subject.acts)));
  window.addEventListener("popstate", () => goBack(phone));
  return { walking, report, home: subjects[2], taking: new Taking(phone) };
}

/** The phone's own back button: home from anywhere, but out of the pocket only by holding. */
function goBack(phone) {
  if (phone.state === "pocket") history.pushState({ over: true }, "");
  else if ("back" in STATES[phone.state]) phone.go("back");
}

async function changeLanguage() {
  try {
    await server.chooseLanguage(language === "zh" ? "en" : "zh");
    location.reload();
  } catch (problem) {
    if (!(problem instanceof Wrong)) throw problem;
    await sure(problem.message, say("understood"));
  }
}

function startSending(phone, { home, report, taking }) {
  const sending = new Sending(phone.queue, (thing, answer) => {
    if (thing.kind === "report") report.answered(thing, answer);
    if (thing.kind === "consent" || thing.kind === "withdraw") taking.refresh({ hurry: true });
  });
  phone.pulse = new Pulse(sending, { changed: async (reached) => {
    await home.link(reached);
    if (phone.state === "ready" || phone.state === "unsent") await phone.shown[phone.state]();
    if (reached) await taking.refresh();
  } });
  window.addEventListener("online", () => phone.pulse.soon());
  window.addEventListener("offline", () => home.link(false));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) phone.pulse.soon(); });
  phone.pulse.soon();
}

/** The worker keeps the page for days without a network, and sends what is left when the page is closed. */
async function keepPage() {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register("/walk/worker.js", { scope: "/walk", type: "module" });
  } catch {
    return;    // the page works on, but only while it is open or the server is reached
  }
  const registration = await navigator.serviceWorker.ready;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) registration.sync?.register("send").catch(() => {});
  });
}

/** A printed code read by the phone's own camera opens this page with the code in its address. */
function codeInAddress() {
  const code = new URLSearchParams(location.search).get("check");
  if (code) history.replaceState(null, "", "/walk");
  return code;
}

async function start() {
  history.replaceState(null, "", location.href);
  let queue;
  try {
    queue = await Queue.open();
  } catch {
    document.querySelector("section[data-state=loading] h1").textContent = say("no_storage");
    return;
  }
  navigator.storage?.persist?.();
  const phone = new Phone(queue);
  window.gridpatrol = { phone };
  const subjects = connect(phone);
  await phone.load();
  await phone.tidy();
  const code = codeInAddress();
  phone.begin();
  await subjects.walking.resume();
  phone.channel.addEventListener("message", () => subjects.walking.changedElsewhere());
  startSending(phone, subjects);
  await subjects.home.count();
  if (code && phone.walk) phone.go("check_in", code);
  else if (code && phone.facts.member) write("place", say("start_then_check"));
  else if (await subjects.report.isBegun()) phone.go("report");
  document.body.dataset.ready = "yes";
  await keepPage();
}

start();
