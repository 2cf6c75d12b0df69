// A photo as it is put down and sent: no larger than the service keeps it, so that it needs little room here and
// little time on the way. Drawing it anew leaves behind where and when it was taken.

const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

/** The photo of a field as bytes and their type; as it is, where this browser cannot draw it. */
export async function smaller(file) {
  try {
    const drawn = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(drawn.width, drawn.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(drawn.width * scale);
    canvas.height = Math.round(drawn.height * scale);
    canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    if (blob) return { type: blob.type, bytes: await blob.arrayBuffer() };
  } catch {
    // The service says what is wrong with it.
  }
  return { type: file.type, bytes: await file.arrayBuffer() };
}
