// The selection of the list. All leads can be selected before all of them are read.

import { type Signal, signal } from "@preact/signals";
import type { LeadPages, Row } from "./list-pages";

interface Selected {
  ids: ReadonlySet<number>;
  /** Whether all leads except `ids` are selected. */
  inverted: boolean;
}

const NONE: Selected = { ids: new Set(), inverted: false };

export class Selection {
  readonly state: Signal<Selected> = signal(NONE);
  /** Id of the lead that was toggled last: the start of a range. */
  #anchor: number | undefined;

  constructor(readonly pages: LeadPages) {}

  has(id: number): boolean {
    const { ids, inverted } = this.state.value;
    return ids.has(id) !== inverted;
  }

  get size(): number {
    const { ids, inverted } = this.state.value;
    if (!inverted) return ids.size;
    // Reading this signal subscribes the component: the list may grow or shrink while all leads are selected.
    this.pages.version.value;
    return Math.max(0, this.pages.length - ids.size);
  }

  /** Whether all, some or no leads are selected. */
  get extent(): "all" | "some" | "none" {
    const { size } = this;
    return size === 0 ? "none" : size < this.pages.length ? "some" : "all";
  }

  #put(ids: Iterable<number>, on: boolean): void {
    const { ids: before, inverted } = this.state.peek();
    const next = new Set(before);
    for (const id of ids) {
      if (on !== inverted) next.add(id);
      else next.delete(id);
    }
    this.state.value = { ids: next, inverted };
  }

  /** Selects or deselects a lead. With `range`, does so for all leads from the one that was toggled last. */
  toggle(id: number, range = false): void {
    const on = !this.has(id);
    const { items } = this.pages;
    const [from, to] = [this.pages.positionOf(this.#anchor ?? id), this.pages.positionOf(id)];
    if (range && from !== undefined && to !== undefined) {
      const between = items.slice(Math.min(from, to), Math.max(from, to) + 1);
      this.#put(
        between.map((lead) => lead.id),
        // A range that starts at a selected lead selects all its leads, even if its last lead was selected already.
        this.#anchor !== undefined && this.has(this.#anchor) ? true : on,
      );
    } else {
      this.#put([id], on);
    }
    this.#anchor = id;
  }

  /** Selects all leads of the list at once, and reads the remaining pages in the background. */
  selectAll(): void {
    this.state.value = { ids: new Set(), inverted: true };
    this.pages.readAll().catch(() => undefined);
  }

  set(ids: Iterable<number>): void {
    this.state.value = { ids: new Set(ids), inverted: false };
  }

  clear(): void {
    this.#anchor = undefined;
    this.state.value = NONE;
  }

  /** Returns the selected leads, and reads missing pages first. Throws if a page cannot be read. */
  async resolve(): Promise<Row[]> {
    const { ids, inverted } = this.state.peek();
    if (!inverted) return [...ids].map((id) => this.pages.get(id)).filter((lead) => lead !== undefined);
    await this.pages.readAll();
    return this.pages.items.filter(({ id }) => !ids.has(id));
  }
}
