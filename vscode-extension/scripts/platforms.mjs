// The platforms that there is a package for: VS Code's name, and the wheels that fit, the most particular first.

export const PLATFORMS = {
  "darwin-arm64": ["macosx_14_0_arm64", "macosx_11_0_arm64", "macosx_11_0_universal2"],
  "darwin-x64": ["macosx_13_0_x86_64", "macosx_10_15_x86_64", "macosx_10_13_x86_64", "macosx_10_9_x86_64"],
  "linux-x64": ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64"],
  "linux-arm64": ["manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
  "win32-x64": ["win_amd64"],
};

export const PYTHONS = ["3.11", "3.12", "3.13", "3.14"];

/** The platform that this is. */
export const here = `${process.platform}-${process.arch}`;

/** pip's options to choose wheels for another platform and another Python. */
export function choosing(platform, version) {
  const platforms = PLATFORMS[platform].flatMap((tag) => ["--platform", tag]);
  return ["--only-binary=:all:", "--implementation", "cp", "--python-version", version, ...platforms];
}
