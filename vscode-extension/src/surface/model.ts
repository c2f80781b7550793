// The surface map as ipclint writes it: docs/surface.md describes the format. Only what is shown here is named.

export const VERSION = 1;

export type State = "open" | "weak" | "unknown" | "verified" | "not-applicable";

/** The gravest first. */
export const STATES: readonly State[] = ["open", "weak", "unknown", "verified", "not-applicable"];

export const STATE_WORDS: Record<State, string> = {
  open: "nobody is checked",
  weak: "the check can be passed by others",
  unknown: "what is checked is not known",
  verified: "the peer is verified",
  "not-applicable": "waits for nobody",
};

/** A piece of a file: 1-based lines, 1-based columns in characters; the path is relative to the folder. */
export interface Spot {
  path: string;
  start: { line: number; column: number };
  end: { line: number; column: number };
}

export interface Target {
  id: string;
  name: string;
  kind: string;
  bundle_id: string;
  privileged: boolean;
  sandboxed: boolean | null;
}

export interface Sink {
  what: string;
  code: string;
  spot: Spot;
}

export interface Method {
  signature: string;
  protocol: string;
  spot: Spot;
  body: Spot | null;
  reaches: Sink[];
}

export interface Endpoint {
  id: string;
  kind: string;
  name: string;
  direction: "in" | "out" | "both";
  spot: Spot;
  also: Spot[];
  targets: string[];
  reach: { who: string; says: string };
  authentication: { state: State; says: string; requirements: { text: string; verdict: string; spot: Spot }[]; spots: Spot[] };
  rating: { level: string; note: string };
  methods: Method[];
  peers: string[];
}

export interface Outside {
  id: string;
  name: string;
  kind: "actor" | "service" | "place";
}

export interface Channel {
  source: string;
  target: string;
  from_endpoint: string;
  to_endpoint: string;
  state: State;
  both: boolean;
}

export interface Surface {
  version: number;
  name: string;
  targets: Target[];
  outside: Outside[];
  endpoints: Endpoint[];
  channels: Channel[];
}

/** What an endpoint is called. */
export function title(endpoint: Endpoint): string {
  return endpoint.name || "(name unknown)";
}

/** The endpoints of a target, the gravest first; those of none with "". */
export function endpointsOf(surface: Surface, target: string): Endpoint[] {
  const rank = (endpoint: Endpoint) => STATES.indexOf(endpoint.authentication.state);
  return surface.endpoints
    .filter(({ targets }) => (target === "" ? targets.length === 0 : targets.includes(target)))
    .sort((a, b) => rank(a) - rank(b) || title(a).localeCompare(title(b)));
}

/** What comes as JSON, when it is a map that this version reads. Throws what is wrong. */
export function parseSurface(value: unknown): Surface {
  const version = (value as Partial<Surface> | null)?.version;
  if (version !== VERSION) {
    throw new Error(`the surface map has version ${String(version)}, and this extension reads ${VERSION}`);
  }
  return value as Surface;
}
