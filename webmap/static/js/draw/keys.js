// The keyboard: tools by number, undo and redo, and a cross in the middle of the map instead of a mouse.

const TOOLS = ["choose", "paint", "cut", "merge", "reshape", "vertex", "give", "special"];

const typing = (target) => target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select");

export function listenToKeys(desk, actions) {
  const onMap = () => document.activeElement === desk.map.getContainer();

  const onMapKeys = (event) => {
    if (event.key === " ") {
      if (!event.repeat) desk.hand.tapMiddle(event);
      return true;
    }
    if (!event.key.startsWith("Arrow")) return false;
    desk.view.crosshair = true;
    desk.again("doing");
    return false;
  };

  const onAnyKey = (event) => {
    const tool = TOOLS[Number(event.key) - 1];
    if (tool) return desk.take(tool);
    const done = { Enter: () => desk.tool.finish?.(), Backspace: () => desk.tool.back?.(), n: actions.anew, b: actions.blocks, c: actions.colour, a: () => desk.lookAtAll(), "/": actions.find, "?": actions.help }[event.key];
    return done?.();
  };

  document.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (typing(event.target)) return;
    if (modified && key === "z") (event.shiftKey ? actions.redo : actions.undo)();
    else if (modified && key === "y") actions.redo();
    else if (modified || event.altKey) return;
    else if (event.key === "Escape") actions.escape();
    else if (onMap() && onMapKeys(event)) event.preventDefault();
    else if (event.target.matches?.("button, summary, a, tr") && ["Enter", " "].includes(event.key)) return;
    else {
      if (event.key === " ") desk.hand.space = true;
      onAnyKey(event);
      if (event.key !== "/") return;
    }
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") desk.hand.space = false;
  });
  desk.map.getContainer().addEventListener("pointermove", () => {
    if (!desk.view.crosshair) return;
    desk.view.crosshair = false;
    desk.again("doing");
  });
  desk.map.on("move", () => desk.tool?.follow?.());
}
