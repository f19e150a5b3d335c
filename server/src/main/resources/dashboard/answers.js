// What an operator asks first: four questions, each with a sentence, a colour and a link to its evidence.

import { byId, h, put, since } from './dom.js';
import { isNumber } from './format.js';

const QUESTIONS = {
  LEARNING: 'Is it learning?',
  WORLD: 'Has the world changed?',
  MODEL: 'Has the model moved?',
  TROUBLE: 'Is anything wrong?',
};
const TONES = { GOOD: 'good', NOTE: 'note', WARN: 'warning', BAD: 'alarm', WAIT: 'not known' };

export function showAnswers({ answers = [] }) {
  put(byId('answers'), answers.map((answer) => h('li', { data: { tone: answer.tone.toLowerCase() } },
    h('a', { href: `#${answer.evidence}` },
      h('strong', {}, QUESTIONS[answer.question] ?? answer.question, h('span', { class: 'hidden' }, ` ${TONES[answer.tone] ?? ''}: `)),
      h('span', { class: 'words' }, answer.words, isNumber(answer.sinceMillis) ? [' Since ', since(answer.sinceMillis), '.'] : null)))));
}
