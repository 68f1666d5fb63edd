/* The seek bar's picture of the whole show. */

export const KIND_COLORS = {
  intro: "#5b7fb0", steady: "#4f6693", chorus: "#a058b0", build: "#c98b36", drop: "#e0476a",
  break: "#37958f", outro: "#7668ad", silence: "#3a3f4c",
};

/** The colour ribbon in the seek bar: the song's sections, and under them every zone's light, left to right in time. */
export function drawRibbon(canvas, light, sections, duration_s) {
  const box = canvas.getBoundingClientRect(), ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const zones = light.values / 3, rows = Math.min(zones, 32), columns = Math.min(width, light.frames);
  const small = document.createElement("canvas");
  small.width = columns;
  small.height = rows;
  const picture = small.getContext("2d").createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    const zone = Math.floor((row * zones) / rows);
    for (let c = 0; c < 3; c++) {
      const plane = (zone * 3 + c) * light.frames;
      for (let x = 0; x < columns; x++) {
        const from = Math.floor((x * light.frames) / columns), to = Math.floor(((x + 1) * light.frames) / columns);
        const skip = Math.max(1, Math.floor((to - from) / 8));
        let sum = 0, count = 0;
        for (let i = from; i < to; i += skip) (sum += light.planes[plane + i] ** 2), count++;
        picture.data[(row * columns + x) * 4 + c] = Math.sqrt(sum / count); // squares: averaged as light, nearly
      }
    }
    for (let x = 0; x < columns; x++) picture.data[(row * columns + x) * 4 + 3] = 255;
  }
  small.getContext("2d").putImageData(picture, 0, 0);
  const band = sections.length ? Math.round(6 * ratio) : 0;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, band, width, height - band);
  for (const part of sections) {
    const from = (part.start_s / duration_s) * width, to = (part.end_s / duration_s) * width;
    context.fillStyle = KIND_COLORS[part.shown] || KIND_COLORS[part.kind] || KIND_COLORS.steady;
    context.fillRect(from, 0, Math.max(1, to - from - ratio), band - ratio);
  }
}
