// The selection of the list. All leads can be selected before all of them are read.

import { type Signal, signal } from "@preact/signals";
import type { LeadForTable, LeadPages } from "./list-pages";

interface LeadSelectionState {
  ids: ReadonlySet<number>;
  /** Whether all leads except `ids` are selected. */
  isInverted: boolean;
}

const EMPTY_SELECTION: LeadSelectionState = { ids: new Set(), isInverted: false };

export class LeadSelection {
  readonly state: Signal<LeadSelectionState> = signal(EMPTY_SELECTION);
  /** Id of the lead that was toggled last: the start of a range. */
  #anchor: number | undefined;

  constructor(readonly pages: LeadPages) {}

  has(id: number): boolean {
    const { ids, isInverted } = this.state.value;
    return ids.has(id) !== isInverted;
  }

  get size(): number {
    const { ids, isInverted } = this.state.value;
    if (!isInverted) return ids.size;
    // Reading this signal subscribes the calling component, so that it renders again when the list grows.
    this.pages.listVersion.value;
    return Math.max(0, this.pages.length - ids.size);
  }

  /** Whether all, some or no leads are selected. */
  get extent(): "all" | "some" | "none" {
    const { size } = this;
    return size === 0 ? "none" : size < this.pages.length ? "some" : "all";
  }

  #setSelected(ids: Iterable<number>, isSelected: boolean): void {
    const { ids: previousIds, isInverted } = this.state.peek();
    const newSelectedOrExcludedIds = new Set(previousIds);
    for (const id of ids) {
      if (isSelected !== isInverted) newSelectedOrExcludedIds.add(id);
      else newSelectedOrExcludedIds.delete(id);
    }
    this.state.value = { ids: newSelectedOrExcludedIds, isInverted };
  }

  /** Selects or deselects a lead. With `range`, does so for all leads from the one that was toggled last. */
  toggle(id: number, range = false): void {
    const shouldSelectLead = !this.has(id);
    const { items } = this.pages;
    const [from, to] = [this.pages.rowIndexOf(this.#anchor ?? id), this.pages.rowIndexOf(id)];
    if (range && from !== undefined && to !== undefined) {
      const leadsInToggledRange = items.slice(Math.min(from, to), Math.max(from, to) + 1);
      this.#setSelected(
        leadsInToggledRange.map((lead) => lead.id),
        // If the lead at the start of the range is selected, Shift+click selects the whole range, even if the clicked
        // lead was already selected. Otherwise the whole range gets the opposite of the clicked lead's previous state.
        this.#anchor !== undefined && this.has(this.#anchor) ? true : shouldSelectLead,
      );
    } else {
      this.#setSelected([id], shouldSelectLead);
    }
    this.#anchor = id;
  }

  /** Selects all leads of the list at once, and reads the remaining pages in the background. */
  selectAll(): void {
    this.state.value = { ids: new Set(), isInverted: true };
    this.pages.readAll().catch(() => undefined);
  }

  selectOnly(ids: Iterable<number>): void {
    this.state.value = { ids: new Set(ids), isInverted: false };
  }

  clear(): void {
    this.#anchor = undefined;
    this.state.value = EMPTY_SELECTION;
  }

  /** Returns the selected leads, and reads missing pages first. Throws if a page cannot be read. */
  async readSelectedLeads(): Promise<LeadForTable[]> {
    const { ids, isInverted } = this.state.peek();
    if (!isInverted) return [...ids].map((id) => this.pages.getLead(id)).filter((lead) => lead !== undefined);
    await this.pages.readAll();
    return this.pages.items.filter(({ id }) => !ids.has(id));
  }
}
