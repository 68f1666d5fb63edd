/* How one lamp lights the air and the floor: a mask of weights over the stage's cells, as light (linear), not as paint.

   A mask is made when a lamp is hung or moved, and is then only multiplied by the lamp's colour. */

const FAINT = 0.0006; // weights below this are left out

/** Add a soft spot, a bell in x times a bell in y, to the weights. `top` cuts it off above (a pool lies on the floor). */
function addSpot(grid, weights, x, wide, y, high, amount, top = 0) {
  const { columns, rows, cell } = grid;
  const across = new Float32Array(columns);
  for (let i = 0; i < columns; i++) across[i] = Math.exp(-((((i + 0.5) * cell - x) / wide) ** 2));
  for (let j = Math.max(0, Math.floor(top / cell)); j < rows; j++) {
    const share = amount * Math.exp(-((((j + 0.5) * cell - y) / high) ** 2));
    if (share < FAINT) continue;
    for (let i = 0, at = j * columns; i < columns; i++, at++) weights[at] += share * across[i];
  }
}

/** Add the cone from a lamp's lens to `end`, through haze. */
function addCone(grid, weights, lamp, end, wide, amount) {
  const { columns, rows, cell, haze } = grid;
  const reach = end - lamp.y, narrow = wide * 0.05;
  for (let j = 0; j < rows; j++) {
    const along = ((j + 0.5) * cell - lamp.y) / reach;
    if (along < 0 || along > 1.03) continue;
    const half = narrow + wide * 0.5 * along, middle = lamp.x + lamp.lean * along * Math.abs(reach);
    const bright = 0.52 * (1 - along * 0.35) + 0.42 * Math.exp(-along * 3.4) + 0.35 * Math.exp(-along * 22);
    const fade = Math.min(1, (1.03 - along) * 9);
    const from = Math.max(0, Math.floor((middle - half) / cell)), to = Math.min(columns, Math.ceil((middle + half) / cell));
    for (let i = from; i < to; i++) {
      const u = ((i + 0.5) * cell - middle) / half;
      const edge = (Math.exp(-u * u * 4.2) - 0.015) / 0.985;
      if (edge <= 0) continue;
      const seen = edge * bright * fade * (1 - (1 - haze[j * columns + i]) * (0.4 + 0.6 * along));
      weights[j * columns + i] += amount * seen ** 2.2; // shaped by eye, kept as light
    }
  }
}

/** All that one lamp lights: {weights, spans}, with the columns of each row that it reaches. */
export function lampMask(grid, stage, lamp) {
  const weights = new Float32Array(grid.columns * grid.rows);
  const { width, truss, floor, end, size, lamps } = stage;
  const tall = floor - truss, deep = end - floor;
  const wide = Math.min(Math.max(stage.step * 2.1, width * 0.1), tall * 0.75, width * 0.34);
  addSpot(grid, weights, lamp.x, width * 0.3, lamp.y + (lamp.up ? -0.2 : 0.2) * tall, tall * 0.5, 0.26 / lamps.length);
  addCone(grid, weights, lamp, lamp.up ? truss - size : floor + deep * 0.04, wide, stage.bar ? 0.5 : 1.6);
  if (!lamp.up) {
    const foot = lamp.x + lamp.lean * (floor - lamp.y), flat = Math.min(wide * 0.13, deep * 0.3);
    addSpot(grid, weights, foot, wide * 0.25, floor + flat * 0.75, flat, 0.7, floor);
    addSpot(grid, weights, foot, wide * 0.6, floor + deep * 0.3, deep * 0.55, 0.05, floor);
  } else {
    addSpot(grid, weights, lamp.x, size * 4, end, Math.max(deep, size * 2), 0.1, floor);
  }
  if (!stage.bar) {
    addSpot(grid, weights, lamp.x, size * 3.6, lamp.y, size * 3.2, 0.07);
    addSpot(grid, weights, lamp.x, size * 1.5, lamp.y, size * 1.4, 0.32);
    addSpot(grid, weights, lamp.x, size * 0.55, lamp.y, size * 0.5, 3.2);
  }
  return { weights, spans: spansOf(grid, weights) };
}

function spansOf({ columns, rows }, weights) {
  const spans = new Int32Array(rows * 2);
  for (let j = 0; j < rows; j++) {
    let from = j * columns, to = from + columns;
    while (from < to && weights[from] < FAINT) from++;
    while (to > from && weights[to - 1] < FAINT) to--;
    spans[j * 2] = from;
    spans[j * 2 + 1] = to;
  }
  return spans;
}
