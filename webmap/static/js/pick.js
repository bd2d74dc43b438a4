// Reads a place off the drawing of the town into the fields beside it; the fields can be written without it, too.

function offer(where) {
  const drawing = where.querySelector("svg[data-pick]");
  const asks = "geolocation" in navigator && isSecureContext;
  for (const one of where.querySelectorAll("[data-script]")) one.hidden = one.matches("button") && !asks;
  if (!drawing) return;
  const mark = drawing.querySelector(".picked");
  const field = (name) => where.querySelector(`input[name=${name}]`);
  const { west, north, lonStep, latStep } = drawing.dataset;

  function show() {
    const lon = Number(field("lon").value), lat = Number(field("lat").value);
    if (!field("lon").value || !field("lat").value) return;
    mark.setAttribute("cx", (lon - west) / lonStep);
    mark.setAttribute("cy", (north - lat) / latStep);
    mark.setAttribute("visibility", "visible");
  }

  drawing.addEventListener("click", (event) => {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    field("lon").value = (Number(west) + spot.x * lonStep).toFixed(6);
    field("lat").value = (Number(north) - spot.y * latStep).toFixed(6);
    show();
  });
  where.addEventListener("input", show);
}

document.querySelectorAll("[data-where]").forEach(offer);
