// The rows that a tree shows now, as nodes that stay the same while they are shown: a new state says which of them are to be drawn anew.
// VS Code forgets what is below a node that it draws, and a person's click with it, so as little as can be is drawn. Pure.

import type { Row, Target } from "./row";

/** A row that is shown, as it is now. */
export class Node<T = Target> {
  row: Row<T>;
  readonly parent: Node<T> | undefined;
  /** Undefined: nobody has looked below it. */
  children: readonly Node<T>[] | undefined;

  constructor(row: Row<T>, parent: Node<T> | undefined) {
    this.row = row;
    this.parent = parent;
    this.children = row.children?.map((child) => new Node(child, this));
  }

  get target(): T {
    return this.row.target;
  }

  /** Know what is below, which is looked at for the first time; the row itself stays as it is drawn. */
  unfold(rows: readonly Row<T>[]): void {
    this.row = { ...this.row, children: rows };
    this.children = rows.map((row) => new Node(row, this));
  }

  /** Forget what is below: it is looked at again when somebody wants to see it. */
  fold(): void {
    const { children: _gone, ...row } = this.row;
    this.row = row;
    this.children = undefined;
  }
}

export class Forest<T = Target> {
  #roots: readonly Node<T>[] = [];

  get roots(): readonly Node<T>[] {
    return this.#roots;
  }

  /** Take in all rows, and return the nodes to be drawn anew with what is below them; undefined: all of them. */
  update(rows: readonly Row<T>[]): readonly Node<T>[] | undefined {
    const anew: Node<T>[] = [];
    const sameRoots = areSame(this.#roots, rows);
    this.#roots = taken(this.#roots, rows, undefined, (node) => anew.push(node));
    return sameRoots ? anew : undefined;
  }
}

/** Return the nodes of these rows, those that there are already for rows that were there before. */
function taken<T>(
  before: readonly Node<T>[],
  rows: readonly Row<T>[],
  parent: Node<T> | undefined,
  drawAnew: (node: Node<T>) => void,
): readonly Node<T>[] {
  const known = new Map(before.map((node) => [node.row.id, node]));
  return rows.map((row) => {
    const node = known.get(row.id);
    if (node === undefined) {
      return new Node(row, parent);
    }
    const children = row.children ?? [];
    const isOther = looks(node.row) !== looks(row) || !areSame(node.children ?? [], children);
    if (isOther) {
      drawAnew(node);
    }
    node.row = row;
    // What is below a node that is drawn anew is drawn with it.
    node.children = row.children && taken(node.children ?? [], children, node, isOther ? () => undefined : drawAnew);
    return node;
  });
}

function areSame<T>(nodes: readonly Node<T>[], rows: readonly Row<T>[]): boolean {
  return nodes.length === rows.length && nodes.every((node, index) => node.row.id === rows[index]?.id);
}

/** Return all that is seen of a row itself. */
function looks<T>(row: Row<T>): string {
  const { children, expanded: _atFirst, target: _unseen, ...seen } = row;
  return JSON.stringify([seen, (children?.length ?? 0) > 0]);
}
