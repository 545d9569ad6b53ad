// The key that stops an answer: VS Code's own for that, of each system. Escape alone is what people press to leave vim's modes.

export function isStop({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, platform: string): boolean {
  if (platform.startsWith("Win")) {
    // Ctrl+Escape opens the start menu there.
    return key === "Backspace" && altKey && !ctrlKey && !metaKey && !shiftKey;
  }
  const held = platform.startsWith("Mac") ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  return key === "Escape" && held && !altKey && !shiftKey;
}
