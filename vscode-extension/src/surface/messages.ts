// What the panel and its page say to each other.

import type { Spot, Surface } from "./model";

export interface ToPage {
  surfaces: Surface[];
}

/** `folder` is the number of the map that the piece of a file belongs to. */
export type FromPage = { ask: "surfaces" } | { ask: "open"; folder: number; spot: Spot };
