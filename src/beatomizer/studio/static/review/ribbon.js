/* Light and loudness over time on canvases, and the places of things above them. */

import { CUT, MISSING } from "./light.js";
import { CLIP_S, FPS } from "./words.js";

const MARK = 4; // device-independent pixels of the row of marks under the light

function sized(canvas) {
  const scale = Math.min(2, devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale)), height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return [canvas.getContext("2d"), width, height, scale];
}

/** A strip of light, `columns` wide and one pixel a row high, as an offscreen canvas. */
export function lightPicture(light, [start, end], columns) {
  const picture = document.createElement("canvas");
  picture.width = columns;
  picture.height = light.rows;
  const context = picture.getContext("2d"), image = context.createImageData(columns, light.rows);
  for (let column = 0; column < columns; column++) {
    const first = Math.round((start + ((end - start) * column) / columns) * FPS);
    const last = Math.max(first + 1, Math.round((start + ((end - start) * (column + 1)) / columns) * FPS));
    for (let row = 0; row < light.rows; row++) {
      const colour = light.mean(first, last, row) ?? [18, 20, 25];
      image.data.set([...colour, 255], (row * columns + column) * 4);
    }
  }
  context.putImageData(image, 0, 0);
  return picture;
}

export function drawRibbon(canvas, light, range, marks) {
  const [context, width, height, scale] = sized(canvas);
  const [start, end] = range, tall = height - MARK * scale;
  context.clearRect(0, 0, width, height);
  if (!light) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(lightPicture(light, range, Math.min(width, Math.ceil((end - start) * FPS))), 0, 0, width, tall);
  const step = Math.max(1, Math.round(scale));
  for (let x = 0; x < width; x += step) {
    const first = Math.floor((start + ((end - start) * x) / width) * FPS);
    const last = Math.max(first + 1, Math.floor((start + ((end - start) * (x + step)) / width) * FPS));
    const flag = light.flag(first, last);
    if (flag & MISSING) context.fillStyle = "#ff7b86";
    else if (flag & CUT) context.fillStyle = "#ffffff";
    else continue;
    context.fillRect(x, tall + scale, step, MARK * scale - scale);
  }
  for (const mark of marks) drawMark(context, mark, range, width, tall, scale);
}

/** A clip's beginning on the ribbon of its take, and what was said about it: a line below it. */
function drawMark(context, { at, verdict }, [start, end], width, tall, scale) {
  const x = ((at - start) / (end - start)) * width;
  context.fillStyle = "rgb(8 9 13 / 0.8)";
  if (at > start) context.fillRect(Math.round(x), 0, Math.max(1, scale), tall);
  if (!verdict) return;
  context.fillStyle = verdict === "accept" ? "#57c78a" : "#ff7b86";
  context.fillRect(x + 2 * scale, tall - 4 * scale, (CLIP_S / (end - start)) * width - 4 * scale, 3 * scale);
}

/** Loudness as a filled curve: −60 dB at the bottom, full scale at the top. */
export function drawLoudness(canvas, loudness, [start, end]) {
  const [context, width, height, scale] = sized(canvas);
  context.clearRect(0, 0, width, height);
  if (!loudness) return;
  const points = Math.min(width, Math.ceil((end - start) * 20));
  context.beginPath();
  context.moveTo(0, height);
  for (let point = 0; point <= points; point++) {
    const seconds = start + ((end - start) * point) / points;
    let loudest = 0;
    for (let at = seconds; at < seconds + (end - start) / points; at += 0.05) loudest = Math.max(loudest, loudness.at(Math.min(at, end - 0.01)));
    context.lineTo((point / points) * width, height - loudest * (height - 2 * scale));
  }
  context.lineTo(width, height);
  context.closePath();
  const shade = context.createLinearGradient(0, 0, 0, height);
  shade.addColorStop(0, "rgb(138 180 255 / 0.55)");
  shade.addColorStop(1, "rgb(138 180 255 / 0.12)");
  context.fillStyle = shade;
  context.fill();
}
