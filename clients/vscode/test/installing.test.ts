import { describe, expect, it } from "vitest";
import { explained, isNewEnough, noPython, stepOf } from "../src/server/installing";

describe("the Python that an environment is made with", () => {
  it.each([
    [[3, 10], false],
    [[3, 11], true],
    [[3, 14], true],
    [[2, 99], false],
    [[4, 0], true],
  ] as const)("%s will do: %s", (version, will) => {
    expect(isNewEnough(version)).toBe(will);
  });

  it("is missing, or too old, and which it is is said", () => {
    expect(noPython([])).toContain("none on the PATH");
    expect(
      noPython([
        [3, 9],
        [3, 9],
        [2, 7],
      ]),
    ).toContain("there is 3.9 and 2.7");
  });
});

describe("an installation", () => {
  it.each([
    ["Collecting pydantic<3,>=2 (from coterie==0.1.0)", "getting pydantic"],
    ["Collecting tree-sitter-python", "getting tree-sitter-python"],
    ["Installing collected packages: a, b", "installing the server and what it needs"],
    ["  Downloading pydantic-2.0-py3-none-any.whl", undefined],
  ])("tells of %s", (line, told) => {
    expect(stepOf(line)).toBe(told);
  });

  it.each([
    ["environment", "The virtual environment was not created because ensurepip is not available.", "python3-venv"],
    ["environment", "Error: [Errno 13] Permission denied: '/x'", "[Errno 13] Permission denied: '/x'"],
    [
      "packages",
      "WARNING: Retrying: NewConnectionError: [Errno -2] Name or service not known\nERROR: No matching distribution found for pydantic",
      "could not be reached",
    ],
    [
      "packages",
      "connection error: HTTPConnectionPool: Read timed out.\nERROR: No matching distribution found for x",
      "could not be reached",
    ],
    ["packages", "ERROR: No matching distribution found for pydantic<3,>=2", "no pydantic<3,>=2"],
    ["packages", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "certificate"],
    ["packages", "ERROR: Could not install: [Errno 28] No space left on device", "disk is full"],
    ["packages", "Processing x\nERROR: x.whl is not a supported wheel\nafterwards", "x.whl is not a supported wheel"],
    ["packages", "", "nothing was said"],
  ] as const)("that fails in %s with %s says what helps", (step, said, helps) => {
    expect(explained(step, said)).toContain(helps);
  });
});
