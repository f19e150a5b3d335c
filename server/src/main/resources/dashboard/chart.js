// Curves as SVG: styled by the sheet, sharp at any size, described to a screen reader in a sentence and a table.

import { h, s, put, table } from './dom.js';
import { count, short, clock, isNumber } from './format.js';

const LEFT = 40;
const RIGHT = 10;
const TOP = 20;
const BOTTOM = 33;
const DOT = 3;
const TABLE_ROWS = 40;

let clips = 0;

/**
 * The horizontal axis of every chart of steps: images seen, or time; the whole run's extent, the span of it that is shown (null: all of it),
 * and the encoders as marks, all in its unit.
 */
export const axis = { over: 'images', whole: null, span: null, marks: [] };

const charts = new Set();
const resized = new ResizeObserver((entries) => {
  for (const entry of entries) {
    entry.target.millraceChart?.draw();
  }
});

/**
 * A chart in a figure.
 *
 * options: title, plain (a title for screen readers only), height, format (of values), tick (of the axis, where shorter), up (title of the
 * vertical axis), series [{name, style, dots}], least and most (of the vertical axis), limit {value, text, show}, bars (one series, drawn
 * from the bottom up), own (its points are of other runs too, so it has a horizontal axis of its own).
 */
export class Chart {
  constructor(figure, options) {
    this.options = { height: 150, ...options };
    this.caption = h('figcaption');
    this.svg = s('svg', { class: 'chart', role: 'img', tabindex: 0, height: this.options.height });
    this.body = h('div', { class: 'as-table', hidden: true, tabindex: 0, role: 'region', 'aria-label': options.title + ', as a table' });
    this.button = h('button', { type: 'button', class: 'to-table', title: 'as a table', 'aria-expanded': 'false', onclick: () => this.toggle() }, h('span', { class: 'hidden' }, `${options.title} as a table`));
    this.plot = h('div', { class: 'plot' }, this.svg, this.button);
    this.blank = h('div');
    put(figure, this.caption, this.plot, this.blank, this.body);
    this.svg.millraceChart = this;
    this.rows = [];
    this.at = null;
    this.clip = `clip-${clips++}`;
    this.svg.addEventListener('pointermove', (event) => this.point(event.offsetX));
    this.svg.addEventListener('pointerleave', () => this.choose(null));
    this.svg.addEventListener('blur', () => this.choose(null));
    this.svg.addEventListener('keydown', (event) => this.key(event));
    resized.observe(this.svg);
    charts.add(this);
  }

  /** rows: [{x, values: [one for each series], label, tone, marks: [of each series, whether it is marked]}]; empty: an element to show where there are none. */
  show(rows, kind, empty) {
    this.rows = rows.filter((row) => isNumber(row.x)).sort((a, b) => a.x - b.x);
    rows = this.rows;
    this.kind = kind;
    this.at = null;
    const any = rows.length > 0;
    this.plot.hidden = !any;
    this.body.hidden = this.body.hidden || !any;
    put(this.blank, any ? null : empty);
    this.drawCaption(any ? rows[rows.length - 1] : null);
    this.draw();
    this.drawTable();
  }

  draw() {
    const width = this.svg.clientWidth;
    if (!width || this.rows.length === 0) {
      return;
    }
    const { height, limit } = this.options;
    const format = this.options.tick ?? this.options.format;
    const scale = this.scales(width, height);
    const parts = [];
    for (const tick of scale.yTicks) {
      parts.push(s('line', { class: tick === scale.low ? 'base' : 'rule', x1: LEFT, x2: width - RIGHT, y1: scale.y(tick), y2: scale.y(tick) }));
      parts.push(s('text', { x: LEFT - 7, y: scale.y(tick) + 3.5, 'text-anchor': 'end' }, format(tick)));
    }
    scale.xTicks.forEach((tick, i) => {
      const anchor = i === 0 && scale.x(tick) < LEFT + 14 ? 'start' : scale.x(tick) > width - RIGHT - 18 ? 'end' : 'middle';
      parts.push(s('text', { x: scale.x(tick), y: height - BOTTOM + 14, 'text-anchor': anchor }, this.across(tick)));
    });
    parts.push(s('text', { class: 'axis', x: 0, y: 10 }, this.options.up));
    parts.push(s('text', { class: 'axis', x: width - RIGHT, y: height - 3, 'text-anchor': 'end' }, this.kind === 'time' ? 'time' : 'images seen'));
    const shape = this.options.bars ? this.bars(scale, width) : this.options.series.map((series, i) => this.line(series, i, scale));
    parts.push(
      s('clipPath', { id: this.clip }, s('rect', { x: LEFT - DOT - 1, y: TOP - DOT - 1, width: width - LEFT - RIGHT + 2 * (DOT + 1), height: height - TOP - BOTTOM + 2 * (DOT + 1) })),
      s('g', { 'clip-path': `url(#${this.clip})` }, shape));
    parts.push(...this.marks(scale, height));
    if (limit && limit.value <= scale.high) {
      parts.push(s('line', { class: 'limit', x1: LEFT, x2: width - RIGHT, y1: scale.y(limit.value), y2: scale.y(limit.value) }));
      parts.push(!limit.text ? null : s('text', { class: 'limit-text', x: width - RIGHT, y: scale.y(limit.value) - 4, 'text-anchor': 'end' }, limit.text));
    }
    this.cursor = s('line', { class: 'cursor', y1: TOP, y2: height - BOTTOM, visibility: 'hidden' });
    put(this.svg, parts.filter(Boolean), this.cursor);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.setAttribute('aria-label', this.sentence());
    this.scale = scale;
    this.drawCursor();
  }

