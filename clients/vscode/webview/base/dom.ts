// Makes elements in one expression. Text is always set as text: nothing here reads HTML.

type Child = Node | string | null | undefined | false;

/** What an element is made with: properties, `on…` listeners, `class`, `aria` and `data` attributes. */
export interface Attributes {
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly role?: string;
  readonly type?: string;
  readonly value?: string;
  readonly placeholder?: string;
  readonly for?: string;
  readonly tabindex?: number;
  readonly disabled?: boolean;
  readonly checked?: boolean;
  readonly selected?: boolean;
  readonly hidden?: boolean;
  readonly open?: boolean;
  readonly rows?: number;
  readonly dir?: "auto";
  readonly aria?: Readonly<Record<string, string | boolean | number>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly on?: { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
}

export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  const { on, aria, data, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) {
    if (typeof value === "boolean") {
      made.toggleAttribute(name, value);
    } else if (value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  for (const [name, value] of Object.entries(aria ?? {})) {
    made.setAttribute(`aria-${name}`, String(value));
  }
  for (const [name, value] of Object.entries(data ?? {})) {
    made.dataset[name] = value;
  }
  for (const [name, listener] of Object.entries(on ?? {})) {
    made.addEventListener(name, listener as EventListener);
  }
  made.append(
    ...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false && child !== ""),
  );
  return made;
}

/** A codicon, which says nothing to a screen reader. */
export function icon(name: string): HTMLElement {
  return element("span", { class: `codicon codicon-${name}`, aria: { hidden: true } });
}
