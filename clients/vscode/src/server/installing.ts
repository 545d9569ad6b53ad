// What a person is told of an installation: its steps, and why it failed in words that they can act on. Pure; `install.ts` does it.

/** A version of Python: major, minor. */
export type Version = readonly [number, number];

/** What failed: making the environment, or getting what goes into it. */
export type Step = "environment" | "packages";

const OLDEST: Version = [3, 11];
/** What pip says when it cannot get to where the packages are; "no matching distribution" is the last word of that, too. */
const UNREACHABLE =
  /ConnectionError|NewConnectionError|ConnectTimeout|ReadTimeout|timed out|Max retries exceeded|Name or service not known|getaddrinfo|name resolution|Network is unreachable|Connection refused|ProxyError/i;
const UNVERIFIED = /CERTIFICATE_VERIFY_FAILED|SSLError/;
const ABSENT = /(?:No matching distribution found for|Could not find a version that satisfies the requirement) (\S+)/;
const FULL = /No space left on device/;

export function isNewEnough([major, minor]: Version): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Say that there is no Python that would do. */
export function noPython(tooOld: readonly Version[]): string {
  const needed = `The server needs Python ${OLDEST.join(".")} or later`;
  const found = [...new Set(tooOld.map((version) => version.join(".")))];
  return found.length === 0
    ? `${needed}, and there is none on the PATH. Install it, then try again.`
    : `${needed}; on the PATH there is ${found.join(" and ")}. Install a later one beside it, then try again.`;
}

/** Return what is told while it goes on, from a line of pip's: what it gets now. */
export function stepOf(line: string): string | undefined {
  const [, name] = /^Collecting ([A-Za-z0-9._-]+)/.exec(line) ?? [];
  if (name !== undefined) {
    return `getting ${name.replace(/[._-]+$/, "")}`;
  }
  return line.startsWith("Installing collected packages") ? "installing the server and what it needs" : undefined;
}

/** Say why a step failed, from all that its program said. */
export function explained(step: Step, said: string): string {
  if (FULL.test(said)) {
    return "The server could not be installed: the disk is full.";
  }
  if (step === "environment") {
    return /ensurepip|No module named venv/.test(said)
      ? "This Python makes no virtual environments. Install what it lacks (on Debian and Ubuntu: python3-venv), then try again."
      : `The server's environment could not be made: ${lastOf(said)}`;
  }
  if (UNVERIFIED.test(said)) {
    return "The package index could not be trusted: its certificate is not one that pip knows. The log has what pip said.";
  }
  if (UNREACHABLE.test(said)) {
    return "The package index could not be reached. Look at your network and pip's settings (index, proxy), then try again.";
  }
  const [, absent] = ABSENT.exec(said) ?? [];
  if (absent !== undefined) {
    return `Your package index has no ${absent} that fits this Python. The log has what pip said.`;
  }
  return `The server could not be installed: ${lastOf(said)}`;
}

function lastOf(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return (lines.findLast((line) => line.startsWith("ERROR")) ?? lines.at(-1) ?? "nothing was said").replace(/^(ERROR|Error): ?/, "");
}
