// Comforts of the residents' form; it works without them. Photos are made small before they are sent, the place may be
// tapped on the drawing.

import { shrink } from "./walk/photo.js";

/** Put small photos into the field instead of those of the camera, and show them. */
function keepSmall(field, shown) {
  let pictures = [];
  const keep = async () => {
    const most = Number(field.dataset.most);
    const files = [...field.files].slice(0, most);
    const small = await Promise.all(files.map(smaller));
    const kept = new DataTransfer();
    small.forEach((file) => kept.items.add(file));
    field.files = kept.files;
    pictures.forEach((address) => URL.revokeObjectURL(address));
    pictures = small.map((file) => URL.createObjectURL(file));
    shown.replaceChildren(...pictures.map((address, i) => {
      const image = document.createElement("img");
      image.src = address;
      image.alt = shown.dataset.photo.replace("%s", i + 1);
      return image;
    }));
  };
  field.addEventListener("change", keep);
  // A quick hand, or a browser that goes back, has chosen before this script came.
  if (field.files.length) keep();
}

/** The file as a small JPEG; a picture that this browser cannot draw goes as it is, and the server decides. */
async function smaller(file) {
  try {
    const { type, bytes } = await shrink(file);
    return new File([bytes], "photo.jpg", { type });
  } catch {
    return file;
  }
}

/** Let the place be tapped, and move the mark where the phone's own position was taken. */
function takeTaps(box, form) {
  const drawing = box.querySelector("svg.sketch");
  const { west, north, perX, perY } = Object.fromEntries(Object.entries(box.dataset).map(([name, value]) => [name, Number(value)]));
  const field = (name) => form.elements[name];
  const mark = drawing.querySelector(".spot") || drawing.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "circle"));
  mark.setAttribute("class", "spot");
  const put = (x, y) => { mark.setAttribute("cx", x); mark.setAttribute("cy", y); mark.setAttribute("r", 12); };
  box.classList.add("taps");
  box.querySelector("[data-hint]").hidden = false;
  drawing.addEventListener("click", (event) => {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    put(spot.x, spot.y);
    field("lon").value = (west + spot.x * perX).toFixed(6);
    field("lat").value = (north - spot.y * perY).toFixed(6);
    field("accuracy").value = "";
  });
  const follow = () => {
    if (field("lon").value) put((Number(field("lon").value) - west) / perX, (north - Number(field("lat").value)) / perY);
  };
  form.addEventListener("input", (event) => { if (event.target.matches("[data-position]")) follow(); });
  follow();
}

for (const field of document.querySelectorAll("input[type=file][data-most]")) keepSmall(field, document.querySelector("[data-photos]"));
for (const box of document.querySelectorAll("[data-map]")) takeTaps(box, box.closest("form"));