  scales(width, height) {
    const [left, right] = this.extent();
    const inside = this.rows.filter((row) => row.x >= left && row.x <= right);
    const values = (inside.length ? inside : this.rows).flatMap((row) => row.values).filter(isNumber);
    const { least, most, limit } = this.options;
    let low = least ?? Math.min(...values);
    let high = most ?? Math.max(...values, limit?.show ? limit.value : -Infinity);
    if (!(high > low)) {
      const spread = Math.abs(low) * 0.05 || 1;
      [low, high] = [least ?? low - spread, high + spread];
    }
    const yTicks = ticks(low, high, Math.max(2, Math.round((height - TOP - BOTTOM) / 36)));
    if (least === undefined) {
      low = Math.min(low, yTicks[0]);
    }
    high = most ?? Math.max(high, yTicks[yTicks.length - 1]);
    return {
      low,
      high,
      yTicks: yTicks.filter((tick) => tick >= low && tick <= high + 1e-12),
      xTicks: this.rows.length === 1 && (!axis.whole || this.isApart()) ? [left] : xTicks(left, right, Math.max(2, Math.floor((width - LEFT) / 76)), this.kind),
      x: (value) => LEFT + ((value - left) / (right - left)) * (width - LEFT - RIGHT),
      y: (value) => TOP + (1 - (value - low) / (high - low)) * (height - TOP - BOTTOM),
    };
  }

  /** From where to where: the common span of the charts of this axis; of others that of their own points. */
  extent() {
    const shared = this.kind === axis.over && !this.isApart() ? axis.span ?? axis.whole : null;
    const [left, right] = shared ?? [this.rows[0].x, this.rows[this.rows.length - 1].x];
    return right > left ? [left, right] : [left, left + 1];
  }

  /** Whether the run's axis is not this chart's. */
  isApart() {
    return this.options.bars || this.options.own;
  }

  /** Encoders, as ticks on the base line. */
  marks(scale, height) {
    const [left, right] = this.extent();
    return this.kind !== axis.over || this.isApart() ? [] : axis.marks.filter((mark) => mark.x >= left && mark.x <= right).map((mark) =>
      s('line', { class: 'encoder', x1: scale.x(mark.x), x2: scale.x(mark.x), y1: height - BOTTOM, y2: height - BOTTOM + 4 }, s('title', {}, `encoder ${mark.version}`)));
  }

  line(series, index, scale) {
    let path = '';
    let pen = 'M';
    for (const row of this.rows) {
      const value = row.values[index];
      if (isNumber(value)) {
        path += `${pen}${scale.x(row.x).toFixed(1)} ${scale.y(Math.max(scale.low, Math.min(scale.high, value))).toFixed(1)}`;
        pen = 'L';
      }
    }
    const parts = path ? [s('path', { class: `line ${series.style}`, d: path })] : [];
    const few = this.rows.length <= 40;
    for (const row of this.rows) {
      const marked = row.marks?.[index];
      if (isNumber(row.values[index]) && (marked || (series.dots && few))) {
        parts.push(s('circle', { class: marked ? 'dot marked' : `dot ${series.style}`, cx: scale.x(row.x), cy: scale.y(row.values[index]), r: marked ? DOT : 2.6 }));
      }
    }
    return parts;
  }

  bars(scale, width) {
    const each = Math.max(1, Math.min(14, (width - LEFT - RIGHT) / Math.max(1, this.rows.length) - 1));
    return this.rows.map((row) => {
      const value = row.values[0];
      const top = isNumber(value) ? scale.y(Math.min(value, scale.high)) : scale.y(scale.low) - 3;
      const x = Math.max(LEFT, Math.min(width - RIGHT - each, scale.x(row.x) - each / 2));
      return s('rect', { class: `bar-${row.tone}`, x, y: top, width: each, height: Math.max(1, scale.y(scale.low) - top), rx: Math.min(1.5, each / 3) });
    });
  }

