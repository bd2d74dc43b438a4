// Makes a photo small enough to be sent from a back street. Drawing it anew leaves out where and with what it was taken.

const LONGEST_PX = 1600;
const QUALITY = 0.82;

/** The photo as {type, bytes, wide, high}; a file that is no picture raises. */
export async function shrink(file, longest = LONGEST_PX) {
  // Turned the way it was held: the turn is written in the part that is left out.
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d", { alpha: false });
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  if (!blob) throw new Error("not drawn");
  return { type: "image/jpeg", bytes: await blob.arrayBuffer(), wide: canvas.width, high: canvas.height };
}
