// Makes elements what others are, and keeps what is the same: while an answer streams, its open block is made anew with every word, and whoever
// has selected something in it, or has the pointer on a link of it, is not to lose that.

/** Let `shown` hold what `next` holds. Nodes of `next` may be moved. */
export function become(shown: Node, next: Node): void {
  const before = [...shown.childNodes];
  const after = [...next.childNodes];
  for (const [index, node] of after.entries()) {
    const old = before[index];
    if (old === undefined) {
      shown.appendChild(node);
    } else if (old instanceof Text && node instanceof Text) {
      retell(old, node.data);
    } else if (isAlike(old, node)) {
      become(old, node);
    } else {
      shown.replaceChild(node, old);
    }
  }
  for (const old of before.slice(after.length)) {
    old.remove();
  }
}

/** Let a text say something else. What is selected in it stays where it only grows. */
export function retell(shown: Text, text: string): void {
  if (text.startsWith(shown.data)) {
    shown.appendData(text.slice(shown.length));
  } else {
    shown.data = text;
  }
}

/** Say whether an element can become another by its children alone. Buttons of code act on the code that they were made with. */
function isAlike(old: Node, next: Node): boolean {
  if (!(old instanceof Element && next instanceof Element) || old.tagName !== next.tagName || !hasSameAttributes(old, next)) {
    return false;
  }
  return !old.classList.contains("code") || old.firstElementChild?.isEqualNode(next.firstElementChild) === true;
}

function hasSameAttributes(one: Element, other: Element): boolean {
  const names = one.getAttributeNames();
  return names.length === other.getAttributeNames().length && names.every((name) => one.getAttribute(name) === other.getAttribute(name));
}
