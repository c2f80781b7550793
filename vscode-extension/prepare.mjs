// What travels in the package beside the extension: the server's wheel, built from this repository, and the licence.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";

const python = process.env.PYTHON ?? "python3";
rmSync("dist/server", { recursive: true, force: true });
mkdirSync("dist/server", { recursive: true });
execFileSync(python, ["-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist/server", ".."], { stdio: "inherit" });
copyFileSync("../LICENSE", "LICENSE");
