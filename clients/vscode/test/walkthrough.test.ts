import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../package.json";

const [walkthrough] = manifest.contributes.walkthroughs;
const offered = manifest.contributes.commands.map(({ command }) => command);

describe("the walkthrough", () => {
  it.each(walkthrough?.steps ?? [])("has links to commands that there are, and its page: $id", ({ description, media }) => {
    const links = [...description.matchAll(/\]\(command:([\w.]+)/g)].map(([, command]) => command);
    expect(links.length).toBeGreaterThan(0);
    expect(offered).toEqual(expect.arrayContaining(links));
    expect(existsSync(media.markdown)).toBe(true);
  });

  it("begins with one step about models, whether there are any or not", () => {
    const whens = walkthrough?.steps.map((step) => ("when" in step ? step.when : ""));
    expect(whens?.slice(0, 3)).toEqual(["coterie.hasProvider", "!coterie.hasProvider", ""]);
  });
});
