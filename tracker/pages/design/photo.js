// A photo as it is put down and sent: no larger than the service keeps it, so that it needs little room here and
// little time on the way. Drawing it anew leaves behind where and when it was taken.

const LONGEST_SIDE = 1600;
const QUALITY = 0.85;
// As the service knows an iPhone's own format, which it cannot read.
const HEIF = /^ftyp(hei[cxms]|hevc|mif1|msf1)/;

/**
 * The photo of a field as bytes and their type; as it is, where this browser cannot draw it. Null for an
 * iPhone's own format where this browser cannot draw that: the service could not either.
 */
export async function smaller(file) {
  try {
    const drawn = await drawable(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(drawn.width, drawn.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(drawn.width * scale);
    canvas.height = Math.round(drawn.height * scale);
    canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close?.();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    if (blob) return { type: blob.type, bytes: await blob.arrayBuffer() };
  } catch {
    if (await isHeif(file)) return null;
    // The service says what is wrong with it.
  }
  return { type: file.type, bytes: await file.arrayBuffer() };
}

async function drawable(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    // Some browsers draw on a page what they make no bitmap of.
    const image = new Image();
    image.src = await addressOf(file);
    await image.decode();
    return image;
  }
}

/** The file as an address that holds it, which the pages' policy lets in. */
function addressOf(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

async function isHeif(file) {
  return HEIF.test(new TextDecoder("latin1").decode(await file.slice(4, 12).arrayBuffer()));
}
