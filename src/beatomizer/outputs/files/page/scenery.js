/* What stands before the light and never moves: the truss, the lamps' housings, the crowd. */

/** A small repeatable random source (mulberry32): the crowd stands the same way on every visit. */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function drawTruss(context, stage) {
  const { width, truss, size } = stage;
  const high = Math.max(10, size * 0.9), top = truss - high / 2, bottom = truss + high / 2;
  context.lineCap = "round";
  context.strokeStyle = "#20232c";
  context.lineWidth = Math.max(1.2, high * 0.09);
  context.beginPath();
  for (let x = -high, up = true; x < width + high; x += high, up = !up) {
    context.moveTo(x, up ? bottom : top);
    context.lineTo(x + high, up ? top : bottom);
  }
  context.stroke();
  for (const y of [top, bottom]) {
    const pipe = context.createLinearGradient(0, y - high * 0.14, 0, y + high * 0.14);
    pipe.addColorStop(0, "#3a3f4c");
    pipe.addColorStop(0.4, "#262a34");
    pipe.addColorStop(1, "#101218");
    context.fillStyle = pipe;
    context.fillRect(0, y - high * 0.12, width, high * 0.24);
  }
}

/** A lamp's body, turned towards its beam: hung from the truss by a pipe, or standing on the floor. */
export function drawHousing(context, stage, lamp) {
  const { truss, size } = stage, half = size * 0.72, top = -size * 1.35;
  const turn = lamp.up ? Math.PI + Math.atan(lamp.lean) : -Math.atan(lamp.lean);
  context.strokeStyle = "#2a2e39";
  context.lineWidth = Math.max(1.5, size * 0.16);
  if (!lamp.up) {
    context.beginPath();
    context.moveTo(lamp.x, truss);
    context.lineTo(lamp.x, lamp.y + top - size * 0.1);
    context.stroke();
  }
  context.save();
  context.translate(lamp.x, lamp.y);
  context.rotate(turn);
  context.beginPath();
  context.moveTo(-half * 1.15, -size * 0.55);
  context.lineTo(-half * 1.15, top - size * 0.1);
  context.lineTo(half * 1.15, top - size * 0.1);
  context.lineTo(half * 1.15, -size * 0.55);
  context.stroke();
  const body = context.createLinearGradient(-half, 0, half, 0);
  body.addColorStop(0, "#0c0d12");
  body.addColorStop(0.35, "#2b2f3a");
  body.addColorStop(1, "#0a0b0f");
  context.fillStyle = body;
  context.beginPath();
  context.moveTo(-half * 0.62, top);
  context.lineTo(half * 0.62, top);
  context.lineTo(half, -size * 0.12);
  context.lineTo(-half, -size * 0.12);
  context.closePath();
  context.fill();
  context.restore();
}

/** The dark case of a bar of pixels, hung from the truss; the pixels shine below its lower edge. */
export function drawBarCase(context, stage) {
  const { truss, lens, size } = stage;
  const left = stage.lamps[0].x - stage.step / 2, wide = stage.step * stage.lamps.length;
  context.fillStyle = "#2a2e39";
  for (const lamp of stage.lamps) context.fillRect(lamp.x - size * 0.08, truss, size * 0.16, lens - truss - size * 0.8);
  context.fillStyle = "#0b0c11";
  context.fillRect(left - 4, lens - size * 1.1, wide + 8, size * 0.66);
  context.fillStyle = "#2b2f3a";
  context.fillRect(left - 4, lens - size * 1.1, wide + 8, Math.max(1, size * 0.08));
}

export function drawCrowd(context, stage) {
  const { width, end } = stage;
  const random = seeded(21);
  const tall = Math.min(stage.end - stage.truss, width * 1.1, 800);
  const rows = [
    { y: end - tall * 0.152, head: tall * 0.0165, color: "#0a0b10" },
    { y: end - tall * 0.095, head: tall * 0.0225, color: "#07070b" },
    { y: end - tall * 0.022, head: tall * 0.031, color: "#030305" },
  ];
  for (const row of rows) {
    context.fillStyle = context.strokeStyle = row.color;
    for (let x = -row.head * random() * 2; x < width + row.head * 2; x += row.head * (2.1 + random() * 1.1)) {
      drawPerson(context, x, row.y + (random() - 0.5) * row.head * 0.9, row.head * (0.9 + random() * 0.2), random);
    }
    context.fillRect(0, row.y + row.head * 3.4, width, stage.height - row.y);
  }
}

function drawPerson(context, x, y, head, random) {
  const shoulder = y + head * 1.75, half = head * 1.55;
  context.beginPath();
  context.ellipse(x, y, head * 0.74, head, 0, 0, Math.PI * 2);
  context.fill();
  context.beginPath();
  context.moveTo(x - head * 0.3, y + head * 0.6);
  context.lineTo(x + head * 0.3, y + head * 0.6);
  context.bezierCurveTo(x + head * 0.4, shoulder - head * 0.3, x + half, shoulder - head * 0.2, x + half, shoulder + head * 3);
  context.lineTo(x - half, shoulder + head * 3);
  context.bezierCurveTo(x - half, shoulder - head * 0.2, x - head * 0.4, shoulder - head * 0.3, x - head * 0.3, y + head * 0.6);
  context.fill();
  for (const side of [-1, 1]) {
    if (random() > 0.26) continue;
    const elbow = x + side * head * (1.9 + random() * 0.5), hand = elbow + side * head * (random() - 0.6);
    context.lineWidth = head * 0.52;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(x + side * half * 0.8, shoulder + head * 0.5);
    context.lineTo(elbow, shoulder - head * 0.9);
    context.lineTo(hand, shoulder - head * (2.9 + random()));
    context.stroke();
  }
}
