// Takes the phone's own position into the report, when the person asks for it.

function offer(box) {
  if (!("geolocation" in navigator) || !isSecureContext) return;
  const said = box.querySelector("[role=status]");
  const field = (name) => box.querySelector(`input[name=${name}]`);
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => {
    said.textContent = box.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field("lon").value = coords.longitude;
        field("lat").value = coords.latitude;
        field("accuracy").value = coords.accuracy;
        said.textContent = box.dataset.found.replace("%s", Math.round(coords.accuracy));
        box.dispatchEvent(new Event("input", { bubbles: true }));
      },
      () => { said.textContent = box.dataset.none; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 10000 },
    );
  });
}

document.querySelectorAll("[data-position]").forEach(offer);
