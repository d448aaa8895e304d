// SPDX-License-Identifier: MIT
import type { Shape } from '../../core/results/draw/shape';

/** Makes elements of a drawing. Its texts become text nodes, as everywhere. */
export function svgElement({ tag, attributes, children }: Shape): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === 'string' ? child : svgElement(child))));
  return element;
}

/** Draws into `target` whenever it is given something else, or gets another width. */
export class ResponsiveDrawing {
  private draw: ((width: number) => Shape) | null = null;
  private width = 0;

  constructor(
    readonly target: HTMLElement,
    private readonly onDrawn: (drawing: SVGElement) => void = () => undefined,
  ) {
    new ResizeObserver(() => {
      if (Math.floor(this.target.clientWidth) !== this.width) this.redraw();
    }).observe(target);
  }

  show(draw: ((width: number) => Shape) | null): void {
    this.draw = draw;
    this.redraw();
  }

  private redraw(): void {
    this.width = Math.floor(this.target.clientWidth);
    if (!this.draw || this.width === 0) {
      if (!this.draw) this.target.replaceChildren();
      return;
    }
    const drawing = svgElement(this.draw(this.width));
    this.target.replaceChildren(drawing);
    this.onDrawn(drawing);
  }
}
