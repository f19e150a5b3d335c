// Numbers and times as readable text.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const MINUS = '−';
const RAISED = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };

export const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

export function count(value) {
  return isNumber(value) ? whole.format(value) : '–';
}

/** Large counts short: 12.3 k, 4.56 M. */
export function short(value) {
  if (!isNumber(value)) {
    return '–';
  }
  const steps = [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']];
  for (const [size, unit] of steps) {
    if (Math.abs(value) >= size) {
      const scaled = value / (unit === 'k' ? 1e3 : size);
      return trimmed(scaled.toFixed(scaled >= 100 ? 0 : 1)) + ' ' + unit;
    }
  }
  return whole.format(value);
}

export function fixed(value, digits) {
  return isNumber(value) ? value.toFixed(digits).replace('-', MINUS) : '–';
}

export function percent(share, digits = 1) {
  return isNumber(share) ? fixed(100 * share, digits) + ' %' : '–';
}

/** Images a second: one decimal below ten. */
export function rate(value) {
  return fixed(value, value < 10 ? 1 : 0);
}

/** Whether the scores of two evaluations may be compared, by their held-out images: Evaluation.isComparable. */
export function comparable(score, other) {
  return Math.abs(score.testImages - other.testImages) <= 0.1 * Math.max(score.testImages, other.testImages);
}

/** A score beside the untrained encoder's; different only where that is more than chance. */
const BESIDE = { BELOW: ' below untrained', NO_DIFFERENT: ' no different from untrained', ABOVE: '' };

/** A probe's score: 41.3 % (34.9–48.0), and how it stands beside the untrained encoder's; older records have neither. */
export function accuracy(score) {
  const { interval } = score;
  const range = interval ? ` (${fixed(100 * interval.low, 1)}–${fixed(100 * interval.high, 1)})` : '';
  return percent(score.accuracy) + range + (BESIDE[score.besideUntrained] ?? '');
}

/** The same without zeros at the end, for axes and single figures. */
export const compact = (value) => trimmed(significant(value));

/** Three significant digits, small ones with a power of ten. */
export function significant(value) {
  if (!isNumber(value)) {
    return '–';
  }
  if (value === 0) {
    return '0';
  }
  const size = Math.abs(value);
  if (size >= 999.5 && size < 1e5) {
    return whole.format(value).replace('-', MINUS);
  }
  if (size >= 1e5 || size < 1e-3) {
    const [digits, power] = value.toExponential(1).split('e');
    return `${digits.replace('-', MINUS)}·10${[...power.replace('+', '')].map((sign) => RAISED[sign]).join('')}`;
  }
  return value.toPrecision(3).replace('-', MINUS);
}

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return value.toFixed(value < 10 && at > 0 ? 1 : 0) + ' ' + units[at];
}

export function clock(millis, withSeconds = false) {
  const date = new Date(millis);
  const sameDay = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString('en-GB', withSeconds ? {} : { hour: '2-digit', minute: '2-digit' });
  return sameDay ? time : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' }) + ' ' + time;
}

/** A length of time with two or three digits, in the unit that fits: 0.04 ms, 13.1 ms, 450 ms, 13.1 s, 5 min. */
export function duration(millis) {
  if (!isNumber(millis)) {
    return '–';
  }
  const size = Math.max(0, millis);
  if (size < 999.5) {
    return trimmed(size.toFixed(size < 0.995 ? 2 : size < 99.95 ? 1 : 0)) + ' ms';
  }
  const seconds = size / 1000;
  if (seconds < 89.5) {
    return trimmed(seconds.toFixed(1)) + ' s';
  }
  if (seconds < 5400) {
    return Math.round(seconds / 60) + ' min';
  }
  return seconds < 172800 ? Math.round(seconds / 3600) + ' h' : Math.round(seconds / 86400) + ' days';
}

/** A count with its noun in the number that it needs: 1 image, 2 images. */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** The same since a moment, in whole seconds at least. */
export function ago(millis) {
  const seconds = Math.round((Date.now() - millis) / 1000);
  return seconds < 1 ? 'just now' : duration(1000 * seconds) + ' ago';
}

function trimmed(text) {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