  point(offset) {
    if (!this.scale || this.rows.length === 0) {
      return;
    }
    const [left, right] = this.extent();
    const away = (row) => Math.abs(this.scale.x(row.x) - offset);
    let best = null;
    this.rows.forEach((row, i) => {
      if (row.x >= left && row.x <= right && (best === null || away(row) < away(this.rows[best]))) {
        best = i;
      }
    });
    this.choose(best);
  }

  key(event) {
    const last = this.rows.length - 1;
    const now = this.at ?? last;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (next !== undefined && last >= 0) {
      event.preventDefault();
      this.choose(Math.max(0, Math.min(last, next)));
    }
  }

  choose(index) {
    this.at = index;
    this.drawCaption(index === null ? this.rows[this.rows.length - 1] : this.rows[index], index !== null);
    this.drawCursor();
  }

  drawCursor() {
    if (!this.cursor) {
      return;
    }
    const shown = this.at !== null && this.rows[this.at];
    this.cursor.setAttribute('visibility', shown ? 'visible' : 'hidden');
    if (shown) {
      const x = Math.round(this.scale.x(this.rows[this.at].x));
      this.cursor.setAttribute('x1', x);
      this.cursor.setAttribute('x2', x);
    }
  }

  /** The title, and each series with its value: the newest, or the one under the cursor. */
  drawCaption(row, pointed = false) {
    const where = row && pointed ? h('span', { class: 'key' }, row.label ?? this.across(row.x, true)) : null;
    const keys = this.options.series.map((series, i) => h('span', { class: 'key' },
      this.options.bars ? null : s('svg', { width: 16, height: 4, 'aria-hidden': 'true' }, s('line', { class: `line ${series.style}`, x1: 1, x2: 15, y1: 2, y2: 2 })),
      series.name ? series.name + ' ' : null,
      row ? h('b', {}, this.options.format(pointed ? row.values[i] : this.end(i, row))) : null));
    put(this.caption, h('span', { class: this.options.plain ? 'title hidden' : 'title' }, this.options.title), where, keys);
  }

  /** The value of a series in the first or last row; where the rows are of several runs, that of its own first or last. */
  end(index, row) {
    if (!this.options.own) {
      return row.values[index];
    }
    const values = this.rows.map((each) => each.values[index]).filter(isNumber);
    return values[row === this.rows[0] ? 0 : values.length - 1];
  }

  toggle() {
    this.body.hidden = !this.body.hidden;
    this.button.setAttribute('aria-expanded', String(!this.body.hidden));
    this.drawTable();
  }

  drawTable() {
    if (this.body.hidden || this.rows.length === 0) {
      return;
    }
    const every = Math.ceil(this.rows.length / TABLE_ROWS);
    const rows = this.rows.filter((row, i) => i % every === 0 || i === this.rows.length - 1);
    put(this.body, table(
      [{ title: this.kind === 'time' ? 'time' : 'images seen' }, ...this.options.series.map((series) => ({ title: series.name || this.options.title, number: true }))],
      rows.map((row) => [row.label ?? this.across(row.x, true), ...row.values.map((value) => this.options.format(value))]),
      this.options.title));
  }

  sentence() {
    const [first, last] = [this.rows[0], this.rows[this.rows.length - 1]];
    const parts = this.options.series.map((series, i) =>
      `${series.name || this.options.title}: first ${this.options.format(this.end(i, first))}, now ${this.options.format(this.end(i, last))}`);
    return `${this.options.title}. ${parts.join('; ')}. Arrow keys read single points.`;
  }

  across(value, exact = false) {
    return this.kind === 'time' ? clock(value, exact) : exact ? count(value) + ' images' : short(value);
  }
}

function ticks(low, high, wanted) {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? 10 * power;
  const found = [];
  for (let tick = Math.floor(low / step + 1e-9) * step; tick <= high + step * 0.999; tick += step) {
    found.push(Math.abs(tick) < step * 1e-9 ? 0 : Number(tick.toPrecision(12)));
    if (tick >= high - step * 1e-9) {
      break;
    }
  }
  return found;
}

function xTicks(left, right, wanted, kind) {
  if (kind !== 'time') {
    return ticks(left, right, wanted).filter((tick) => tick >= left && tick <= right);
  }
  const steps = [10e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3, 7200e3, 21600e3, 43200e3, 86400e3, 604800e3];
  const step = steps.find((size) => (right - left) / size <= wanted) ?? steps[steps.length - 1] * Math.ceil((right - left) / steps[steps.length - 1] / wanted);
  const offset = new Date(left).getTimezoneOffset() * 60e3;
  const found = [];
  for (let tick = Math.ceil((left - offset) / step) * step + offset; tick <= right; tick += step) {
    found.push(tick);
  }
  return found.length ? found : [left];
}
