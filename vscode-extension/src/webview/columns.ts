// Which box stands in which column of the map, and in which order: who begins stands left of who is reached.

import type { Channel, Outside, Surface, Target } from "../surface/model";

/** A box of the map: a program with its endpoints, or somebody outside. */
export type Box = { id: string } & ({ is: "target"; target: Target } | { is: "outside"; outside: Outside });

/** The boxes by column, from left to right: who comes from outside stands before what it reaches, a place behind its users. */
export function columns(surface: Surface): Box[][] {
  const { targets, outside, channels, endpoints } = surface;
  const ids = new Set(targets.map(({ id }) => id));
  const between = channels.filter(({ source, target, both }) => !both && source !== target && ids.has(source) && ids.has(target));
  const depth = depths([...ids], between);
  for (const { id, kind } of outside) {
    const reached = depthsOf(channels.filter(({ source }) => source === id).map(({ target }) => depth.get(target)));
    const users = depthsOf(channels.filter(({ target }) => target === id).map(({ source }) => depth.get(source)));
    depth.set(id, kind === "actor" ? Math.min(...reached) - 1 : Math.max(...users) + 1);
  }
  const used = new Set([
    ...channels.flatMap(({ source, target }) => [source, target]),
    ...endpoints.flatMap((endpoint) => endpoint.targets),
  ]);
  const boxes = [
    ...targets.map((target): Box => ({ id: target.id, is: "target", target })),
    ...outside.map((each): Box => ({ id: each.id, is: "outside", outside: each })),
  ].filter(({ id }) => used.has(id));
  const order = [...new Set(boxes.map(({ id }) => depth.get(id) ?? 0))].sort((a, b) => a - b);
  return ordered(
    order.map((number) => boxes.filter(({ id }) => (depth.get(id) ?? 0) === number)),
    channels,
  );
}

/** The depths that are known; the first column when none is. */
function depthsOf(depths: (number | undefined)[]): number[] {
  const known = depths.filter((each) => each !== undefined);
  return known.length === 0 ? [0] : known;
}

/** How far each program is from one that nobody of the others begins with; a cycle does not make it further. */
function depths(ids: string[], channels: Channel[]): Map<string, number> {
  const depth = new Map(ids.map((id) => [id, 0]));
  for (let round = 1; round < ids.length; round++) {
    const before = [...depth.values()].join();
    for (const { source, target } of channels) {
      const next = (depth.get(source) ?? 0) + 1;
      if (next > (depth.get(target) ?? 0) && next < ids.length && !leadsTo(target, source, channels)) {
        depth.set(target, next);
      }
    }
    if ([...depth.values()].join() === before) {
      break;
    }
  }
  return depth;
}

function leadsTo(from: string, to: string, channels: Channel[], seen = new Set<string>()): boolean {
  if (from === to) {
    return true;
  }
  seen.add(from);
  return channels.some(({ source, target }) => source === from && !seen.has(target) && leadsTo(target, to, channels, seen));
}

/** Each column sorted by where its neighbours to the left stand, so that lines cross seldom. */
function ordered(all: Box[][], channels: Channel[]): Box[][] {
  const row = new Map<string, number>();
  for (const column of all) {
    const weight = (box: Box) => {
      const rows = channels.flatMap(({ source, target }) => {
        const other = target === box.id ? row.get(source) : source === box.id ? row.get(target) : undefined;
        return other === undefined ? [] : [other];
      });
      return rows.length === 0 ? Number.MAX_VALUE : rows.reduce((sum, each) => sum + each, 0) / rows.length;
    };
    const weights = new Map(column.map((box) => [box.id, weight(box)]));
    column.sort((a, b) => (weights.get(a.id) ?? 0) - (weights.get(b.id) ?? 0) || nameOf(a).localeCompare(nameOf(b)));
    column.forEach((box, number) => row.set(box.id, number));
  }
  return all;
}

export function nameOf(box: Box): string {
  return box.is === "target" ? box.target.name : box.outside.name;
}
