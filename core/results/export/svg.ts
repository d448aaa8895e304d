// SPDX-License-Identifier: MIT
import { syscallAbi } from '../../abi';
import type { Call, LoadSession } from '../../model';
import { addressPicture } from '../addresses';
import { drawAddresses } from '../draw/addresses';
import { shape, type Shape } from '../draw/shape';
import { drawTimeline } from '../draw/timeline';
import { timelineOf } from '../timeline';
import { markup } from './markup';
import { DRAWING_STYLE } from './style';

const TIMELINE_WIDTH = 1080;
const PICTURE_WIDTH = 560;

/** The timeline of a session as an SVG file; null when it has no call. */
export function timelineSvg(session: LoadSession): string | null {
  const timeline = timelineOf(session);
  return timeline && svgFile(drawTimeline(timeline, TIMELINE_WIDTH));
}

/** Where the pointers of a call lie, as an SVG file; null when it has none. */
export function addressesSvg(session: LoadSession, call: Call): string | null {
  const picture = addressPicture(call, session.host, syscallAbi(session.host.arch));
  return picture && svgFile(drawAddresses(picture, PICTURE_WIDTH));
}

/** A drawing that needs nothing beside it. */
function svgFile(drawing: Shape): string {
  const own = shape('svg', { xmlns: 'http://www.w3.org/2000/svg', ...drawing.attributes }, shape('style', {}, '@style@'), ...drawing.children);
  return `${markup(own).replace('@style@', DRAWING_STYLE)}\n`;
}
