// Elements. Text is always set as text, never as HTML: names and labels are untrusted.

import { ago } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';

/** An element with properties or attributes, and children: elements, text, or nothing. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same of SVG. */
export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (name === 'data') {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts children in the place of those that are there. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/** How long ago a moment was, kept true once a second. */
export function since(millis) {
  return h('time', { datetime: new Date(millis).toISOString(), data: { since: millis } }, ago(millis));
}

setInterval(() => {
  for (const time of document.querySelectorAll('time[data-since]')) {
    const words = ago(Number(time.dataset.since));
    if (time.textContent !== words) {
      time.textContent = words;
    }
  }
}, 1000);

export const byId = (id) => document.getElementById(id);

/** Whether the run's past is still being read: then nothing is known to be missing. */
export const past = { reading: false };

/** What is missing, and the command that brings it. */
export function empty(words, command, after = '') {
  return past.reading
    ? h('p', { class: 'empty' }, 'Reading…')
    : h('p', { class: 'empty' }, words, command ? ' ' : null, command ? h('code', {}, command) : null, after ? ' ' + after : null);
}

/** A table that is scrolled where it is wider than its place; a column is {title, number, text} and a row a list of texts or elements. */
export function table(columns, rows, caption) {
  const kind = (column) => (column.number ? 'n' : column.text ? 'text' : null);
  const place = h('div', { class: 'scroll' }, h('table', {},
    h('caption', { class: 'hidden' }, caption),
    h('thead', {}, h('tr', {}, columns.map((column) => h('th', { scope: 'col', class: kind(column) }, column.title)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, i) => h('td', { class: kind(columns[i]) }, cell)))))));
  place.millraceCaption = caption;
  sizes.observe(place);
  return place;
}

/** A part that can be scrolled can be reached with the keyboard. */
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const cut = target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
    for (const [name, value] of [['tabindex', 0], ['role', 'region'], ['aria-label', target.millraceCaption]]) {
      if (cut) {
        target.setAttribute(name, value);
      } else {
        target.removeAttribute(name);
      }
    }
    if (!target.isConnected) {
      sizes.unobserve(target);
    }
  }
});
