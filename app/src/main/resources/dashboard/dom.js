// Elements. Text is always set as text: names and labels come from strangers.

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

export const byId = (id) => document.getElementById(id);

/** What is missing, and the command that brings it. */
export function empty(words, command, after = '') {
  return h('p', { class: 'empty' }, words, command ? ' ' : null, command ? h('code', {}, command) : null, after ? ' ' + after : null);
}

/** A table; a column is {title, number, text} and a row a list of texts or elements. */
export function table(columns, rows, caption) {
  const kind = (column) => (column.number ? 'n' : column.text ? 'text' : null);
  return h('table', {},
    caption ? h('caption', { class: 'hidden' }, caption) : null,
    h('thead', {}, h('tr', {}, columns.map((column) => h('th', { scope: 'col', class: kind(column) }, column.title)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, i) => h('td', { class: kind(columns[i]) }, cell))))));
}
