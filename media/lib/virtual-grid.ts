// SPDX-License-Identifier: MIT
import { el } from './dom';

export interface GridOptions<Row> {
  readonly label: string;
  readonly columns: readonly string[];
  /** Cells of one row, in the order of the columns. */
  readonly render: (row: Row, rowElement: HTMLElement) => HTMLElement[];
  /** Asks the extension for rows; {@link VirtualGrid.put} brings them. One request is under way at a time. */
  readonly request: (from: number, count: number) => void;
  readonly multiSelect?: boolean;
  /** The view stays at the end while rows are appended, until the person scrolls up. */
  readonly followTail?: boolean;
  readonly onActive?: (index: number) => void;
  /** Enter or a double click on a row. */
  readonly onOpen?: (row: Row) => void;
  readonly onFollow?: (following: boolean) => void;
}

/** First and last index, both inclusive. */
interface Span {
  readonly first: number;
  readonly last: number;
}

const OVERSCAN = 4;
const CACHE_ROWS = 4000;
/** Rows are asked for in pages, so that scrolling on finds the next ones already here. */
const PAGE = 64;

/**
 * A grid of rows of one height of which only the visible ones exist. It scrolls natively, is one tab stop,
 * and tells assistive technology the true number and index of its rows.
 */
export class VirtualGrid<Row> {
  readonly element: HTMLElement;
  private readonly canvas = el('div', { class: 'grid-canvas', role: 'rowgroup' });
  private readonly probe = el('div', { class: 'row probe', 'aria-hidden': 'true' });
  private readonly headers: readonly HTMLElement[];
  private readonly cache = new Map<number, Row>();
  private readonly live = new Map<number, HTMLElement>();
  /** What each element shows: a row that comes again as it was is left alone, and with it what a person selected in it. */
  private readonly drawn = new WeakMap<HTMLElement, string>();
  private count = 0;
  private awaiting = false;
  private active = -1;
  private anchor = -1;
  private following: boolean;
  private frame = 0;
  private rowHeight = 22;

