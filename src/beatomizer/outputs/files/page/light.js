/* The light: every zone's colour at every sixtieth of a second, and the calm version of it. */

export const FPS = 60;

/** Bytes of a base64 block of the page. */
export function bytesOf(id) {
  const text = document.getElementById(id).textContent.trim();
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** Undo zlib. No network is touched: the stream reads from memory. */
export async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Planes [zones * 3][length] from differences between neighbours, in place. */
export function summed(planes, length) {
  for (let start = 0; start < planes.length; start += length) {
    for (let i = start + 1; i < start + length; i++) planes[i] += planes[i - 1]; // bytes wrap, as they did in the writer
  }
  return planes;
}

export class Light {
  constructor(planes, frames, calmPlanes, calmPoints, calmStep) {
    this.frames = frames;
    this.values = planes.length / frames;
    this.planes = planes;
    this.calmPlanes = calmPlanes;
    this.calmPoints = calmPoints;
    this.calmStep = calmStep;
  }

  /** From packed light and packed calm light (light.py); `shape` holds frames, calm_points and calm_step. */
  static async unpacked(light, calm, shape) {
    const planes = summed(await inflated(light), shape.frames);
    const calmPlanes = summed(await inflated(calm), shape.calm_points);
    return new Light(planes, shape.frames, calmPlanes, shape.calm_points, shape.calm_step);
  }

  /** The frame shown at a time: frame t lasts from t/60 s to (t + 1)/60 s. */
  frameAt(seconds) {
    return Math.min(this.frames - 1, Math.max(0, Math.floor(seconds * FPS + 1e-6)));
  }

  /** Colours 0..255 of one frame into `out`; `calm` 0..1 mixes the calm version in. */
  colors(seconds, calm, out) {
    const frame = this.frameAt(seconds);
    const at = Math.min(this.calmPoints - 1, Math.max(0, (seconds * FPS) / this.calmStep));
    const left = Math.floor(at), right = Math.min(this.calmPoints - 1, left + 1), share = at - left;
    for (let i = 0; i < this.values; i++) {
      let value = this.planes[i * this.frames + frame];
      if (calm > 0) {
        const a = this.calmPlanes[i * this.calmPoints + left], b = this.calmPlanes[i * this.calmPoints + right];
        value += calm * (a + (b - a) * share - value);
      }
      out[i] = value;
    }
    return frame;
  }
}

/* What a viewer's hands may do to the light, with the speed of hands taken out of it: blackout, seeking and the
   switch to calm all go through these two, so that no key and no mouse can make the stage strobe. */

/** A fader between dark (0) and the show (1): down in 0.2 s and always all the way, up in 0.3 s, at most once a second. */
export class Gate {
  constructor() {
    this.value = 0;
    this.blackout = false;
    this.ended = false;
    this.rising = this.falling = false;
    this.roseAt = -Infinity;
    this.darkUntil = -Infinity;
    this.last = 0;
  }

  /** Go dark now and stay so for a moment: the place in the song changed. */
  dip(now) {
    this.darkUntil = now + 350;
  }

  get dark() {
    return this.blackout || this.ended || this.last < this.darkUntil;
  }

  step(now) {
    const passed = Math.min(100, Math.max(0, now - this.last));
    this.last = now;
    if (this.dark && this.value > 0) this.falling = true;
    if (this.falling) {
      this.rising = false;
      this.value = Math.max(0, this.value - passed / 200);
      this.falling = this.value > 0;
    } else if (!this.dark && this.value < 1) {
      if (!this.rising && now - this.roseAt >= 1000) {
        this.rising = true;
        this.roseAt = now;
      }
      if (this.rising) this.value = Math.min(1, this.value + passed / 300);
    }
    return this.value;
  }
}

/** A switch that is looked at once a second and then glides for 0.8 s. */
export class Glide {
  constructor(on) {
    this.on = on;
    this.target = this.value = on ? 1 : 0;
    this.lookedAt = -Infinity;
    this.last = 0;
  }

  step(now) {
    const passed = Math.min(100, Math.max(0, now - this.last));
    this.last = now;
    const wanted = this.on ? 1 : 0;
    if (wanted !== this.target && now - this.lookedAt >= 1000) {
      this.target = wanted;
      this.lookedAt = now;
    }
    const way = this.target - this.value;
    this.value += Math.sign(way) * Math.min(Math.abs(way), passed / 800);
    return this.value;
  }
}
