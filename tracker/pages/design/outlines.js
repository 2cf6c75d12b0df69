// Lets the map of counties be bundled at a size that a page may have: an outline that is drawn four hundred
// pixels wide shows no more than a fine grid, and borders that two counties share stay shared on it.

import { readFile } from "node:fs/promises";

const STEPS_A_DEGREE = 250;

export const outlines = {
  name: "outlines",
  setup(build) {
    build.onLoad({ filter: /\.geojson$/ }, async ({ path }) => {
      const { features } = JSON.parse(await readFile(path, "utf8"));
      const made = features.map(({ properties, geometry }) => [properties.name, geometry.coordinates.map(steps)]);
      return { contents: JSON.stringify(made), loader: "json" };
    });
  },
};

/** A ring as steps on the grid: x and y of the first point, then from each point to the next that differs. */
function steps(ring) {
  const made = [];
  let [x, y] = [0, 0];
  for (const point of ring) {
    const [east, north] = point.map((degrees) => Math.round(degrees * STEPS_A_DEGREE));
    if (made.length && east === x && north === y) continue;
    made.push(east - x, north - y);
    [x, y] = [east, north];
  }
  return made;
}