  constructor(private readonly options: GridOptions<Row>) {
    this.following = options.followTail ?? false;
    this.headers = options.columns.map((column) => el('span', { role: 'columnheader', class: 'cell' }, column));
    this.element = el(
      'div',
      { class: 'grid', role: 'grid', 'aria-label': options.label, 'aria-rowcount': '1', ...(options.multiSelect ? { 'aria-multiselectable': 'true' } : {}) },
      el('div', { class: 'grid-head', role: 'rowgroup' }, el('div', { class: 'row', role: 'row', 'aria-rowindex': '1' }, ...this.headers)),
      this.canvas,
      this.probe,
    );
    this.element.tabIndex = 0;
    this.element.addEventListener('scroll', () => this.onScroll(), { passive: true });
    this.element.addEventListener('keydown', (event) => this.onKey(event));
    this.canvas.addEventListener('click', (event) => this.onClick(event));
    this.canvas.addEventListener('dblclick', () => this.open());
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  /** Selected rows; null when there is none. */
  get selection(): Span | null {
    return this.active < 0 ? null : { first: Math.min(this.active, this.anchor), last: Math.max(this.active, this.anchor) };
  }

  get isFollowing(): boolean {
    return this.following;
  }

  /** Forgets every row: another list follows. */
  reset(): void {
    this.cache.clear();
    for (const row of this.live.values()) row.remove();
    this.live.clear();
    this.awaiting = false;
    this.active = this.anchor = -1;
    this.setCount(0);
  }

  setCount(count: number): void {
    this.count = count;
    this.element.setAttribute('aria-rowcount', String(count + 1));
    this.resizeCanvas();
    if (this.following) this.scrollToEnd();
    this.schedule();
  }

  put(from: number, rows: readonly Row[]): void {
    this.awaiting = false;
    rows.forEach((row, i) => this.cache.set(from + i, row));
    this.schedule();
  }

  /** Asks for the visible rows from `from` on again, which stay as they are until the new ones come. */
  refresh(from = 0): void {
    if (from === 0) this.cache.clear();
    else for (const index of this.cache.keys()) if (index >= from) this.cache.delete(index);
    this.awaiting = false;
    for (const [index, row] of this.live) if (index >= from) row.setAttribute('aria-busy', 'true');
    this.schedule();
  }

  /** Names the columns anew. */
  setColumns(columns: readonly string[]): void {
    this.headers.forEach((header, index) => header.replaceChildren(columns[index] ?? ''));
  }

  get activeIndex(): number {
    return this.active;
  }

  /** Renders the visible rows again, after something outside of them changed how they look. */
  redraw(): void {
    for (const row of this.live.values()) {
      this.drawn.delete(row);
      row.setAttribute('aria-busy', 'true');
    }
    this.schedule();
  }

  /** Goes to the end and stays there. */
  follow(): void {
    this.setFollowing(true);
    this.scrollToEnd();
    this.schedule();
  }

  /** Shows a row as the active one without telling anybody and without scrolling. */
  mark(index: number): void {
    this.active = this.anchor = index;
    this.schedule();
  }

  setActive(index: number, extend = false): void {
    if (index < 0 || index >= this.count) return;
    this.active = index;
    if (!extend || !this.options.multiSelect) this.anchor = index;
    this.reveal(index);
    this.schedule();
    this.options.onActive?.(index);
  }

  private open(): void {
    const row = this.cache.get(this.active);
    if (row !== undefined) this.options.onOpen?.(row);
  }

  private onScroll(): void {
    if (this.options.followTail) {
      const distance = this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight;
      this.setFollowing(distance < this.rowHeight);
    }
    this.schedule();
  }

  private setFollowing(following: boolean): void {
    if (this.following === following || !this.options.followTail) return;
    this.following = following;
    this.options.onFollow?.(following);
  }

  private onClick(event: MouseEvent): void {
    const selected = document.getSelection();
    if (selected && !selected.isCollapsed) return;
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null;
    if (row) this.setActive(Number(row.dataset['index']), event.shiftKey);
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: this.count - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.setActive(Math.min(this.count - 1, Math.max(0, target)), event.shiftKey);
    } else if (event.key === 'Enter' && event.target === this.element) {
      this.open();
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey) && this.options.multiSelect && this.count > 0) {
      event.preventDefault();
      this.anchor = 0;
      this.active = this.count - 1;
      this.schedule();
    } else if (event.key === 'Escape') {
      this.active = this.anchor = -1;
      this.schedule();
    }
  }

  private reveal(index: number): void {
    const head = this.canvas.offsetTop;
    const top = index * this.rowHeight;
    const view = this.element;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + this.rowHeight + head > view.scrollTop + view.clientHeight) view.scrollTop = top + this.rowHeight + head - view.clientHeight;
  }

  private scrollToEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  private measure(): void {
    const height = this.probe.offsetHeight;
    if (height > 0 && height !== this.rowHeight) {
      this.rowHeight = height;
      this.resizeCanvas();
      for (const [index, row] of this.live) this.place(row, index);
    }
    if (this.following) this.scrollToEnd();
    this.schedule();
  }

  private resizeCanvas(): void {
    this.canvas.style.height = `${this.count * this.rowHeight}px`;
  }

  private place(row: HTMLElement, index: number): void {
    row.style.transform = `translateY(${index * this.rowHeight}px)`;
  }

  private schedule(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private visible(): Span {
    const first = Math.floor(this.element.scrollTop / this.rowHeight) - OVERSCAN;
    const last = Math.ceil((this.element.scrollTop + this.element.clientHeight) / this.rowHeight) + OVERSCAN;
    return { first: Math.max(0, first), last: Math.min(this.count - 1, last) };
  }

  private draw(): void {
    const span = this.visible();
    for (const [index, row] of this.live) {
      if (index >= span.first && index <= span.last) continue;
      row.remove();
      this.live.delete(index);
    }
    const selection = this.selection;
    let activeId: string | null = null;
    for (let index = span.first; index <= span.last; index++) {
      const row = this.live.get(index) ?? this.create(index);
      this.fill(row, index);
      setOnce(row, 'aria-selected', String(selection !== null && index >= selection.first && index <= selection.last));
      row.classList.toggle('active', index === this.active);
      if (index === this.active) activeId = row.id;
    }
    if (activeId === null) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', activeId);
    this.requestMissing(span);
  }

  private create(index: number): HTMLElement {
    const row = el('div', { class: 'row', role: 'row', id: `row-${index}`, 'aria-rowindex': String(index + 2), 'aria-busy': 'true', 'data-index': String(index) });
    this.place(row, index);
    this.live.set(index, row);
    const next = this.live.get(index + 1);
    this.canvas.insertBefore(row, next ?? null);
    return row;
  }

  private fill(element: HTMLElement, index: number): void {
    if (!element.hasAttribute('aria-busy')) return;
    const row = this.cache.get(index);
    if (row === undefined) {
      if (element.childElementCount === 0) element.append(el('span', { role: 'gridcell', class: 'cell' }, '…'));
      return;
    }
    element.removeAttribute('aria-busy');
    const content = JSON.stringify(row);
    if (this.drawn.get(element) === content) return;
    this.drawn.set(element, content);
    element.className = 'row'; // what it was may have been another kind of row
    const cells = this.options.render(row, element);
    for (const cell of cells) cell.setAttribute('role', 'gridcell');
    element.replaceChildren(...cells);
  }

  private requestMissing(span: Span): void {
    if (this.awaiting) return;
    let from = span.first;
    while (from <= span.last && this.cache.has(from)) from++;
    let to = span.last;
    while (to >= from && this.cache.has(to)) to--;
    if (from > to) return;
    from = Math.max(0, from - (from % PAGE));
    to = Math.min(this.count - 1, to + PAGE - 1 - (to % PAGE));
    while (from < span.first && this.cache.has(from)) from++;
    if (this.cache.size > CACHE_ROWS) this.forgetFarRows(span);
    this.awaiting = true;
    this.options.request(from, to - from + 1);
  }

  private forgetFarRows(span: Span): void {
    for (const index of this.cache.keys()) if (index < span.first - CACHE_ROWS / 4 || index > span.last + CACHE_ROWS / 4) this.cache.delete(index);
  }
}

/** Writing what stands there already would still make the browser compute styles again. */
function setOnce(element: HTMLElement, attribute: string, value: string): void {
  if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}
