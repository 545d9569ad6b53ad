// How providers are spoken of, in the settings view and where one is chosen. Pure.

import type { ProviderView } from "../protocol";

export const STATE_WORDS: Readonly<Record<ProviderView["state"], string>> = {
  ready: "ready",
  unknown: "not asked yet",
  auth_required: "without a key or login",
  down: "not reachable",
  disconnected: "disconnected",
};

export function typeWords(type: string): string {
  return type.replaceAll("_", " ");
}
