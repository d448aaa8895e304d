// SPDX-License-Identifier: MIT
import type { AddressPicture, PictureArea, PicturePointer } from '../types';
import { shape, type Shape } from './shape';

const BAND = 30;
/** The lowest band has room for the limit's name beside its upper border. */
const LOWEST_BAND = 46;
const POINTER = 34;
const CHAR = 6.9;

/**
 * Draws an address space with high addresses on top, as kernel developers do, and the pointers in it. The bands are
 * symbols of one height; the areas' real sizes differ by powers of two.
 */
export function drawAddresses(picture: AddressPicture, width: number): Shape {
  const areas = picture.areas.toReversed();
  const bandLeft = Math.min(148, width * 0.36);
  const bandRight = Math.max(bandLeft + 60, Math.min(bandLeft + 190, width * 0.62));
  let y = 4;
  const parts: Shape[] = [];
  areas.forEach((area, index) => {
    const height = Math.max(index === areas.length - 1 ? LOWEST_BAND : BAND, area.pointers.length * POINTER + 6);
    parts.push(...drawArea(area, { y, height, bandLeft, bandRight, width }));
    y += height;
    if (areas[index + 1]?.side === 'user') parts.push(...drawLimit(picture.limit, y, bandLeft, bandRight));
  });
  const height = y + 6;
  return shape('svg', { class: 'addresses', viewBox: `0 0 ${Math.round(width)} ${height}`, width, height, role: 'img', 'aria-label': `Address space: ${picture.text}` }, ...parts);
}

interface Place {
  readonly y: number;
  readonly height: number;
  readonly bandLeft: number;
  readonly bandRight: number;
  readonly width: number;
}

function drawArea(area: PictureArea, { y, height, bandLeft, bandRight, width }: Place): Shape[] {
  const middle = (bandLeft + bandRight) / 2;
  const hasPointer = area.pointers.length > 0;
  return [
    shape('rect', { class: `area ${area.side}${hasPointer ? ' holds' : ''}`, x: bandLeft, y, width: bandRight - bandLeft, height }),
    shape('text', { class: 'area-name', x: middle, y: y + height / 2 + 4, 'text-anchor': 'middle' }, clip(area.label.split(':')[0] ?? '', bandRight - bandLeft - 10)),
    area.from === null || area.side === 'user' ? null : shape('text', { class: 'border', x: bandLeft - 8, y: y + height - 3, 'text-anchor': 'end' }, clip(area.from, bandLeft - 8)),
    ...area.pointers.flatMap((pointer, index) => drawPointer(pointer, area.pointers.length, index, { y, height, bandLeft, bandRight, width })),
  ].filter((part) => part !== null);
}

/** An arrow from the pointer's name to its place in the band; in the middle of it where the borders are not known. */
function drawPointer(pointer: PicturePointer, count: number, index: number, { y, height, bandRight, width }: Place): Shape[] {
  const at = count === 1 && pointer.at !== null ? y + 5 + (1 - pointer.at) * (height - 10) : y + ((index + 0.5) * height) / count;
  const textY = count === 1 ? y + height / 2 : at;
  const left = bandRight + 26;
  const size = pointer.size === null ? '' : `, ${pointer.size}`;
  return [
    shape('path', { class: `arrow${pointer.wrong ? ' wrong' : ''}`, d: `M${round(left - 6)} ${round(textY)}L${round(bandRight + 2)} ${round(at)}m7 -4.5l-7 4.5l7 4.5` }),
    shape('text', { class: `pointer${pointer.wrong ? ' wrong' : ''}`, x: left, y: textY - 3 }, clip(`${pointer.name}${size}`, width - left)),
    shape('text', { class: 'pointer-address', x: left, y: textY + 11 }, clip(pointer.address, width - left)),
  ];
}

function drawLimit(limit: string, y: number, bandLeft: number, bandRight: number): Shape[] {
  return [
    shape('line', { class: 'limit', x1: bandLeft - 6, x2: bandRight + 6, y1: y, y2: y }),
    shape('text', { class: 'limit-name', x: bandLeft - 8, y: y + 13, 'text-anchor': 'end' }, clip('access_ok() limit', bandLeft - 8)),
    shape('text', { class: 'border', x: bandLeft - 8, y: y + 26, 'text-anchor': 'end' }, clip(limit.split(' ')[0] ?? '', bandLeft - 8)),
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function clip(text: string, width: number): string {
  const chars = Math.floor(width / CHAR);
  return text.length <= chars ? text : chars < 3 ? '' : `${text.slice(0, chars - 1)}…`;
}
